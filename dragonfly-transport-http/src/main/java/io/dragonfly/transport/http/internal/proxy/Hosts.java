package io.dragonfly.transport.http.internal.proxy;

import io.dragonfly.spi.Requester;
import io.dragonfly.task.ImageName;
import io.dragonfly.task.Trust;
import io.dragonfly.transport.http.proxy.ProxyConfig;
import io.dragonfly.transport.http.proxy.Upstream;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.Map;
import java.util.stream.Stream;
import okhttp3.HttpUrl;

/** What the settings say about hosts: their scheme and which certificates they have. */
final class Hosts {
  private final ProxyConfig config;

  Hosts(ProxyConfig config) {
    this.config = config;
  }

  /** Returns where a registry is: the same for all names of Docker Hub. */
  static String origin(URI registry) {
    String authority = ImageName.registryOf(registry.getRawAuthority());
    return isDockerHub(authority)
        ? "https://" + authority
        : registry.getScheme() + "://" + authority;
  }

  /**
   * Returns where a registry is that is named without a scheme: as it is configured, by http if it
   * is listed so or is on this machine, which is what engines do, and else by https. Docker Hub is
   * the registry of the settings: BuildKit names it where docker, with the same mirror, does not.
   */
  String originOf(String authority) {
    String host = ImageName.registryOf(authority);
    if (isDockerHub(host)) {
      return isUpstream(host) ? "https://" + host : origin(config.registry());
    }
    for (Upstream upstream : config.upstreams()) {
      if (upstream.url().getRawAuthority().equals(host)) {
        return origin(upstream.url());
      }
    }
    if (config.registry().getRawAuthority().equals(host)) {
      return origin(config.registry());
    }
    boolean plain =
        config.plainHttp().contains(host)
            || config.plainHttp().contains(withoutPort(host))
            || (isLocal(withoutPort(host)) && !config.trusts().containsKey(host));
    return (plain ? "http://" : "https://") + host;
  }

  private boolean isUpstream(String host) {
    return config.upstreams().stream()
        .anyMatch(one -> ImageName.registryOf(one.url().getRawAuthority()).equals(host));
  }

  /** Tells whether a URL is one of a registry of the settings, whichever way it was named. */
  boolean isConfigured(HttpUrl url) {
    String origin = Target.origin(url);
    return Stream.concat(
            Stream.of(config.registry()), config.upstreams().stream().map(Upstream::url))
        .map(registry -> Target.origin(HttpUrl.get(origin(registry))))
        .anyMatch(origin::equals);
  }

  /**
   * Returns for whom a URL is read: for this process itself, which may reach every address, if it
   * is one of the settings or the client is on this machine, and else for the client.
   */
  Requester readFor(HttpUrl url, Requester client) {
    return client == Requester.THIS_MACHINE || isConfigured(url) ? Requester.THIS_PROCESS : client;
  }

  /** Tells whether a Host header names this machine, or is one of the names of the settings. */
  boolean isOwnName(String header) {
    return Authority.parse(header, 80)
        .filter(
            named ->
                isLocal(named.urlHost())
                    || config.allowedHosts().contains(named.urlHost())
                    || config.allowedHosts().contains(named.toString()))
        .isPresent();
  }

  private static boolean isDockerHub(String registry) {
    return registry.equals(ImageName.registryOf("docker.io"));
  }

  private static boolean isLocal(String host) {
    return host.equals("localhost")
        || host.matches("127\\.\\d+\\.\\d+\\.\\d+")
        || (host.startsWith("[") && isLoopback(host.substring(1, host.length() - 1)));
  }

  /** An IPv6 address can be written in many ways. */
  private static boolean isLoopback(String ip) {
    byte[] bytes = NetUtil.createByteArrayFromIpAddressString(ip);
    try {
      return bytes != null && InetAddress.getByAddress(bytes).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }

  /** Returns which certificates a host must have. */
  Trust trust(String host, int port) {
    Map<String, Trust> trusts = config.trusts();
    String name = host.contains(":") ? "[" + host + "]" : host;
    Trust one = trusts.get(name + ":" + port);
    return one != null ? one : trusts.getOrDefault(name, Trust.PLATFORM);
  }

  static String withoutPort(String authority) {
    return authority.replaceFirst(":\\d+$", "");
  }
}

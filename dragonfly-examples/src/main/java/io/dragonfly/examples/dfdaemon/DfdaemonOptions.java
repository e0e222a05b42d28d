package io.dragonfly.examples.dfdaemon;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dragonfly.ClientConfig;
import io.dragonfly.examples.command.Addresses;
import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.command.PeerOptions;
import io.dragonfly.examples.command.TrustedProxyOptions;
import io.dragonfly.examples.command.Units;
import io.dragonfly.examples.command.WhyNot;
import io.dragonfly.examples.command.ZoneOption;
import io.dragonfly.examples.dfget.PeerSettings;
import io.dragonfly.examples.thin.DataDirectoryFinder;
import io.dragonfly.transport.http.proxy.ProxyConfig;
import io.dragonfly.transport.http.proxy.ProxyRule;
import io.dragonfly.transport.http.proxy.Upstream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The settings of a dfdaemon: those of its proxy, and those of the peer that it is. */
final class DfdaemonOptions {
  /** No command line has one: lists come from configuration files. */
  private static final String LIST = "\u0000";

  private static final int MOST_LOGIN_BYTES = 1 << 20;

  /** As with Dragonfly 1's dfdaemon: the layers of one image are often those of the next. */
  private static final Duration EXPIRE_TIME = Duration.ofHours(1);

  @Option(
      names = "--registry",
      defaultValue = "https://index.docker.io",
      paramLabel = "URL",
      converter = ProxyConverters.Registry.class,
      description =
          "Registry that is mirrored where a request names no other. Default: ${DEFAULT-VALUE}.")
  private @Nullable URI registry;

  @Option(
      names = "--upstream",
      split = LIST,
      hideParamSyntax = true,
      paramLabel = "NAME[:PORT]=URL",
      converter = ProxyConverters.Mirrored.class,
      description =
          "Registry that is mirrored under /v2/NAME/, and on a port of its own if one is given. May"
              + " be given many times.")
  private List<Upstream> upstreams = new ArrayList<>();

  @Option(
      names = "--host-ip",
      paramLabel = "I",
      converter = Addresses.IpConverter.class,
      description =
          "Address to listen on. Default: 127.0.0.1, or ::1 where there is none, this machine"
              + " alone.")
  private @Nullable InetAddress hostIp;

  @Option(
      names = "--port",
      defaultValue = "65001",
      paramLabel = "P",
      converter = Addresses.PortConverter.class,
      description = "Port to listen on; 0 takes a free one. Default: ${DEFAULT-VALUE}.")
  private int port;

  @Option(
      names = "--allowed-host",
      split = LIST,
      hideParamSyntax = true,
      paramLabel = "NAME",
      description =
          "Name by which clients may address dfdaemon, in addition to localhost and addresses. May"
              + " be given many times.")
  private List<String> allowedHosts = new ArrayList<>();

  @Option(
      names = "--rule",
      split = LIST,
      hideParamSyntax = true,
      paramLabel = "REGEX=WAY",
      converter = ProxyConverters.Rule.class,
      description =
          "Way of the URLs in which REGEX is found: p2p, direct, blocked, or p2p-https and"
              + " direct-https, which ask by https. The first that fits holds; else image blobs by"
              + " digest go p2p, all else direct. May be given many times.")
  private List<ProxyRule> rules = new ArrayList<>();

  @Option(
      names = "--intercept",
      split = LIST,
      hideParamSyntax = true,
      paramLabel = "REGEX",
      converter = ProxyConverters.Regex.class,
      description =
          "Hosts whose TLS is intercepted in proxy mode: REGEX fits the whole HOST or the whole"
              + " HOST:PORT. Clients must trust 'dfdaemon ca'. Default: none. May be given many"
              + " times.")
  private List<Pattern> intercepted = new ArrayList<>();

  @Mixin private TrustedProxyOptions proxies = new TrustedProxyOptions();
  @Mixin private RegistryTrustOptions trust = new RegistryTrustOptions();

  @Option(
      names = "--docker-config",
      paramLabel = "FILE",
      description =
          "docker's config.json with the logins for clients that bring none. Default: no logins.")
  private @Nullable String dockerConfig;

  @Option(
      names = {"--node", "-n"},
      split = ",",
      paramLabel = "HOST:PORT",
      converter = Addresses.NodeConverter.class,
      description =
          "Supernodes; port 8002 unless given. Without any, registries are read directly.")
  private List<Addresses.Node> nodes = new ArrayList<>();

  @Option(
      names = "--home",
      paramLabel = "D",
      description = "Directory for pieces. Default: that of a dfget of the same user.")
  private @Nullable String home;

  @Option(
      names = "--ip",
      paramLabel = "I",
      converter = Addresses.IpConverter.class,
      description =
          "Address to serve peers and call from. Default: the one that reaches the supernode.")
  private @Nullable InetAddress ip;

  @Option(
      names = "--peer-port",
      defaultValue = "0",
      paramLabel = "P",
      converter = Addresses.PortConverter.class,
      description = "Port to serve peers on. Default: a free one.")
  private int peerPort;

  @Mixin private ZoneOption zone = new ZoneOption();

  @Option(
      names = "--totallimit",
      paramLabel = "RATE",
      converter = Units.LimitConverter.class,
      description = "Bytes per second of this host in each direction. Default: no limit.")
  private Units.Limit totalLimit = Units.Limit.NONE;

  @Option(
      names = "--expiretime",
      paramLabel = "TIME",
      converter = Units.TimeConverter.class,
      description = "How long a finished file is kept that nobody uses; 0 for ever. Default: 1h.")
  private @Nullable Duration expireTime;

  @Option(
      names = "--offline-ttl",
      defaultValue = "1h",
      paramLabel = "TIME",
      converter = Units.TimeConverter.class,
      description =
          "How long what a registry gave without a login is given while it cannot be reached: its"
              + " blobs and manifests by digest. 0 is never. Default: ${DEFAULT-VALUE}.")
  private Duration offlineTtl = Duration.ofHours(1);

  @Option(
      names = "--drain",
      defaultValue = "30s",
      paramLabel = "TIME",
      converter = Units.TimeConverter.class,
      description =
          "How long running answers may go on after dfdaemon is told to end; 0 cuts them off."
              + " Default: ${DEFAULT-VALUE}.")
  private Duration drain = Duration.ofSeconds(30);

  @Mixin private PeerOptions peer = new PeerOptions();

  /** Returns where to listen. */
  InetSocketAddress listen() {
    return new InetSocketAddress(hostIp == null ? InetAddress.getLoopbackAddress() : hostIp, port);
  }

  /** Returns how long running answers may go on at the end. */
  Duration drain() {
    return drain;
  }

  /** Returns the home: that of a dfget of this user, if none was said. */
  Path home(Call call) {
    return home(call, Optional.empty());
  }

  /**
   * The same, where a command has its own word for it.
   *
   * @param said what was said there, if anything
   */
  Path home(Call call, Optional<String> said) {
    String name = said.orElse(home);
    if (name != null) {
      if (name.isEmpty()) {
        throw new IllegalArgumentException(
            "--home is empty: name a directory, or leave it out for that of the user's peer");
      }
      return call.directory().resolve(name);
    }
    return DataDirectoryFinder.byDefault().toPath();
  }

  /**
   * Returns the settings of the peer.
   *
   * @param more adds what no option says
   */
  PeerSettings toPeerSettings(Call call, Consumer<ClientConfig.Builder> more) {
    ClientConfig.Builder builder =
        ClientConfig.builder()
            .shareHostLimit(true)
            .home(home(call))
            .port(peerPort)
            .zone(zone.zone())
            .offlineTtl(offlineTtl)
            .supernodes(Addresses.inOrder(nodes));
    totalLimit.rate().ifPresent(builder::totalRate);
    if (ip != null) {
      builder.ip(ip);
    }
    peer.giveTo(call.directory(), builder);
    more.accept(builder);
    return new PeerSettings(
        builder.build(),
        Optional.of(Duration.ZERO),
        Optional.of(expireTime == null ? EXPIRE_TIME : expireTime));
  }

  private static void allow(ProxyConfig.Builder builder, String name) {
    try {
      builder.allowedHost(name);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("--allowed-host: " + e.getMessage(), e);
    }
  }

  /** It is read again later; that it never was there is a mistake. */
  private static Path readable(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      if (!new ObjectMapper().readTree(in.readNBytes(MOST_LOGIN_BYTES)).isObject()) {
        throw new IllegalArgumentException(
            "--docker-config: %s is not docker's config.json, a JSON object".formatted(file));
      }
      return file;
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "--docker-config: %s is not docker's config.json: line %d is no JSON"
              .formatted(file, e.getLocation() == null ? 1 : e.getLocation().getLineNr()),
          e);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "--docker-config: %s cannot be read: %s".formatted(file, WhyNot.of(e)), e);
    }
  }

  /**
   * Returns the settings of the proxy.
   *
   * @throws IllegalArgumentException if one is not allowed; the message names it
   */
  ProxyConfig toProxyConfig(Call call, Supplier<String> metricsPage) {
    ProxyConfig.Builder builder =
        ProxyConfig.builder()
            .listen(listen())
            .metricsPage(metricsPage)
            .offlineTtl(offlineTtl)
            .caFile(DfdaemonMain.caFile(home(call)));
    if (registry != null) {
      builder.registry(registry);
    }
    upstreams.forEach(builder::upstream);
    rules.forEach(builder::rule);
    intercepted.forEach(builder::intercept);
    for (String name : allowedHosts) {
      allow(builder, name);
    }
    proxies.giveTo(builder::trustedProxy);
    trust.addTo(builder, call);
    if (dockerConfig != null) {
      builder.dockerConfig(readable(call.directory().resolve(dockerConfig)));
    }
    return builder.build();
  }
}

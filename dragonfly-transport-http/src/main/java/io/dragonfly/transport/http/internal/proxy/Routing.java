package io.dragonfly.transport.http.internal.proxy;

import io.dragonfly.spi.Requester;
import io.dragonfly.transport.http.proxy.ProxyConfig;
import io.dragonfly.transport.http.proxy.ProxyRule;
import io.dragonfly.transport.http.proxy.ProxyRule.Way;
import io.dragonfly.transport.http.proxy.Upstream;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import okhttp3.HttpUrl;

/** Says where a request goes and which way. Immutable. */
final class Routing {
  /** Whoever sends these wants something else than the content as it is. */
  private static final List<String> CONDITIONS =
      List.of("if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since");

  private final ProxyConfig config;
  private final Hosts hosts;

  Routing(ProxyConfig config, Hosts hosts) {
    this.config = config;
    this.hosts = hosts;
  }

  /**
   * Returns where a request goes.
   *
   * @param uri what stands in its first line
   * @throws ProxyRefusal if that is nothing to go to
   */
  Target target(String uri, HttpHeaders headers, RequestOrigin arrival) throws ProxyRefusal {
    String start = uri.length() < 8 ? "" : uri.substring(0, 8).toLowerCase(Locale.ROOT);
    if (arrival.intercepted().isPresent()) {
      Authority tunnel = arrival.intercepted().get();
      checkHost(headers, tunnel);
      return proxied("https://" + tunnel + requireOriginForm(uri), arrival);
    }
    if (start.startsWith("http://") || start.equals("https://")) {
      return proxied(uri, arrival);
    }
    return mirrored(requireOriginForm(uri), arrival);
  }

  private static String requireOriginForm(String uri) throws ProxyRefusal {
    if (!uri.startsWith("/")) {
      throw ProxyRefusal.badRequest("a request names a path, or a URL that begins with http://");
    }
    return uri;
  }

  /** A certificate was shown for the host of the tunnel: it is not for asking another one. */
  private static void checkHost(HttpHeaders headers, Authority tunnel) throws ProxyRefusal {
    String host = headers.get("Host", "");
    if (!Authority.parse(host, 443).equals(Optional.of(tunnel))) {
      throw new ProxyRefusal(
          HttpResponseStatus.MISDIRECTED_REQUEST,
          "the tunnel leads to %s, but the request is for another host".formatted(tunnel));
    }
  }

  private Target proxied(String text, RequestOrigin arrival) throws ProxyRefusal {
    HttpUrl url = HttpUrl.parse(text);
    if (url == null) {
      throw ProxyRefusal.badRequest("this is no http or https URL");
    }
    HttpUrl bare = url.newBuilder().username("").password("").fragment(null).build();
    return target(bare, Optional.empty(), hosts.readFor(bare, arrival.requester()));
  }

  private Target mirrored(String uri, RequestOrigin arrival) throws ProxyRefusal {
    int queryStart = uri.indexOf('?');
    String path = queryStart < 0 ? uri : uri.substring(0, queryStart);
    String query = queryStart < 0 ? "" : uri.substring(queryStart);
    if (arrival.upstream().isPresent()) {
      return registry(Hosts.origin(arrival.upstream().get().url()), uri, mirror(""));
    }
    Optional<String> namespace = namespace(query);
    if (namespace.isPresent()) {
      String name = namespace.get();
      if (Authority.parse(name, 443).isEmpty()) {
        throw ProxyRefusal.badRequest("ns= names no HOST or HOST:PORT");
      }
      HttpUrl url = parse(hosts.originOf(name) + path + without(query));
      Target.Mirror mirror = new Target.Mirror("", namespace);
      return target(url, Optional.of(mirror), hosts.readFor(url, arrival.requester()));
    }
    for (Upstream upstream : config.upstreams()) {
      String prefix = "/" + upstream.name();
      if (path.equals("/v2" + prefix) || path.startsWith("/v2" + prefix + "/")) {
        String rest = path.substring("/v2".length() + prefix.length());
        String below = "/v2" + (rest.isEmpty() ? "/" : rest) + query;
        return registry(Hosts.origin(upstream.url()), below, mirror(prefix));
      }
    }
    return registry(Hosts.origin(config.registry()), uri, mirror(""));
  }

  private static Target.Mirror mirror(String prefix) {
    return new Target.Mirror(prefix, Optional.empty());
  }

  /** A registry that was configured may be anywhere. */
  private Target registry(String origin, String uri, Target.Mirror mirror) throws ProxyRefusal {
    return target(parse(origin + uri), Optional.of(mirror), Requester.THIS_PROCESS);
  }

  private static HttpUrl parse(String text) throws ProxyRefusal {
    HttpUrl url = HttpUrl.parse(text);
    if (url == null) {
      throw ProxyRefusal.badRequest("this path makes no URL at the registry");
    }
    return url;
  }

  private Target target(HttpUrl url, Optional<Target.Mirror> mirror, Requester requester) {
    return new Target(url, hosts.trust(url.host(), url.port()), mirror, requester);
  }

  private static Optional<String> namespace(String query) throws ProxyRefusal {
    for (String parameter : parameters(query)) {
      if (parameter.startsWith("ns=")) {
        try {
          return Optional.of(URLDecoder.decode(parameter.substring(3), StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
          throw ProxyRefusal.badRequest("ns= is not encoded as a part of a URL");
        }
      }
    }
    return Optional.empty();
  }

  private static String without(String query) {
    List<String> rest = new ArrayList<>(parameters(query));
    rest.removeIf(parameter -> parameter.startsWith("ns="));
    return rest.isEmpty() ? "" : "?" + String.join("&", rest);
  }

  private static List<String> parameters(String query) {
    return query.length() < 2 ? List.of() : List.of(query.substring(1).split("&", -1));
  }

  /**
   * A decision.
   *
   * @param way the way
   * @param target where it leads, which a rule may have changed to https
   */
  record Decision(Way way, Target target) {}

  /** Returns the way of a request. Only GETs of a content as it is take the swarm. */
  Decision decide(String method, HttpHeaders headers, Target target) {
    Optional<ProxyRule> rule =
        config.rules().stream()
            .filter(one -> one.url().matcher(target.url().toString()).find())
            .findFirst();
    Target there = rule.isPresent() && rule.get().https() ? byHttps(target) : target;
    Way way = rule.map(ProxyRule::way).orElse(target.digest().isPresent() ? Way.P2P : Way.DIRECT);
    boolean possible = method.equals("GET") && isForContentAsItIs(headers);
    return new Decision(way == Way.P2P && !possible ? Way.DIRECT : way, there);
  }

  /**
   * Tells whether a rule refuses a whole host, named as {@code https://HOST:PORT/}, or without the
   * port if it is the usual one, as in the URLs of requests.
   */
  boolean isBlocked(Authority tunnel) {
    String url = "https://" + tunnel + "/";
    String usual = HttpUrl.get(url).toString();
    return config.rules().stream()
        .filter(one -> one.url().matcher(url).find() || one.url().matcher(usual).find())
        .findFirst()
        .filter(rule -> rule.way() == Way.BLOCKED)
        .isPresent();
  }

  /** An expression fits a whole name: part of one would be in the name of another host, too. */
  boolean isIntercepted(Authority tunnel) {
    return config.intercepted().stream()
        .anyMatch(
            one ->
                one.matcher(tunnel.urlHost()).matches()
                    || one.matcher(tunnel.toString()).matches());
  }

  private Target byHttps(Target target) {
    return target.url().isHttps()
        ? target
        : target.at(target.url().newBuilder().scheme("https").build(), hosts);
  }

  private static boolean isForContentAsItIs(HttpHeaders headers) {
    String range = headers.get("Range");
    return CONDITIONS.stream().noneMatch(headers::contains)
        && (range == null || ByteRanges.parse(range).isPresent());
  }
}

package io.dragonfly.transport.http.internal.reach;

import io.dragonfly.error.SourceFailedException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import okhttp3.HttpUrl;

/**
 * Which proxy the environment names for a URL, as curl reads it: {@code https_proxy} or {@code
 * HTTPS_PROXY} for https URLs, {@code http_proxy} or {@code HTTP_PROXY} for http URLs, none for the
 * hosts that {@code no_proxy} or {@code NO_PROXY} lists. Immutable.
 */
public final class Proxies {
  private static final int DEFAULT_PORT = 1080;

  private final Map<String, String> environment;
  private final List<NoProxyRule> exceptions;

  /** The proxies of an environment. */
  public Proxies(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
    this.exceptions =
        Arrays.stream(variable("no_proxy").orElse("").split("[,\\s]+"))
            .filter(entry -> !entry.isEmpty())
            .map(NoProxyRule::new)
            .toList();
  }

  /**
   * Returns the proxy for a URL, if there is one.
   *
   * @throws SourceFailedException if the environment names something that is no HTTP proxy
   */
  public Optional<SourceProxy> forUrl(HttpUrl url) {
    String name = url.scheme() + "_proxy";
    Optional<String> value = variable(name);
    if (value.isEmpty() || exceptions.stream().anyMatch(rule -> rule.matches(url.host()))) {
      return Optional.empty();
    }
    return Optional.of(parse(name, value.get()));
  }

  private Optional<String> variable(String name) {
    return Optional.ofNullable(environment.get(name))
        .or(() -> Optional.ofNullable(environment.get(name.toUpperCase(Locale.ROOT))))
        .map(String::trim)
        .filter(value -> !value.isEmpty());
  }

  private static SourceProxy parse(String name, String value) {
    HttpUrl url = HttpUrl.parse(value.contains("://") ? value : "http://" + value);
    if (url == null || url.isHttps()) {
      // The value may hold a password, so it is not shown.
      throw new SourceFailedException(
          "the environment variable %s names no http proxy: use http://HOST:PORT"
              .formatted(name.toUpperCase(Locale.ROOT)),
          null);
    }
    boolean hasPort = value.matches(".*:\\d+/?");
    Optional<String> authorization =
        url.username().isEmpty() && url.password().isEmpty()
            ? Optional.empty()
            : Optional.of(basic(url.username() + ":" + url.password()));
    return new SourceProxy(url.host(), hasPort ? url.port() : DEFAULT_PORT, authorization);
  }

  private static String basic(String userAndPassword) {
    byte[] bytes = userAndPassword.getBytes(StandardCharsets.UTF_8);
    return "Basic " + Base64.getEncoder().encodeToString(bytes);
  }
}

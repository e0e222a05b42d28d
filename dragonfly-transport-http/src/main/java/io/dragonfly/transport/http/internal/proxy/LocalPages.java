package io.dragonfly.transport.http.internal.proxy;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.dragonfly.transport.http.proxy.ProxyConfig;
import io.dragonfly.transport.http.proxy.Upstream;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;
import java.util.function.Supplier;

/**
 * What the proxy answers itself: what it is, whether it is well, its counts, and tokens of
 * registries. Registries have other pages beside {@code /v2/}, to which their answers lead; none
 * leads to what a person who looks here with a browser asks for.
 */
final class LocalPages {
  /** Where tokens are to be had; the name of a token service follows. */
  static final String TOKEN = "/dfdaemon/token/";

  private final TokenPage tokens;
  private final Supplier<String> metrics;
  private final String about;

  LocalPages(TokenPage tokens, Supplier<String> metrics, ProxyConfig config) {
    this.tokens = tokens;
    this.metrics = metrics;
    this.about = about(config);
  }

  private static String about(ProxyConfig config) {
    StringBuilder text =
        new StringBuilder("dfdaemon, a mirror of registries and an HTTP proxy\n\n");
    text.append("/v2/           ").append(config.registry()).append('\n');
    for (Upstream upstream : config.upstreams()) {
      String path = "/v2/%s/".formatted(upstream.name());
      text.append("%-14s %s\n".formatted(path, upstream.url()));
    }
    return text.append("/healthz       whether it is well\n")
        .append("/metrics       its counts\n")
        .toString();
  }

  /** Answers a request, if it is for one of these. */
  boolean answer(ClientRequest client, String uri) throws IOException, ProxyRefusal {
    String path = uri.replaceFirst("\\?.*", "");
    if (path.startsWith(TOKEN)) {
      tokens.answer(client, path.substring(TOKEN.length()), uri);
      return true;
    }
    if (!client.isRead()) {
      return false;
    }
    switch (path) {
      case "/" -> text(client, "text/plain; charset=utf-8", about);
      case "/favicon.ico" ->
          throw new ProxyRefusal(HttpResponseStatus.NOT_FOUND, "there is no icon");
      case "/healthz" -> text(client, "text/plain; charset=utf-8", "ok\n");
      case "/metrics" -> text(client, "text/plain; version=0.0.4; charset=utf-8", metrics.get());
      default -> {
        return false;
      }
    }
    return true;
  }

  private static void text(ClientRequest client, String type, String text)
      throws ClientGoneException {
    if (client.method().equals("HEAD")) {
      HttpHeaders headers = new DefaultHttpHeaders();
      headers.set(HttpHeaderNames.CONTENT_TYPE, type);
      headers.set(HttpHeaderNames.CONTENT_LENGTH, text.getBytes(UTF_8).length);
      client.answer().headAlone(HttpResponseStatus.OK, headers);
    } else {
      client.answer().text(HttpResponseStatus.OK, new DefaultHttpHeaders(), type, text);
    }
  }
}

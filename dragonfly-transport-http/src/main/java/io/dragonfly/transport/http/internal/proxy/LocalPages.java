package io.dragonfly.transport.http.internal.proxy;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import okhttp3.HttpUrl;
import okhttp3.Response;

/** What the proxy answers itself: whether it is well, its counts, and tokens of registries. */
final class LocalPages {
  /** Where tokens are to be had; the name of a token service follows. */
  static final String TOKEN = "/dfdaemon/token/";

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Tokens tokens;
  private final RegistryAuth auth;
  private final PlainWay plain;
  private final Hosts hosts;
  private final Counters counters;
  private final Supplier<String> metrics;

  LocalPages(
      Tokens tokens,
      RegistryAuth auth,
      PlainWay plain,
      Hosts hosts,
      Counters counters,
      Optional<Supplier<String>> metrics) {
    this.tokens = tokens;
    this.auth = auth;
    this.plain = plain;
    this.hosts = hosts;
    this.counters = counters;
    this.metrics = metrics.orElse(counters::toPrometheus);
  }

  /** Answers a request, if it is for one of these. */
  boolean answer(ClientRequest client, String uri) throws IOException, Refusal {
    String path = uri.replaceFirst("\\?.*", "");
    if (path.startsWith(TOKEN)) {
      token(client, path.substring(TOKEN.length()), uri);
      return true;
    }
    if (!client.isRead()) {
      return false;
    }
    switch (path) {
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

  /** A client wants a token with its own credentials, or without any. */
  private void token(ClientRequest client, String name, String uri) throws IOException, Refusal {
    Tokens.Realm realm =
        tokens
            .realm(name)
            .orElseThrow(
                () -> new Refusal(HttpResponseStatus.NOT_FOUND, "no such token service: ask /v2/"));
    HttpUrl url = withQuery(realm.url(), uri);
    Target target = realm.registry().at(url, hosts);
    if (!client.method().equals("GET")) {
      pass(client, target, realm);
      return;
    }
    Optional<String> credentials = Optional.ofNullable(client.headers().get("Authorization"));
    if (credentials.isEmpty() && isForReading(url)) {
      credentials = auth.login(realm.registry(), url);
    }
    Tokens.Answer answer = tokens.get(target, credentials);
    HttpHeaders headers = new DefaultHttpHeaders();
    headers.set(HttpHeaderNames.CONTENT_TYPE, "application/json");
    headers.set(HttpHeaderNames.CACHE_CONTROL, "no-store");
    answer.challenge().ifPresent(value -> headers.set(HttpHeaderNames.WWW_AUTHENTICATE, value));
    String body = answer.token().isPresent() ? withTimeLeft(answer) : answer.body();
    client
        .answer()
        .whole(HttpResponseStatus.valueOf(answer.status()), headers, body.getBytes(UTF_8));
  }

  /** Our own login is lent for pulls, and for nothing else. */
  private static boolean isForReading(HttpUrl url) {
    return url.queryParameterValues("scope").stream()
        .allMatch(scope -> scope != null && scope.matches("(repository:[^ ]+:pull ?)+"));
  }

  private void pass(ClientRequest client, Target target, Tokens.Realm realm) throws IOException {
    Tokens.takeTurn(realm.turns());
    try (Response response = plain.ask(client, target, Optional.empty(), false)) {
      counters.tokenRequests.increment();
      plain.pass(client, target, response, counters);
    } finally {
      realm.turns().release();
    }
  }

  private static HttpUrl withQuery(HttpUrl realm, String uri) {
    int question = uri.indexOf('?');
    HttpUrl asked =
        HttpUrl.get("http://localhost/" + (question < 0 ? "" : uri.substring(question)));
    HttpUrl.Builder url = realm.newBuilder();
    for (int i = 0; i < asked.querySize(); i++) {
      url.addQueryParameter(asked.queryParameterName(i), asked.queryParameterValue(i));
    }
    return url.build();
  }

  /** A token that was kept here does not live as long as it did when it came. */
  private String withTimeLeft(Tokens.Answer answer) throws IOException {
    JsonNode json = JSON.readTree(answer.body());
    if (json instanceof ObjectNode object) {
      object.remove("issued_at");
      long left = answer.endNanos() - tokens.now();
      object.put("expires_in", Math.max(1, TimeUnit.NANOSECONDS.toSeconds(left)));
    }
    return JSON.writeValueAsString(json);
  }
}

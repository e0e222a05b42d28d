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
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import okhttp3.HttpUrl;
import okhttp3.Response;

/**
 * Answers token requests in place of the token service of a registry. A client's credentials and
 * query are passed on as they are; a form with a name and a password becomes the GET that asks for
 * the same, so that it is shared, too. A client of this machine without credentials gets a token
 * for the proxy's own login, if it asks only for pulls: then nothing of its query but the service
 * and the scopes is passed on, and nothing of the response but the token and its expiry. Safe for
 * concurrent use; callers wait.
 */
final class TokenPage {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Tokens tokens;
  private final RegistryAuth auth;
  private final DirectUpstream plain;
  private final Hosts hosts;
  private final Counters counters;
  private final InstantSource clock;

  TokenPage(
      Tokens tokens,
      RegistryAuth auth,
      DirectUpstream plain,
      Hosts hosts,
      Counters counters,
      InstantSource clock) {
    this.tokens = tokens;
    this.auth = auth;
    this.plain = plain;
    this.hosts = hosts;
    this.counters = counters;
    this.clock = clock;
  }

  /**
   * Answers a request.
   *
   * @param name of the token service, as {@link Tokens#learn} returned it
   * @param uri of the request, of which the query is needed
   * @throws IOException if the token service cannot be reached
   * @throws ProxyRefusal if there is no such token service, or the method asks for no token
   */
  void answer(ClientRequest client, String name, String uri) throws IOException, ProxyRefusal {
    Tokens.Realm realm =
        tokens
            .realm(name)
            .orElseThrow(
                () ->
                    new ProxyRefusal(
                        HttpResponseStatus.NOT_FOUND, "no such token service: ask /v2/"));
    HttpUrl url = TokenRequests.withoutAliases(withQuery(realm.url(), uri), prefix(realm));
    switch (client.method()) {
      case "GET" -> get(client, realm, url);
      case "POST" -> post(client, realm, url);
      default ->
          throw new ProxyRefusal(
              HttpResponseStatus.METHOD_NOT_ALLOWED, "tokens are requested with GET or POST");
    }
  }

  private static String prefix(Tokens.Realm realm) {
    return realm.registry().mirror().map(Target.Mirror::prefix).orElse("");
  }

  private void post(ClientRequest client, Tokens.Realm realm, HttpUrl url)
      throws IOException, ProxyRefusal {
    byte[] form =
        client
            .body()
            .takeAll(ProxyLimits.TOKEN_BYTES, plain.bodyLimit())
            .orElseThrow(
                () ->
                    new ProxyRefusal(
                        HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE,
                        "a form for a token has at most 64 KiB"));
    Optional<TokenRequests.Login> login =
        client.hasCredentials()
            ? Optional.empty()
            : TokenRequests.login(url, new String(form, UTF_8));
    if (login.isPresent()) {
      HttpUrl to = TokenRequests.withoutAliases(login.get().url(), prefix(realm));
      answer(client, tokens.get(target(client, realm, to), Optional.of(login.get().credentials())));
    } else {
      pass(client.withBody(Inbound.of(form)), target(client, realm, url), realm);
    }
  }

  private void get(ClientRequest client, Tokens.Realm realm, HttpUrl url) throws IOException {
    Optional<String> own = Optional.ofNullable(client.headers().get("Authorization"));
    Optional<HttpUrl> pull =
        own.isPresent() ? Optional.empty() : TokenRequests.pull(realm.url(), url);
    Optional<String> login = pull.flatMap(to -> auth.login(client, realm.registry(), to));
    HttpUrl to = login.isPresent() ? pull.get() : url;
    Tokens.ProxyResponse answer = tokens.get(target(client, realm, to), login.or(() -> own));
    if (login.isPresent() && answer.token().isPresent()) {
      answer(client, answer, lent(answer));
    } else {
      answer(client, answer);
    }
  }

  private void answer(ClientRequest client, Tokens.ProxyResponse answer) throws IOException {
    answer(client, answer, answer.token().isPresent() ? withTimeLeft(answer) : answer.body());
  }

  private static void answer(ClientRequest client, Tokens.ProxyResponse answer, String body)
      throws IOException {
    HttpHeaders headers = new DefaultHttpHeaders();
    headers.set(HttpHeaderNames.CONTENT_TYPE, "application/json");
    headers.set(HttpHeaderNames.CACHE_CONTROL, "no-store");
    answer.challenge().ifPresent(value -> headers.set(HttpHeaderNames.WWW_AUTHENTICATE, value));
    client
        .answer()
        .whole(HttpResponseStatus.valueOf(answer.status()), headers, body.getBytes(UTF_8));
  }

  /** Another client may have made the registry known: the address guard is that of this one. */
  private Target target(ClientRequest client, Tokens.Realm realm, HttpUrl url) {
    Target registry = realm.registry();
    return new Target(
        url,
        hosts.trust(url.host(), url.port()),
        registry.mirror(),
        hosts.readFor(registry.url(), client.requester()));
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
    int queryStart = uri.indexOf('?');
    HttpUrl asked =
        HttpUrl.get("http://localhost/" + (queryStart < 0 ? "" : uri.substring(queryStart)));
    HttpUrl.Builder url = realm.newBuilder();
    for (int i = 0; i < asked.querySize(); i++) {
      url.addQueryParameter(asked.queryParameterName(i), asked.queryParameterValue(i));
    }
    return url.build();
  }

  /**
   * A token that was kept here does not live as long as it did when it came. Whoever asked with a
   * form wants the name that the answer to a GET may lack.
   */
  private String withTimeLeft(Tokens.ProxyResponse answer) throws IOException {
    JsonNode json = JSON.readTree(answer.body());
    if (json instanceof ObjectNode object) {
      object.remove("issued_at");
      object.put("token", answer.token().orElseThrow());
      object.put("access_token", answer.token().orElseThrow());
      object.put("expires_in", secondsLeft(answer));
    }
    return JSON.writeValueAsString(json);
  }

  /** Clients read the token under either name. A refresh token would outlive the login's owner. */
  private String lent(Tokens.ProxyResponse answer) throws IOException {
    String token = answer.token().orElseThrow();
    ObjectNode json = JSON.createObjectNode();
    json.put("token", token);
    json.put("access_token", token);
    json.put("expires_in", secondsLeft(answer));
    json.put("issued_at", clock.instant().truncatedTo(ChronoUnit.SECONDS).toString());
    return JSON.writeValueAsString(json);
  }

  private long secondsLeft(Tokens.ProxyResponse answer) {
    return Math.max(1, TimeUnit.NANOSECONDS.toSeconds(answer.endNanos() - tokens.now()));
  }
}

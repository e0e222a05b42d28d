package io.dragonfly.transport.http.internal.proxy;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import okhttp3.FormBody;
import okhttp3.HttpUrl;
import okhttp3.Request;
import org.jspecify.annotations.Nullable;

/** How token services are asked: with GET, or as OAuth 2 does where one wants POST. */
final class TokenRequests {
  private static final String BASIC = "Basic ";

  private static final Pattern REPOSITORY = Pattern.compile("[A-Za-z0-9._/-]+");

  private TokenRequests() {}

  /**
   * Returns the request for a token that can pull what another request names, and nothing else: it
   * has the service and the scopes of that one, and nothing more of its query. Empty unless the
   * other one names scopes, and each is {@code repository:NAME:pull}. A scope is split as the
   * reference implementation of token services splits it, at its first two colons: other readings
   * of a text such as {@code repository:x:push,y:pull} see a pull in it.
   *
   * @param realm the token service, with the query that its registry has named
   * @param asked the other request
   */
  static Optional<HttpUrl> pull(HttpUrl realm, HttpUrl asked) {
    HttpUrl.Builder url = realm.newBuilder();
    String service = asked.queryParameter("service");
    if (service != null) {
      url.addQueryParameter("service", service);
    }
    List<@Nullable String> values = asked.queryParameterValues("scope");
    for (String value : values) {
      for (String scope : value == null ? new String[] {""} : value.split(" ", -1)) {
        if (!isPull(scope)) {
          return Optional.empty();
        }
        url.addQueryParameter("scope", scope);
      }
    }
    return values.isEmpty() ? Optional.empty() : Optional.of(url.build());
  }

  private static boolean isPull(String scope) {
    String[] parts = scope.split(":", 3);
    return parts.length == 3
        && parts[0].equals("repository")
        && REPOSITORY.matcher(parts[1]).matches()
        && parts[2].equals("pull");
  }

  /**
   * Returns the request that all token services know.
   *
   * @param url with the query that says what for
   * @param credentials the Authorization header that the service gets to see
   */
  static Request get(HttpUrl url, Optional<String> credentials) {
    Request.Builder request = builder(url);
    credentials.ifPresent(value -> request.header("Authorization", value));
    return request.build();
  }

  /** Returns the same as a form; empty without a name and password, which such services want. */
  static Optional<Request> post(HttpUrl url, Optional<String> credentials) {
    return credentials
        .filter(value -> value.regionMatches(true, 0, BASIC, 0, BASIC.length()))
        .flatMap(value -> decode(value.substring(BASIC.length()).trim()))
        .filter(login -> login.indexOf(':') > 0)
        .map(login -> post(url, login));
  }

  private static Request post(HttpUrl url, String login) {
    FormBody.Builder form = new FormBody.Builder();
    form.add("grant_type", "password");
    form.add("client_id", PlainWay.USER_AGENT);
    form.add("username", login.substring(0, login.indexOf(':')));
    form.add("password", login.substring(login.indexOf(':') + 1));
    form.add("scope", String.join(" ", url.queryParameterValues("scope")));
    HttpUrl.Builder bare = url.newBuilder().removeAllQueryParameters("scope");
    String service = url.queryParameter("service");
    if (service != null) {
      form.add("service", service);
      bare.removeAllQueryParameters("service");
    }
    return builder(bare.build()).post(form.build()).build();
  }

  private static Optional<String> decode(String base64) {
    try {
      return Optional.of(new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static Request.Builder builder(HttpUrl url) {
    return new Request.Builder()
        .url(url)
        .header("Accept-Encoding", "identity")
        .header("User-Agent", PlainWay.USER_AGENT);
  }
}

package io.dragonfly.transport.http.internal.proxy;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import okhttp3.FormBody;
import okhttp3.HttpUrl;
import okhttp3.Request;
import org.jspecify.annotations.Nullable;

/** How token services are asked: with GET, or as OAuth 2 does where one wants POST. */
final class TokenRequests {
  private static final String BASIC = "Basic ";

  /** How a scope begins that is about a repository. */
  private static final String REPOSITORY_TYPE = "repository:";

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
    form.add("client_id", DirectUpstream.USER_AGENT);
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

  /**
   * What a client asks for with a form: it logs in with a name and a password, and wants nothing
   * but a token. The same can be asked for with GET.
   *
   * @param url with the query that says what for
   * @param credentials the Authorization header that says who asks
   */
  record Login(HttpUrl url, String credentials) {
    /** Hides the credentials. */
    @Override
    public String toString() {
      return "Login[" + url.host() + "]";
    }
  }

  /**
   * Reads a form; empty if it asks for something else.
   *
   * @param realm the token service
   * @param form the form as it came
   */
  static Optional<Login> login(HttpUrl realm, String form) {
    HttpUrl fields = HttpUrl.get("http://localhost/").newBuilder().encodedQuery(form).build();
    String user = fields.queryParameter("username");
    String password = fields.queryParameter("password");
    boolean isLogin =
        "password".equals(fields.queryParameter("grant_type"))
            && !"offline".equals(fields.queryParameter("access_type"))
            && user != null
            && password != null
            && user.indexOf(':') < 0; // a colon ends the name in Basic
    if (!isLogin) {
      return Optional.empty();
    }
    HttpUrl.Builder url = realm.newBuilder();
    String service = fields.queryParameter("service");
    if (service != null) {
      url.addQueryParameter("service", service);
    }
    for (@Nullable String value : fields.queryParameterValues("scope")) {
      Stream.of(value == null ? new String[0] : value.split(" ", -1))
          .filter(scope -> !scope.isEmpty())
          .forEach(scope -> url.addQueryParameter("scope", scope));
    }
    byte[] both = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
    return Optional.of(new Login(url.build(), BASIC + Base64.getEncoder().encodeToString(both)));
  }

  /**
   * Returns a token request without scopes that repeat another one: an engine that reads a mirrored
   * registry below a name takes the name for a part of the repository, and adds that scope to the
   * registry's own.
   *
   * @param prefix of the mirror: empty, or a slash and the name
   */
  static HttpUrl withoutAliases(HttpUrl url, String prefix) {
    List<@Nullable String> scopes = url.queryParameterValues("scope");
    String start = REPOSITORY_TYPE + prefix.replaceFirst("^/", "") + "/";
    HttpUrl.Builder clean = url.newBuilder().removeAllQueryParameters("scope");
    scopes.stream()
        .filter(
            scope ->
                prefix.isEmpty()
                    || scope == null
                    || !scope.startsWith(start)
                    || !scopes.contains(REPOSITORY_TYPE + scope.substring(start.length())))
        .distinct()
        .forEach(scope -> clean.addQueryParameter("scope", scope));
    return clean.build();
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
        .header("User-Agent", DirectUpstream.USER_AGENT);
  }
}

package io.dragonfly.transport.http.internal.proxy;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import okhttp3.Challenge;
import okhttp3.HttpUrl;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.Response;

/** What a registry asks for with WWW-Authenticate. */
final class Challenges {
  private Challenges() {}

  /**
   * A token is wanted.
   *
   * @param realm where it is to be had, without the query that says which
   * @param url the same with the service and scope that the registry names
   * @param challenge what the registry has sent
   */
  record Bearer(HttpUrl realm, HttpUrl url, Challenge challenge) {}

  /** Returns what the values of the header say. */
  static List<Challenge> parse(List<String> values) {
    Response.Builder response =
        new Response.Builder()
            .request(new Request.Builder().url("http://localhost/").build())
            .protocol(Protocol.HTTP_1_1)
            .code(401)
            .message("");
    for (String value : values) {
      response.addHeader("WWW-Authenticate", value);
    }
    return response.build().challenges();
  }

  /** Returns the first challenge for a token that makes sense. */
  static Optional<Bearer> bearer(List<Challenge> challenges) {
    return challenges.stream()
        .filter(challenge -> challenge.scheme().equalsIgnoreCase("bearer"))
        .flatMap(challenge -> bearer(challenge).stream())
        .findFirst();
  }

  static boolean hasBasic(List<Challenge> challenges) {
    return challenges.stream().anyMatch(one -> one.scheme().equalsIgnoreCase("basic"));
  }

  private static Optional<Bearer> bearer(Challenge challenge) {
    Map<String, String> parameters = challenge.authParams();
    String realm = parameters.get("realm");
    HttpUrl url = realm == null ? null : HttpUrl.parse(realm);
    if (url == null) {
      return Optional.empty();
    }
    HttpUrl.Builder full = url.newBuilder().fragment(null).username("").password("");
    HttpUrl bare = full.build();
    String service = parameters.get("service");
    if (service != null) {
      full.addQueryParameter("service", service);
    }
    String scope = parameters.get("scope");
    if (scope != null) {
      for (String one : scopes(scope)) {
        full.addQueryParameter("scope", one);
      }
    }
    return Optional.of(new Bearer(bare, full.build(), challenge));
  }

  private static List<String> scopes(String scope) {
    return Arrays.stream(scope.split(" ", -1)).filter(one -> !one.isEmpty()).toList();
  }
}

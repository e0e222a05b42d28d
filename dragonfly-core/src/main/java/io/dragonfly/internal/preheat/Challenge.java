package io.dragonfly.internal.preheat;

import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a registry asks for in its WWW-Authenticate headers. */
final class Challenge {
  private static final Pattern BEARER = Pattern.compile("(?i)(?:^|,)\\s*bearer\\s+");
  private static final Pattern BASIC = Pattern.compile("(?i)(?:^|,)\\s*basic(?:\\s|$)");
  private static final Pattern PARAMETER =
      Pattern.compile("\\G\\s*,?\\s*([A-Za-z_-]+)\\s*=\\s*(?:\"([^\"\\\\]*)\"|([^\\s,\"]+))");

  private Challenge() {}

  /** Returns the URL of the token that is wanted, with the service and the scope in its query. */
  static Optional<URI> token(List<String> headers) {
    return headers.stream().flatMap(header -> token(header).stream()).findFirst();
  }

  private static Optional<URI> token(String header) {
    Matcher bearer = BEARER.matcher(header);
    if (!bearer.find()) {
      return Optional.empty();
    }
    Map<String, String> parameters = new HashMap<>();
    Matcher parameter = PARAMETER.matcher(header).region(bearer.end(), header.length());
    while (parameter.find()) {
      String quoted = parameter.group(2);
      parameters.putIfAbsent(
          parameter.group(1).toLowerCase(Locale.ROOT),
          quoted == null ? parameter.group(3) : quoted);
    }
    String realm = parameters.get("realm");
    return realm == null ? Optional.empty() : url(realm, parameters);
  }

  private static Optional<URI> url(String realm, Map<String, String> parameters) {
    StringBuilder url = new StringBuilder(realm);
    String separator = realm.contains("?") ? "&" : "?";
    for (String name : List.of("service", "scope")) {
      String value = parameters.get(name);
      if (value != null) {
        String encoded = URLEncoder.encode(value, StandardCharsets.UTF_8);
        url.append(separator).append(name).append('=').append(encoded);
        separator = "&";
      }
    }
    try {
      URI uri = URI.create(url.toString());
      boolean isHttp = String.valueOf(uri.getScheme()).matches("(?i)https?");
      return isHttp && uri.getHost() != null ? Optional.of(uri) : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // what names no place is no challenge that can be met
    }
  }

  /** Tells whether a name and a password will do. */
  static boolean hasBasic(List<String> headers) {
    return headers.stream().anyMatch(header -> BASIC.matcher(header).find());
  }
}

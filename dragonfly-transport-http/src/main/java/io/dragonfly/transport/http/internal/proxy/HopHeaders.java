package io.dragonfly.transport.http.internal.proxy;

import io.netty.handler.codec.http.HttpHeaders;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Which headers belong to one connection, and are never passed on (RFC 9110, 7.6.1). */
final class HopHeaders {
  private static final Set<String> ALWAYS =
      Set.of(
          "connection",
          "http2-settings",
          "keep-alive",
          "proxy-authenticate",
          "proxy-authentication-info",
          "proxy-authorization",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade");

  private HopHeaders() {}

  /** Returns the names, in lower case, that are not passed on: those and what Connection lists. */
  static Set<String> of(List<String> connectionValues) {
    if (connectionValues.isEmpty()) {
      return ALWAYS;
    }
    Set<String> names = new HashSet<>(ALWAYS);
    for (String value : connectionValues) {
      for (String name : value.split(",", -1)) {
        names.add(name.trim().toLowerCase(Locale.ROOT));
      }
    }
    return names;
  }

  /** Returns the headers of a request that are passed on, in their order. */
  static List<Map.Entry<String, String>> endToEnd(HttpHeaders headers) {
    Set<String> hop = of(headers.getAll("Connection"));
    return headers.entries().stream()
        .filter(header -> !hop.contains(header.getKey().toLowerCase(Locale.ROOT)))
        .toList();
  }
}

package io.dragonfly.transport.http.proxy;

import java.net.URI;
import java.util.Locale;

/**
 * A registry that is mirrored under a name: at {@code /v2/NAME/}, and on a port of its own if it
 * has one.
 *
 * @param name lower-case letters, digits, dots, dashes and underscores
 * @param url its scheme, host and port, http or https
 * @param port where it is mirrored without the name in the path; 0 if nowhere
 */
public record Upstream(String name, URI url, int port) {
  private static final String NAME = "[a-z0-9][a-z0-9._-]*";

  /**
   * Checks the parts.
   *
   * @throws IllegalArgumentException if one of them cannot be used; the message says which
   */
  public Upstream {
    if (!name.matches(NAME)) {
      throw new IllegalArgumentException(
          "'%s' is no name of an upstream: use lower-case letters, digits and . _ -"
              .formatted(name));
    }
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException(
          "the port of upstream %s is %d, must be 0 to 65535".formatted(name, port));
    }
    url = checkRegistry(url);
  }

  /**
   * Reads {@code NAME=URL} or {@code NAME:PORT=URL}.
   *
   * @throws IllegalArgumentException if the text has another form
   */
  public static Upstream parse(String text) {
    int equals = text.indexOf('=');
    if (equals < 0) {
      throw new IllegalArgumentException(
          "'%s' is not NAME=URL or NAME:PORT=URL".formatted(withoutPassword(text)));
    }
    String left = text.substring(0, equals);
    int colon = left.indexOf(':');
    String port = colon < 0 ? "0" : left.substring(colon + 1);
    if (!port.matches("\\d{1,5}")) {
      throw new IllegalArgumentException(
          "'%s' has no port between ':' and '='".formatted(withoutPassword(text)));
    }
    return new Upstream(
        colon < 0 ? left : left.substring(0, colon),
        registry(text.substring(equals + 1)),
        Integer.parseInt(port));
  }

  /**
   * Reads the URL of a registry; without a scheme it is https.
   *
   * @throws IllegalArgumentException if it has more than scheme, host and port, or is a single word
   *     that may as well be a mistake
   */
  public static URI registry(String text) {
    if (text.matches("[A-Za-z0-9_-]+") && !text.equals("localhost")) {
      throw new IllegalArgumentException(
          "'%s' is no registry: write the whole name of its host, or https://%s if that is all of it"
              .formatted(text, text));
    }
    String url = text.contains("://") ? text : "https://" + text;
    try {
      return checkRegistry(URI.create(url));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "'%s' is no registry: use http://HOST[:PORT] or https://HOST[:PORT]"
              .formatted(withoutPassword(text)),
          e);
    }
  }

  private static String withoutPassword(String text) {
    return text.replaceAll("//[^/]*@", "//");
  }

  static URI checkRegistry(URI url) {
    String scheme = String.valueOf(url.getScheme()).toLowerCase(Locale.ROOT);
    String path = url.getRawPath() == null ? "" : url.getRawPath();
    if (!(scheme.equals("http") || scheme.equals("https"))
        || url.getHost() == null
        || url.getRawUserInfo() != null
        || url.getRawQuery() != null
        || !(path.isEmpty() || path.equals("/"))) {
      throw new IllegalArgumentException("a registry is http://HOST[:PORT] or https://HOST[:PORT]");
    }
    return URI.create(scheme + "://" + url.getRawAuthority().toLowerCase(Locale.ROOT));
  }
}

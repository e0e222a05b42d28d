package io.dragonfly.transport.http.proxy;

import java.util.Locale;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Which way the requests for some URLs take. The first rule whose expression is found in a URL
 * holds for it, as in Dragonfly 1: {@code registry.example} is found in the URLs of {@code
 * registry.example.org}, too, and wherever a path or query contains it. {@code
 * ^https://registry\.example/} means one host, at its usual port.
 *
 * @param url what is looked for, anywhere in the whole URL, which has no port if it is the usual
 *     one of its scheme. A tunnel to {@code HOST:443} is {@code https://HOST:443/} and {@code
 *     https://HOST/}: one of them has to fit
 * @param way which way they take
 * @param https whether an http URL is asked for by https instead
 */
public record ProxyRule(Pattern url, Way way, boolean https) {
  private static final String HTTPS = "-https";

  /** A way that a request takes. */
  public enum Way {
    /** Through the swarm: GETs only, all else goes directly. */
    P2P,
    /** Directly to where the URL says. */
    DIRECT,
    /** Nowhere: it is refused with 403. */
    BLOCKED
  }

  /**
   * Reads {@code REGEX=WAY}, where the way is {@code p2p}, {@code direct} or {@code blocked}; the
   * first two may end with {@code -https}.
   *
   * @throws IllegalArgumentException if the text has another form
   */
  public static ProxyRule parse(String text) {
    int equals = text.lastIndexOf('=');
    String word = equals < 0 ? "" : text.substring(equals + 1);
    boolean https = word.endsWith(HTTPS) && !word.equals("blocked" + HTTPS);
    String name = https ? word.substring(0, word.length() - HTTPS.length()) : word;
    if (equals <= 0 || !name.matches("p2p|direct|blocked")) {
      throw new IllegalArgumentException(
          "'%s' is not REGEX=WAY with the way p2p, direct or blocked (or p2p-https, direct-https)"
              .formatted(text));
    }
    return new ProxyRule(
        regex(text.substring(0, equals)), Way.valueOf(name.toUpperCase(Locale.ROOT)), https);
  }

  /**
   * Compiles an expression.
   *
   * @throws IllegalArgumentException if it is none; the message says why in one line
   */
  public static Pattern regex(String text) {
    try {
      return Pattern.compile(text);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "'%s' is no regular expression: %s".formatted(text, e.getDescription()), e);
    }
  }
}

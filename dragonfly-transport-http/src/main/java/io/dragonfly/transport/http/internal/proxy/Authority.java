package io.dragonfly.transport.http.internal.proxy;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import okhttp3.HttpUrl;

/**
 * A host and a port, as CONNECT names them.
 *
 * @param host its name or address in lower case, IPv6 without brackets
 * @param port from 1 on
 */
record Authority(String host, int port) {
  private static final Pattern FORM =
      Pattern.compile("(?:([A-Za-z0-9_.-]{1,253})|\\[([0-9A-Fa-f:.]{2,45})])(?::(\\d{1,5}))?");

  /**
   * Returns what a text names, with a port for where it names none; empty if it is something else.
   */
  static Optional<Authority> parse(String text, int defaultPort) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    String host = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
    int port = matcher.group(3) == null ? defaultPort : Integer.parseInt(matcher.group(3));
    if (port < 1 || port > 65535) {
      return Optional.empty();
    }
    Authority named = new Authority(host.toLowerCase(Locale.ROOT), port);
    // Such as a..b, or a part of more than 63 characters: no URL can have that as its host.
    boolean isHost = HttpUrl.parse("https://" + named + "/") != null;
    return isHost ? Optional.of(named) : Optional.empty();
  }

  /** Returns the host as it stands in a URL. */
  String urlHost() {
    return host.contains(":") ? "[" + host + "]" : host;
  }

  @Override
  public String toString() {
    return urlHost() + ":" + port;
  }
}

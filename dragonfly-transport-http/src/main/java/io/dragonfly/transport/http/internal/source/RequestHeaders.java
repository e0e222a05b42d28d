package io.dragonfly.transport.http.internal.source;

import static io.dragonfly.task.Headers.isHarmless;

import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Headers.Header;
import java.util.Locale;
import java.util.Set;
import okhttp3.Headers;
import okhttp3.HttpUrl;

/**
 * Which headers go to which host. A user's headers are meant for the host that he named: on a
 * redirect elsewhere only those go along that cannot be a secret.
 */
final class RequestHeaders {
  /**
   * Never sent as the user gave them: they belong to the connection, ask for something else than
   * the content as it is, or let a server answer other bytes although they are no part of the task
   * key, so that what one user gets would be wrong for another.
   */
  private static final Set<String> OURS =
      Set.of(
          "connection",
          "content-length",
          "date",
          "expect",
          "forwarded",
          "host",
          "if-match",
          "if-modified-since",
          "if-none-match",
          "if-range",
          "if-unmodified-since",
          "keep-alive",
          "proxy-authorization",
          "proxy-connection",
          "range",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade",
          "via",
          "x-forwarded-for");

  private RequestHeaders() {}

  /** Returns what a request for this content sends to the host of {@code url}. */
  static Headers of(ContentRequest content, HttpUrl url, SourceQuery probe, String userAgent) {
    Headers.Builder headers = new Headers.Builder();
    boolean atHome = isSameOrigin(url, HttpUrl.get(content.url().toString()));
    content.headers().list().stream()
        .filter(header -> !OURS.contains(name(header)))
        .filter(header -> atHome || isHarmless(header.name()))
        .filter(header -> !name(header).equals("accept-encoding") || choosesCoding(content))
        .forEach(header -> headers.addUnsafeNonAscii(header.name(), header.value()));
    if (headers.get("Accept-Encoding") == null) {
      headers.add("Accept-Encoding", "identity");
    }
    if (headers.get("User-Agent") == null) {
      headers.add("User-Agent", userAgent);
    }
    probe.range().ifPresent(range -> headers.add("Range", range));
    probe.ifRange().ifPresent(tag -> headers.addUnsafeNonAscii("If-Range", tag));
    return headers.build();
  }

  /**
   * Tells whether the user asks for a coding himself. With a digest he cannot: it names the plain
   * bytes, and a URL that names a digest stands for all headers.
   */
  static boolean choosesCoding(ContentRequest content) {
    return content.digest().isEmpty() && content.headers().first("Accept-Encoding").isPresent();
  }

  static boolean isSameOrigin(HttpUrl one, HttpUrl other) {
    return one.scheme().equals(other.scheme())
        && one.host().equals(other.host())
        && one.port() == other.port();
  }

  private static String name(Header header) {
    return header.name().toLowerCase(Locale.ROOT);
  }
}

package io.dragonfly.transport.http.internal.source;

import io.dragonfly.task.ContentRequest;
import io.dragonfly.transport.http.internal.reach.AddressGuard;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import javax.net.ssl.SSLException;
import okhttp3.HttpUrl;
import org.jspecify.annotations.Nullable;

/** Says in one line why a connection failed. */
final class Failures {
  private static final int DEEPEST = 20;

  private Failures() {}

  /** Names a content, and the host that a redirect has led to, without anything secret. */
  static String place(ContentRequest content, HttpUrl url) {
    HttpUrl asked = HttpUrl.parse(content.url().toString());
    return asked != null && url.host().equals(asked.host())
        ? content.displayUrl()
        : "%s (redirected to %s)".formatted(content.displayUrl(), url.host());
  }

  /** Returns why, and what to look at. */
  static String reason(IOException failure) {
    AddressGuard.RefusedException forbidden = find(failure, AddressGuard.RefusedException.class);
    if (forbidden != null) {
      return line(forbidden);
    }
    UnknownHostException unknown = find(failure, UnknownHostException.class);
    if (unknown != null) {
      return "unknown host: %s: check the URL and this host's DNS".formatted(line(unknown));
    }
    SSLException tls = find(failure, SSLException.class);
    if (tls != null) {
      return "no trusted TLS connection: %s: check the URL, and which CA it needs"
          .formatted(line(tls));
    }
    boolean isConnecting = find(failure, ConnectException.class) != null;
    return lines(failure) + (isConnecting ? ": check the URL and the network" : "");
  }

  private static String lines(IOException failure) {
    Throwable cause = failure.getCause();
    String first = line(failure);
    return cause == null || first.contains(line(cause)) ? first : first + ": " + line(cause);
  }

  /** Returns the first exception of this type among the failure, its causes and what came along. */
  static <T extends Throwable> @Nullable T find(Throwable failure, Class<T> type) {
    return find(failure, type, DEEPEST);
  }

  private static <T extends Throwable> @Nullable T find(
      @Nullable Throwable failure, Class<T> type, int depth) {
    if (failure == null || depth == 0) {
      return null;
    }
    if (type.isInstance(failure)) {
      return type.cast(failure);
    }
    T found = find(failure.getCause(), type, depth - 1);
    for (Throwable other : failure.getSuppressed()) {
      found = found == null ? find(other, type, depth - 1) : found;
    }
    return found;
  }

  private static String line(Throwable failure) {
    String message = failure.getMessage();
    return message == null || message.isBlank()
        ? failure.getClass().getSimpleName()
        : message.lines().findFirst().orElse("").trim();
  }
}

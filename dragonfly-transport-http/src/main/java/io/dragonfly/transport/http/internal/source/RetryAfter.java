package io.dragonfly.transport.http.internal.source;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import okhttp3.Headers;

/** Reads the Retry-After header: seconds or a date (RFC 9110, 10.2.3). */
final class RetryAfter {
  private RetryAfter() {}

  /**
   * Returns how long the server wants to be left alone; empty if it does not say, or nonsense.
   *
   * @param now what time it is for a server that does not send a Date
   */
  static Optional<Duration> of(Headers headers, Instant now) {
    String value = headers.get("Retry-After");
    if (value == null) {
      return Optional.empty();
    }
    if (value.matches("\\d{1,9}")) {
      return Optional.of(Duration.ofSeconds(Long.parseLong(value)));
    }
    Instant then = headers.getInstant("Retry-After");
    if (then == null) {
      return Optional.empty();
    }
    Instant date = headers.getInstant("Date");
    Duration wait = Duration.between(date == null ? now : date, then);
    return Optional.of(wait.isNegative() ? Duration.ZERO : wait);
  }
}

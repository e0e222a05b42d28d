package io.dragonfly.transport.http.internal.source;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import okhttp3.Headers;

/**
 * What an answer says about its version. Strong is an ETag without {@code W/}, or a Last-Modified
 * that is at least one second older than the answer's Date.
 *
 * <p>One second is what RFC 9110, 8.8.2.2 asks for where both come from the same clock: whoever
 * changes the content later than the answer gets another Last-Modified. An answer without Date
 * proves nothing, since our own clock is another one.
 */
final class Validators {
  private static final Duration CLEARLY_OLDER = Duration.ofSeconds(1);

  /** Whoever sends longer ones does not mean well. */
  private static final int LONGEST_TAG = 1024;

  /** Those of HTTP have 24 to 33 characters, and what reads them takes anything behind them. */
  private static final int LONGEST_DATE = 64;

  private Validators() {}

  /** Returns the strong validator, in the form that If-Range takes. */
  static Optional<String> strong(Headers headers) {
    Optional<String> tag = strongTag(headers);
    return tag.isPresent() ? tag : strongDate(headers);
  }

  /**
   * Returns what shows some changes beside the strong validator: a weak ETag, or a Last-Modified
   * that may still change. Beside a strong ETag there is none.
   */
  static Optional<String> hint(Headers headers) {
    String tag = headers.get("ETag");
    if (tag != null && !isTag(tag)) {
      return tag.length() <= LONGEST_TAG ? Optional.of(tag) : Optional.empty();
    }
    return strong(headers).isPresent() ? Optional.empty() : date(headers);
  }

  private static Optional<String> date(Headers headers) {
    return Optional.ofNullable(headers.get("Last-Modified"))
        .filter(date -> date.length() <= LONGEST_DATE);
  }

  /** Returns the names of the request's headers that the server has chosen by, in lower case. */
  static Set<String> vary(Headers headers) {
    return headers.values("Vary").stream()
        .flatMap(line -> Arrays.stream(line.split(",", -1)))
        .map(name -> name.trim().toLowerCase(Locale.ROOT))
        .collect(Collectors.toSet());
  }

  /**
   * Tells whether an answer can be of the version that has this strong validator.
   *
   * @param silenceIsConsent whether the server has compared the validator itself. Then it need not
   *     repeat a Last-Modified (RFC 9110, 15.3.7), but an ETag it must
   */
  static boolean match(String validator, Headers headers, boolean silenceIsConsent) {
    if (isTag(validator)) {
      return strongTag(headers).filter(validator::equals).isPresent();
    }
    String date = headers.get("Last-Modified");
    return date == null ? silenceIsConsent : date.equals(validator);
  }

  private static Optional<String> strongTag(Headers headers) {
    return Optional.ofNullable(headers.get("ETag")).filter(Validators::isTag);
  }

  private static boolean isTag(String value) {
    return value.length() >= 2
        && value.length() <= LONGEST_TAG
        && value.startsWith("\"")
        && value.endsWith("\"");
  }

  private static Optional<String> strongDate(Headers headers) {
    Instant modified = headers.getInstant("Last-Modified");
    Instant date = headers.getInstant("Date");
    if (modified == null || date == null || date.isBefore(modified.plus(CLEARLY_OLDER))) {
      return Optional.empty();
    }
    return date(headers);
  }
}

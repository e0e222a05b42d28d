package io.dragonfly.transport.http.internal.proxy;

import io.dragonfly.task.ByteRange;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Range and Content-Range, as far as the swarm can serve them: one range with a first byte. */
final class ByteRanges {
  private static final Pattern RANGE = Pattern.compile("bytes=(\\d{1,18})-(\\d{0,18})");
  private static final Pattern CONTENT_RANGE =
      Pattern.compile("bytes (\\d{1,18})-(\\d{1,18})/(\\d{1,18}|\\*)");

  private ByteRanges() {}

  /** Returns the range of a request; one without a last byte is open. */
  static Optional<ByteRange> parse(String header) {
    Matcher matcher = RANGE.matcher(header.trim());
    if (!matcher.matches()) {
      return Optional.empty();
    }
    long first = Long.parseLong(matcher.group(1));
    if (matcher.group(2).isEmpty()) {
      return Optional.of(ByteRange.from(first));
    }
    long end = Long.parseLong(matcher.group(2)) + 1;
    return end <= first ? Optional.empty() : Optional.of(new ByteRange(first, end));
  }

  /** Returns the header of a request for these bytes. */
  static String request(ByteRange range) {
    return "bytes=" + range;
  }

  /** Returns the header of an answer with these bytes. */
  static String answer(ByteRange range, OptionalLong total) {
    return "bytes " + range + "/" + (total.isPresent() ? Long.toString(total.getAsLong()) : "*");
  }

  /** Returns the bytes that an answer says it has. */
  static Optional<ByteRange> ofAnswer(String header) {
    Matcher matcher = CONTENT_RANGE.matcher(header.trim());
    if (!matcher.matches()) {
      return Optional.empty();
    }
    long first = Long.parseLong(matcher.group(1));
    long last = Long.parseLong(matcher.group(2));
    return last < first ? Optional.empty() : Optional.of(new ByteRange(first, last + 1));
  }

  /** Returns how long an answer says that the whole is, if it says so. */
  static OptionalLong totalOf(Optional<String> header) {
    Matcher matcher = CONTENT_RANGE.matcher(header.orElse("").trim());
    return matcher.matches() && !matcher.group(3).equals("*")
        ? OptionalLong.of(Long.parseLong(matcher.group(3)))
        : OptionalLong.empty();
  }
}

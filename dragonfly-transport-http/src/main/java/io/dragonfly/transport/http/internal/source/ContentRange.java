package io.dragonfly.transport.http.internal.source;

import io.dragonfly.task.ByteRange;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The Content-Range header of an answer with a part (RFC 9110, 14.4).
 *
 * @param range which bytes the answer brings
 * @param total how many the whole content has, if the server tells
 */
record ContentRange(ByteRange range, OptionalLong total) {
  private static final Pattern FORM =
      Pattern.compile("bytes +(\\d{1,18})-(\\d{1,18})/(\\d{1,18}|\\*)", Pattern.CASE_INSENSITIVE);

  /** Reads the header's value; empty if it makes no sense. */
  static Optional<ContentRange> parse(String value) {
    Matcher matcher = FORM.matcher(value.trim());
    if (!matcher.matches()) {
      return Optional.empty();
    }
    long first = Long.parseLong(matcher.group(1));
    long last = Long.parseLong(matcher.group(2));
    OptionalLong total =
        matcher.group(3).equals("*")
            ? OptionalLong.empty()
            : OptionalLong.of(Long.parseLong(matcher.group(3)));
    if (last < first || (total.isPresent() && last >= total.getAsLong())) {
      return Optional.empty();
    }
    return Optional.of(new ContentRange(ByteRange.of(first, last + 1), total));
  }
}

package io.dragonfly.examples.simulate;

import io.dragonfly.examples.command.Units;
import io.dragonfly.rate.Rate;
import java.math.BigDecimal;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How links are written in a call. */
final class Numbers {
  private static final Pattern BITS =
      Pattern.compile("(\\d{1,9}(?:\\.\\d{1,9})?)([kmg])bit(?:/s)?");
  private static final Pattern BYTES = Pattern.compile("\\d+(?:\\.\\d+)?[kmg]?(?:i?b)?");
  private static final Map<String, Long> FACTORS =
      Map.of("k", 1_000L, "m", 1_000_000L, "g", 1_000_000_000L);

  private Numbers() {}

  /** Reads {@code 1gbit} or {@code 100mbit}, as links are called, or bytes such as {@code 20M}. */
  static Rate parseLink(String text) {
    Matcher matcher = BITS.matcher(text.trim().toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      if (!BYTES.matcher(text.trim().toLowerCase(Locale.ROOT)).matches()) {
        throw new IllegalArgumentException(
            "'%s' is no rate of a link, write 100mbit, 1gbit, or bytes per second such as 20M"
                .formatted(text));
      }
      return Units.parseLimit(text)
          .rate()
          .orElseThrow(() -> new IllegalArgumentException("a link's rate cannot be 0"));
    }
    long factor = Objects.requireNonNull(FACTORS.get(matcher.group(2)), "the pattern has these");
    BigDecimal bits = new BigDecimal(matcher.group(1)).multiply(BigDecimal.valueOf(factor));
    return Rate.ofBytes(bits.longValue() / 8).checkLimit("the rate");
  }

  /** Reads a link's rate for picocli. */
  static final class LinkConverter extends Units.Converter<Rate> {
    LinkConverter() {
      super(Numbers::parseLink);
    }
  }

  /** Reads a seed for picocli. */
  static final class SeedConverter extends Units.Converter<Long> {
    SeedConverter() {
      super(Numbers::parseSeed);
    }
  }

  private static Long parseSeed(String text) {
    try {
      return Long.valueOf(text.trim());
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("'%s' is no whole number".formatted(text), e);
    }
  }
}

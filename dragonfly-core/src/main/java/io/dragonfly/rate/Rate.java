package io.dragonfly.rate;

import static java.util.Objects.requireNonNull;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A number of bytes per second. Where a limit may be absent, an {@code Optional<Rate>} says so.
 *
 * @param bytesPerSecond at least 1
 */
public record Rate(long bytesPerSecond) {
  /** The least that a limit may be, 1 KiB each second: what is slower looks as if it stood. */
  public static final Rate LEAST_LIMIT = new Rate(1 << 10);

  private static final Pattern TEXT = Pattern.compile("(\\d+(?:\\.\\d+)?)([kmg]?)(?:i?b)?");
  private static final Map<String, Long> FACTORS =
      Map.of("", 1L, "k", 1L << 10, "m", 1L << 20, "g", 1L << 30);

  /**
   * Checks the number.
   *
   * @throws IllegalArgumentException if it is less than 1
   */
  public Rate {
    if (bytesPerSecond < 1) {
      throw new IllegalArgumentException("rate is %d, must be > 0".formatted(bytesPerSecond));
    }
  }

  /** This many bytes each second. */
  public static Rate ofBytes(long bytesPerSecond) {
    return new Rate(bytesPerSecond);
  }

  /**
   * Reads a number with an optional suffix: {@code 20M} is 20 MiB each second; K, M and G are
   * powers of 1024, as Dragonfly 1 had them.
   *
   * @throws IllegalArgumentException if the text is no rate, or the rate is 0
   */
  public static Rate parse(String text) {
    Matcher matcher = TEXT.matcher(text.trim().toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "'%s' is no rate, write bytes per second such as 500K or 20M".formatted(text));
    }
    BigDecimal number = new BigDecimal(matcher.group(1));
    long factor = requireNonNull(FACTORS.get(matcher.group(2)), "the pattern allows these alone");
    BigDecimal bytes = number.multiply(BigDecimal.valueOf(factor));
    if (bytes.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
      throw new IllegalArgumentException("rate '%s' is too large".formatted(text));
    }
    return new Rate(bytes.longValue());
  }

  /**
   * Returns this rate if it can be a limit.
   *
   * @param name what is limited, for the message
   * @throws IllegalArgumentException if it is less than {@link #LEAST_LIMIT}
   */
  public Rate checkLimit(String name) {
    if (bytesPerSecond < LEAST_LIMIT.bytesPerSecond) {
      throw new IllegalArgumentException(
          "%s is %s, must be >= %s".formatted(name, this, LEAST_LIMIT));
    }
    return this;
  }

  @Override
  public String toString() {
    return bytesPerSecond + " B/s";
  }
}

package io.dragonfly.examples.command;

import io.dragonfly.rate.Rate;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Times, rates and sizes as people write and read them. */
public final class Units {
  private static final Pattern BARE_NUMBER = Pattern.compile("\\d+");
  private static final Pattern TIME =
      Pattern.compile("(\\d+(?:\\.\\d*)?|\\.\\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h|d)");

  private static final Map<String, Long> NANOS =
      Map.of(
          "ns", 1L,
          "us", 1_000L,
          "\u00b5s", 1_000L,
          "\u03bcs", 1_000L,
          "ms", 1_000_000L,
          "s", 1_000_000_000L,
          "m", 60_000_000_000L,
          "h", 3_600_000_000_000L,
          "d", 86_400_000_000_000L);

  private static final Pattern SHARE = Pattern.compile("(\\d{1,3}(?:\\.\\d{1,9})?)(%?)");
  private static final Pattern SIZE = Pattern.compile("(\\d+(?:\\.\\d+)?)([kmgt]?)(?:i?b)?");
  private static final Map<String, Long> FACTORS =
      Map.of("", 1L, "k", 1L << 10, "m", 1L << 20, "g", 1L << 30, "t", 1L << 40);

  private static final Duration LONGEST = Duration.ofDays(36_500);

  private Units() {}

  /**
   * A limit that may be lifted.
   *
   * @param rate empty is without limit
   */
  public record Limit(Optional<Rate> rate) {
    /** Without limit. */
    public static final Limit NONE = new Limit(Optional.empty());
  }

  /**
   * Reads {@code 500ms}, {@code 30s}, {@code 5m}, {@code 1h30m}, {@code 1.5h}, {@code 1d}; a bare
   * number is seconds.
   */
  public static Duration parseTime(String text) {
    String trimmed = text.trim();
    if (BARE_NUMBER.matcher(trimmed).matches()) {
      trimmed += "s";
    }
    Matcher matcher = TIME.matcher(trimmed);
    BigDecimal nanos = BigDecimal.ZERO;
    int end = 0;
    while (matcher.find() && matcher.start() == end) {
      long unit =
          Objects.requireNonNull(NANOS.get(matcher.group(2)), "the pattern has these alone");
      nanos = nanos.add(new BigDecimal(matcher.group(1)).multiply(BigDecimal.valueOf(unit)));
      end = matcher.end();
    }
    if (end == 0 || end < trimmed.length()) {
      throw new IllegalArgumentException(
          "'%s' is no time, write numbers with ms, s, m, h or d such as 30s or 1h30m"
              .formatted(text));
    }
    if (nanos.compareTo(BigDecimal.valueOf(LONGEST.toSeconds()).movePointRight(9)) > 0) {
      throw new IllegalArgumentException("'%s' is more than a hundred years".formatted(text));
    }
    BigDecimal[] parts = nanos.divideAndRemainder(BigDecimal.valueOf(1_000_000_000));
    return Duration.ofSeconds(
        parts[0].longValue(), parts[1].setScale(0, RoundingMode.UP).longValue());
  }

  /** Reads a rate such as {@code 20M}; 0 is without limit. */
  public static Limit parseLimit(String text) {
    if (text.trim().matches("0+[kKmMgG]?i?[bB]?")) {
      return Limit.NONE;
    }
    return new Limit(Optional.of(Rate.parse(text).checkLimit("the rate")));
  }

  /** Reads a number of bytes such as {@code 512M}; K, M, G and T are powers of 1024. */
  public static long parseSize(String text) {
    Matcher matcher = SIZE.matcher(text.trim().toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "'%s' is no size, write bytes such as 512M or 10G".formatted(text));
    }
    long factor = Objects.requireNonNull(FACTORS.get(matcher.group(2)), "the pattern allows these");
    BigDecimal bytes = new BigDecimal(matcher.group(1)).multiply(BigDecimal.valueOf(factor));
    if (bytes.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
      throw new IllegalArgumentException("'%s' is too large".formatted(text));
    }
    return bytes.longValue();
  }

  /** Reads a number of things. */
  public static int parseCount(String text) {
    if (!text.trim().matches("\\d{1,9}")) {
      throw new IllegalArgumentException("'%s' is no whole number".formatted(text));
    }
    return Integer.parseInt(text.trim());
  }

  /** Reads a part of a whole: {@code 5%} or {@code 0.05}. */
  public static double parseShare(String text) {
    Matcher matcher = SHARE.matcher(text.trim());
    double share = matcher.matches() ? Double.parseDouble(matcher.group(1)) : -1;
    share = share >= 0 && !matcher.group(2).isEmpty() ? share / 100 : share;
    if (share < 0 || share > 1) {
      throw new IllegalArgumentException("'%s' is no share, write 5%% or 0.05".formatted(text));
    }
    return share;
  }

  /** Writes a number of bytes for people: {@code 12.3 MiB}. */
  public static String size(long bytes) {
    String[] names = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = bytes;
    int at = 0;
    while (value >= 1024 && at < names.length - 1) {
      value /= 1024;
      at++;
    }
    return at == 0 ? bytes + " B" : String.format(Locale.ROOT, "%.1f %s", value, names[at]);
  }

  /** Writes a number of bytes as {@link #parseSize} reads it, exactly: {@code 20M}. */
  public static String exactSize(long bytes) {
    String[] names = {"", "K", "M", "G", "T"};
    long value = bytes;
    int at = 0;
    while (value != 0 && value % 1024 == 0 && at < names.length - 1) {
      value /= 1024;
      at++;
    }
    return value + names[at];
  }

  /** Writes a time as {@link #parseTime} reads it, to the millisecond: {@code 1h30m}. */
  public static String exactTime(Duration time) {
    StringBuilder text = new StringBuilder();
    append(text, time.toHours(), "h");
    append(text, time.toMinutesPart(), "m");
    append(text, time.toSecondsPart(), "s");
    append(text, time.toMillisPart(), "ms");
    return text.isEmpty() ? "0s" : text.toString();
  }

  private static void append(StringBuilder text, long number, String unit) {
    if (number > 0) {
      text.append(number).append(unit);
    }
  }

  /** Writes a rate for people. */
  public static String rate(long bytes, Duration time) {
    double seconds = Math.max(time.toNanos() / 1e9, 1e-9);
    return size((long) (bytes / seconds)) + "/s";
  }

  /** Reads a value for picocli, which shows the message to people. */
  public abstract static class Converter<T> implements ITypeConverter<T> {
    private final Reading<T> reading;

    /** A converter by a method that throws IllegalArgumentException. */
    protected Converter(Reading<T> reading) {
      this.reading = reading;
    }

    @Override
    public final T convert(String text) {
      try {
        return reading.read(text);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }

    /** Reads a value. */
    public interface Reading<T> {
      /**
       * Returns the value of a text.
       *
       * @throws IllegalArgumentException if it has none; the message says why
       */
      T read(String text);
    }
  }

  /** Reads a time for picocli. */
  public static final class TimeConverter extends Converter<Duration> {
    /** The converter. */
    public TimeConverter() {
      super(Units::parseTime);
    }
  }

  /** Reads a rate for picocli. */
  public static final class LimitConverter extends Converter<Limit> {
    /** The converter. */
    public LimitConverter() {
      super(Units::parseLimit);
    }
  }

  /** Reads a size for picocli. */
  public static final class SizeConverter extends Converter<Long> {
    /** The converter. */
    public SizeConverter() {
      super(Units::parseSize);
    }
  }

  /** Reads a share for picocli. */
  public static final class ShareConverter extends Converter<Double> {
    /** The converter. */
    public ShareConverter() {
      super(Units::parseShare);
    }
  }

  /** Reads a number for picocli. */
  public static final class CountConverter extends Converter<Integer> {
    /** The converter. */
    public CountConverter() {
      super(Units::parseCount);
    }
  }
}

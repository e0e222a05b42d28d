package io.dragonfly.examples.command;

import io.dragonfly.rate.Rate;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Times, rates, sizes and addresses as people write and read them. */
public final class Units {
  /** Where a supernode listens unless it is told otherwise. */
  public static final int SUPERNODE_PORT = 8002;

  private static final Pattern TIME = Pattern.compile("(\\d+)(ms|s|m|h|d)?");
  private static final Pattern ADDRESS =
      Pattern.compile("(?:\\[([^\\]]+)]|([^:\\s]+))(?::(\\d+))?");

  private Units() {}

  /**
   * Reads {@code 500ms}, {@code 30s}, {@code 5m}, {@code 2h}, {@code 1d}; a bare number is seconds.
   */
  public static Duration parseTime(String text) {
    Matcher matcher = TIME.matcher(text.trim());
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "'%s' is no time, write a number with ms, s, m, h or d such as 30s".formatted(text));
    }
    long number = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2) == null ? "s" : matcher.group(2)) {
      case "ms" -> Duration.ofMillis(number);
      case "m" -> Duration.ofMinutes(number);
      case "h" -> Duration.ofHours(number);
      case "d" -> Duration.ofDays(number);
      default -> Duration.ofSeconds(number);
    };
  }

  /** Reads {@code host}, {@code host:port} or {@code [v6]:port}. */
  public static InetSocketAddress parseAddress(String text, int defaultPort) {
    Matcher matcher = ADDRESS.matcher(text.trim());
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "'%s' is no address, write HOST:PORT or [IPV6]:PORT".formatted(text));
    }
    String host = matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
    int port = matcher.group(3) == null ? defaultPort : Integer.parseInt(matcher.group(3));
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException("port %d is not between 1 and 65535".formatted(port));
    }
    return new InetSocketAddress(host, port);
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

  /** Writes a rate for people. */
  public static String rate(long bytes, Duration time) {
    double seconds = Math.max(time.toNanos() / 1e9, 1e-9);
    return size((long) (bytes / seconds)) + "/s";
  }

  /** Reads a time for picocli. */
  public static final class TimeConverter implements ITypeConverter<Duration> {
    @Override
    public Duration convert(String text) {
      try {
        return parseTime(text);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  /** Reads a rate for picocli. */
  public static final class RateConverter implements ITypeConverter<Rate> {
    @Override
    public Rate convert(String text) {
      try {
        return Rate.parse(text);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }
}

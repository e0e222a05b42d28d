package io.dragonfly.examples.terminal;

import java.util.Locale;

/** Numbers that take as many columns whatever they are, so that nothing jumps about. */
public final class Aligned {
  private static final String[] UNITS = {"B  ", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

  private Aligned() {}

  /** Writes a number of bytes in eight columns, with three digits or so. */
  public static String size(long bytes) {
    double value = bytes;
    int at = 0;
    while (value >= 999.5 && at < UNITS.length - 1) {
      value /= 1024;
      at++;
    }
    String number =
        at == 0 || value >= 99.95
            ? String.format(Locale.ROOT, "%.0f", value)
            : String.format(Locale.ROOT, "%.1f", value);
    return "%4s %s".formatted(number, UNITS[at]);
  }

  /** Writes a rate in ten columns. */
  public static String rate(double bytesPerSecond) {
    String size = size((long) bytesPerSecond);
    String number = size.stripTrailing();
    return number + "/s" + size.substring(number.length());
  }

  /** Writes a share from 0 to 1 in four columns, in percent; 100 only if nothing is missing. */
  public static String percent(double share) {
    return "%3d%%".formatted((int) (Math.max(0, Math.min(1, share)) * 100));
  }
}

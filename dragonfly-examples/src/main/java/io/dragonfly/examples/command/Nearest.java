package io.dragonfly.examples.command;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Finds the name that somebody probably meant. */
final class Nearest {
  private Nearest() {}

  /** Returns the name that is nearest to a text, if one is so near that it may be a mistake. */
  static Optional<String> to(String text, Collection<String> names) {
    int most = Math.max(1, Math.min(3, text.length() / 3));
    return names.stream()
        .filter(name -> distance(text, name) <= most)
        .min(
            Comparator.comparingInt((String name) -> distance(text, name))
                .thenComparing(Comparator.naturalOrder()));
  }

  /** Returns the question behind an error, or nothing. */
  static String suggestion(String text, Collection<String> names) {
    return to(text, names).map(name -> ", did you mean '%s'?".formatted(name)).orElse("");
  }

  /** How many letters differ, are too many, too few, or changed places with the next. */
  private static int distance(String from, String to) {
    int[][] rows = new int[from.length() + 1][to.length() + 1];
    for (int i = 0; i <= from.length(); i++) {
      rows[i][0] = i;
    }
    for (int j = 0; j <= to.length(); j++) {
      rows[0][j] = j;
    }
    for (int i = 1; i <= from.length(); i++) {
      for (int j = 1; j <= to.length(); j++) {
        int replaced = from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1;
        int least =
            Math.min(
                rows[i - 1][j - 1] + replaced, Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1));
        boolean swapped =
            i > 1
                && j > 1
                && from.charAt(i - 1) == to.charAt(j - 2)
                && from.charAt(i - 2) == to.charAt(j - 1);
        rows[i][j] = swapped ? Math.min(least, rows[i - 2][j - 2] + 1) : least;
      }
    }
    return rows[from.length()][to.length()];
  }
}

package io.dragonfly.examples.terminal;

import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** The signs that a terminal can show, each one column wide. */
public enum Glyphs {
  /** Plain signs, which each terminal has. */
  ASCII("#", "-", "", "->"),
  /** Blocks, in eighths of a column. */
  UTF_8("█", "░", "▏▎▍▌▋▊▉", "→");

  /** Set by the start script where it has set the locale, and the user had none. */
  private static final String PLAIN = "dragonfly_plain";

  private final String full;
  private final String empty;
  private final String eighths;
  private final String arrow;

  Glyphs(String full, String empty, String eighths, String arrow) {
    this.full = full;
    this.empty = empty;
    this.eighths = eighths;
    this.arrow = arrow;
  }

  /** Returns what a user's terminal can show, as the user's environment says. */
  public static Glyphs of(Map<String, String> environment) {
    String locale =
        Stream.of("LC_ALL", "LC_CTYPE", "LANG")
            .map(name -> environment.getOrDefault(name, ""))
            .filter(value -> !value.isEmpty())
            .findFirst()
            .orElse("")
            .toLowerCase(Locale.ROOT);
    boolean plain = environment.containsKey(PLAIN);
    boolean utf8 = locale.contains("utf-8") || locale.contains("utf8");
    // Where East Asian signs are usual, terminals may give a block two columns.
    boolean wide = Stream.of("ja", "ko", "zh").anyMatch(locale::startsWith);
    return utf8 && !wide && !plain ? UTF_8 : ASCII;
  }

  /** Returns a bar of so many columns, at least 3, filled up to a share from 0 to 1. */
  public String bar(double share, int columns) {
    int inner = columns - 2;
    double filled = Math.max(0, Math.min(1, share)) * inner;
    int whole = (int) filled;
    int eighth = (int) ((filled - whole) * 8);
    boolean part = eighth > 0 && !eighths.isEmpty();
    return "["
        + full.repeat(whole)
        + (part ? eighths.substring(eighth - 1, eighth) : "")
        + empty.repeat(inner - whole - (part ? 1 : 0))
        + "]";
  }

  /** Returns what leads from one to another. */
  public String arrow() {
    return arrow;
  }
}

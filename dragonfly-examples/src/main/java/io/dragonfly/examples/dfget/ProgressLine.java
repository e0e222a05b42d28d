package io.dragonfly.examples.dfget;

import io.dragonfly.examples.terminal.Aligned;
import io.dragonfly.examples.terminal.Glyphs;
import io.dragonfly.fetch.FetchProgress;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * How far a fetch is, in one line: as many parts as fit into the terminal's columns, each as wide
 * whatever its value is, so that nothing jumps about. Immutable.
 */
final class ProgressLine {
  /** Below this a bar says less than the space is worth. */
  private static final int LEAST_BAR = 8;

  private static final int MOST_BAR = 62;
  private static final String GAP = "  ";

  /** Which parts a line has, best first: the first one that fits is taken. */
  private static final List<List<Part>> LAYOUTS =
      List.of(
          List.of(Part.BAR, Part.PERCENT, Part.BYTES_OF, Part.RATE, Part.SHARES, Part.LEFT),
          List.of(Part.BAR, Part.PERCENT, Part.BYTES, Part.RATE, Part.SHARES, Part.LEFT),
          List.of(Part.BAR, Part.PERCENT, Part.BYTES, Part.RATE, Part.SHORT_SHARES, Part.LEFT),
          List.of(Part.BAR, Part.PERCENT, Part.BYTES, Part.RATE, Part.LEFT),
          List.of(Part.BAR, Part.PERCENT, Part.RATE, Part.LEFT),
          List.of(Part.BAR, Part.PERCENT, Part.RATE),
          List.of(Part.PERCENT, Part.RATE),
          List.of(Part.PERCENT));

  private static final List<List<Part>> LAYOUTS_OF_UNKNOWN_LENGTH =
      List.of(
          List.of(Part.BYTES, Part.RATE, Part.SHARES),
          List.of(Part.BYTES, Part.RATE, Part.SHORT_SHARES),
          List.of(Part.BYTES, Part.RATE),
          List.of(Part.BYTES));

  private final Glyphs glyphs;
  private final FetchProgress progress;
  private final double bytesPerSecond;

  private enum Part {
    BAR,
    PERCENT,
    BYTES_OF,
    BYTES,
    RATE,
    LEFT,
    SHARES,
    SHORT_SHARES
  }

  /** A line about a moment of a fetch. */
  ProgressLine(Glyphs glyphs, FetchProgress progress, double bytesPerSecond) {
    this.glyphs = glyphs;
    this.progress = progress;
    this.bytesPerSecond = bytesPerSecond;
  }

  /**
   * Returns the line for a terminal, at least one column shorter than that: in some, a sign in the
   * last column takes the cursor to the next line.
   */
  String render(int columns) {
    int room = columns - 1;
    boolean known = progress.length().isPresent();
    for (List<Part> layout : known ? LAYOUTS : LAYOUTS_OF_UNKNOWN_LENGTH) {
      int needed = GAP.length() * (layout.size() - 1);
      for (Part part : layout) {
        needed += part == Part.BAR ? LEAST_BAR : text(part).length();
      }
      if (needed <= room) {
        return render(layout, LEAST_BAR + Math.min(room - needed, MOST_BAR - LEAST_BAR));
      }
    }
    return "";
  }

  private String render(List<Part> layout, int bar) {
    List<String> texts = new ArrayList<>();
    for (Part part : layout) {
      texts.add(part == Part.BAR ? glyphs.bar(share(), bar) : text(part));
    }
    return String.join(GAP, texts).stripTrailing();
  }

  private String text(Part part) {
    return switch (part) {
      case BAR -> "";
      case PERCENT -> Aligned.percent(share());
      case BYTES -> Aligned.size(progress.bytes());
      case BYTES_OF ->
          Aligned.size(progress.bytes()) + " of " + Aligned.size(progress.length().orElse(0));
      case RATE -> Aligned.rate(bytesPerSecond);
      case LEFT -> left();
      case SHARES -> shares(true);
      case SHORT_SHARES -> shares(false);
    };
  }

  private double share() {
    long length = progress.length().orElse(0);
    return length == 0 ? 1 : Math.min(1, (double) progress.bytes() / length);
  }

  /** Writes the time that the rest takes at this rate, in eleven columns. */
  private String left() {
    OptionalLong length = progress.length();
    long rest = length.orElse(0) - progress.bytes();
    if (rest <= 0) {
      return " ".repeat(11);
    }
    if (bytesPerSecond < 1) {
      return " --:-- left";
    }
    long seconds = (long) Math.ceil(rest / bytesPerSecond);
    long hours = seconds / 3600;
    String time =
        hours == 0
            ? "%d:%02d".formatted(seconds / 60, seconds % 60)
            : hours < 100
                ? "%dh%02dm".formatted(hours, seconds / 60 % 60)
                : hours < 24_000 ? "%d d".formatted(hours / 24) : ">999 d";
    return "%6s left".formatted(time);
  }

  /** Writes who gave how much of what has come; those that gave nothing only if there is room. */
  private String shares(boolean all) {
    long come = progress.bytes() - progress.bytesFromStore();
    List<String> texts = new ArrayList<>();
    addShare(texts, all, "peers", progress.bytesFromPeers(), come);
    addShare(texts, all, "supernode", progress.bytesFromSupernode(), come);
    addShare(texts, all, "source", progress.bytesFromSource(), come);
    return String.join(" ", texts);
  }

  private static void addShare(List<String> to, boolean all, String name, long bytes, long come) {
    if (all || bytes > 0) {
      to.add("%s %3d%%".formatted(name, come <= 0 ? 0 : Math.round(100.0 * bytes / come)));
    }
  }
}

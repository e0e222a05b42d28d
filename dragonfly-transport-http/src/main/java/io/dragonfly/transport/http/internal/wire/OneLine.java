package io.dragonfly.transport.http.internal.wire;

/** Makes text of unknown origin fit for a line of a log, a terminal or a header. */
public final class OneLine {
  private static final int MAX_LENGTH = 1_000;

  private OneLine() {}

  /**
   * Returns the text without line breaks and other control characters, and cut to 1,000 characters.
   */
  public static String of(String text) {
    String cut = text.length() > MAX_LENGTH ? text.substring(0, MAX_LENGTH - 3) + "..." : text;
    if (cut.chars().noneMatch(Character::isISOControl)) {
      return cut;
    }
    StringBuilder line = new StringBuilder(cut.length());
    cut.chars().forEach(c -> line.append(Character.isISOControl(c) ? ' ' : (char) c));
    return line.toString();
  }

  /** Returns the text as a header's value: what is not printable ASCII becomes a question mark. */
  public static String ofHeader(String text) {
    StringBuilder line = new StringBuilder();
    of(text).chars().forEach(c -> line.append(c < 0x20 || c > 0x7e ? '?' : (char) c));
    return line.toString();
  }
}

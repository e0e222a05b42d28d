package io.dragonfly.examples.terminal;

/** Text of several words in lines that are not too long. */
public final class Words {
  private static final String INDENT = "  ";

  private Words() {}

  /** Breaks a text between words so that it fits a terminal; a longer word stays whole. */
  public static String wrap(String text, int columns) {
    StringBuilder lines = new StringBuilder();
    int column = 0;
    for (String word : text.split(" ", -1)) {
      if (column > 0 && column + 1 + word.length() >= columns) {
        lines.append(System.lineSeparator()).append(INDENT);
        column = INDENT.length();
      } else if (column > 0) {
        lines.append(' ');
        column++;
      }
      lines.append(word);
      column += word.length();
    }
    return lines.toString();
  }
}

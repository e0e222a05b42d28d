package io.dragonfly.examples.terminal;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import java.util.List;

/**
 * Lines on a terminal that are drawn again in their place. The caller keeps each shorter than the
 * terminal is wide. Between two drawings the cursor stays in front of the first line: wherever a
 * terminal that becomes narrower puts the rest of the lines, it is behind the cursor, and the next
 * drawing removes it; what is drawn before that is known is cut by the terminal and not wrapped.
 * Not safe for concurrent use.
 */
public final class Redrawn {
  private static final String CUT = "\u001b[?7l";
  private static final String WRAP = "\u001b[?7h";
  private static final String ERASE_LINE_END = "\u001b[K";
  private static final String ERASE_BELOW = "\u001b[J";

  private final OutputStream out;
  private List<String> drawn = List.of();

  /** Draws nothing yet. */
  public Redrawn(OutputStream out) {
    this.out = out;
  }

  /** Draws lines in the place of those drawn before. */
  public void draw(List<String> lines) throws IOException {
    if (!lines.isEmpty()) {
      write(text(lines) + up(lines.size() - 1) + "\r");
      drawn = List.copyOf(lines);
    }
  }

  /** Draws lines for the last time: what is written next comes below them. */
  public void finish(List<String> lines) throws IOException {
    if (!lines.isEmpty()) {
      write(text(lines) + "\r\n");
      drawn = List.of();
    }
  }

  /** Removes what is drawn. */
  public void erase() throws IOException {
    if (!drawn.isEmpty()) {
      write("\r" + ERASE_BELOW);
      drawn = List.of();
    }
  }

  private static String text(List<String> lines) {
    return "\r" + CUT + String.join(ERASE_LINE_END + "\r\n", lines) + ERASE_BELOW + WRAP;
  }

  private static String up(int lines) {
    return lines == 0 ? "" : "\u001b[" + lines + "A";
  }

  private void write(String text) throws IOException {
    out.write(text.getBytes(UTF_8));
    out.flush();
  }
}

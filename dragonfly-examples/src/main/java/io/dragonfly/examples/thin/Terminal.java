package io.dragonfly.examples.thin;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** The terminal behind stderr. Loaded only where there is one. */
final class Terminal implements sun.misc.SignalHandler {
  private final Connection connection;

  private Terminal(Connection connection) {
    this.connection = connection;
  }

  /** Tells the server each time the terminal gets another width. */
  static void onResize(Connection connection) {
    try {
      sun.misc.Signal.handle(new sun.misc.Signal("WINCH"), new Terminal(connection));
    } catch (IllegalArgumentException e) {
      // a system without that signal: the width stays what it was
    }
  }

  @Override
  public void handle(sun.misc.Signal signal) {
    try {
      int columns = columns();
      if (columns > 0) {
        connection.sendColumns(columns);
      }
    } catch (IOException e) {
      // the call is over, or the width is not known
    }
  }

  private static int columns() throws IOException {
    Process stty =
        new ProcessBuilder("stty", "size")
            .redirectInput(new File("/dev/fd/2"))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String size;
    try (var out = stty.getInputStream()) {
      size = new String(out.readNBytes(64), StandardCharsets.US_ASCII).trim();
    }
    int space = size.indexOf(' ');
    try {
      return space < 0 ? 0 : Integer.parseInt(size.substring(space + 1));
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}

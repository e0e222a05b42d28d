package io.dragonfly.transport.http.internal.source;

import java.util.OptionalLong;

/**
 * Finds where the headers of an HTTP/1.1 answer end, those of interim answers (1xx) before it
 * included. Used by one thread at a time.
 */
final class HeaderEnd {
  /** Where the first digit of the status stands in {@code HTTP/1.1 200 OK}. */
  private static final int STATUS = 9;

  private long scanned;
  private int column;
  private boolean isFirstLine;
  private boolean isInterim;
  private boolean found = true;

  /** The next byte is the first of an answer. */
  void restart() {
    scanned = 0;
    column = 0;
    isFirstLine = true;
    isInterim = false;
    found = false;
  }

  void scan(byte[] bytes, int offset, int count) {
    for (int i = offset; i < offset + count && !found; i++) {
      scanned++;
      if (bytes[i] == '\n') {
        endLine();
      } else if (bytes[i] != '\r') {
        if (isFirstLine && column == STATUS) {
          isInterim = bytes[i] == '1';
        }
        column++;
      }
    }
  }

  private void endLine() {
    boolean isBlank = column == 0;
    column = 0;
    if (!isBlank) {
      isFirstLine = false;
    } else if (isInterim) {
      isFirstLine = true;
      isInterim = false;
    } else {
      found = true;
    }
  }

  /** Returns how many bytes the headers have; empty while they have not ended. */
  OptionalLong position() {
    return found && scanned > 0 ? OptionalLong.of(scanned) : OptionalLong.empty();
  }
}

package io.dragonfly.scheduler;

/** Pieces on one link, or one task's part of them: how many, and how many bytes. */
final class Load {
  private long bytes;
  private int pieces;

  void add(long more) {
    pieces++;
    bytes += more;
  }

  void remove(long less) {
    pieces--;
    bytes -= less;
  }

  long bytes() {
    return bytes;
  }

  boolean isEmpty() {
    return pieces == 0;
  }

  /** Tells whether there is room for another piece: this is less than either of the limits. */
  boolean isBelow(double mostBytes, double mostPieces) {
    return bytes < mostBytes || pieces < mostPieces;
  }
}

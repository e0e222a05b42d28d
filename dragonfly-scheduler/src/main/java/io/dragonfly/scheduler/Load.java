package io.dragonfly.scheduler;

/** The number and the bytes of pieces on one link, or of one task's pieces on it. */
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

  /** Tells whether another piece may be added: the load is below one of the two limits. */
  boolean isBelow(double mostBytes, double mostPieces) {
    return bytes < mostBytes || pieces < mostPieces;
  }
}

package io.dragonfly.scheduler.simulator;

/** What comes to a peer passes in the order in which it was sent. */
final class Downlink {
  private double nanosPerByte;
  private long free;

  Downlink(double bytesPerSecond) {
    setRate(bytesPerSecond);
  }

  void setRate(double bytesPerSecond) {
    nanosPerByte = 1e9 / bytesPerSecond;
  }

  /** Bytes that come now pass; returns when they have. */
  long pass(long now, long bytes) {
    free = Math.max(now, free) + (long) (bytes * nanosPerByte);
    return free;
  }
}

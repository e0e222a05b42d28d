package io.dragonfly.scheduler.simulator;

/** A downlink: chunks pass in the order in which they were sent. */
final class Downlink {
  private double nanosPerByte;
  private long free;

  Downlink(double bytesPerSecond) {
    setRate(bytesPerSecond);
  }

  void setRate(double bytesPerSecond) {
    nanosPerByte = 1e9 / bytesPerSecond;
  }

  /** Lets bytes pass that arrive now; returns the time at which they have passed. */
  long pass(long now, long bytes) {
    free = Math.max(now, free) + (long) (bytes * nanosPerByte);
    return free;
  }
}

package io.dragonfly.transport.http.internal.client;

/**
 * How the bytes of one connection come in: how many are on their way, and how many are waited for.
 * Confined to the loop.
 */
final class ReceiveFlow {
  private final LinkRate link;
  private final ReceiveWindow window;
  private final LowWater lowWater;

  ReceiveFlow(LinkRate link, ReceiveWindow window, LowWater lowWater) {
    this.link = link;
    this.window = window;
    this.lowWater = lowWater;
  }

  /** A question goes out: its answer may be short, and late. */
  void asked(long nowNanos) {
    lowWater.asked();
    window.asked(nowNanos);
  }

  /**
   * Bytes of an answer have come.
   *
   * @param left how many of its bytes are still to come
   * @param portion how many bytes may be read at once
   */
  void received(long nowNanos, int count, long left, int portion) {
    link.received(nowNanos, count);
    lowWater.received(nowNanos, count, left, Math.min(portion, window.mostToWaitFor()));
  }

  /** Tells whether the connection should be closed once its answer is there. */
  boolean isTooSmall() {
    return window.isTooSmall();
  }
}

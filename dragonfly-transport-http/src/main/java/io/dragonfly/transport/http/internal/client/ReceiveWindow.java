package io.dragonfly.transport.http.internal.client;

import io.dragonfly.transport.http.internal.loop.EventLoops;
import io.netty.channel.Channel;
import java.util.concurrent.TimeUnit;

/**
 * How much one connection may have on its way. The system lets it grow as long as more comes, and
 * several connections to one slow link fill the queue before it: what peers say to each other and
 * to supernodes, and what a source is told of, then waits behind pieces for a tenth of a second. So
 * where a few milliseconds of the link's rate are little, no connection may have more than that.
 *
 * <p>A fast or long link needs more than a user may set by hand, so there the system goes on
 * choosing; and what was set once cannot be left to it again, so a connection for which that is too
 * little is not used any more. Confined to the loop.
 */
final class ReceiveWindow {
  /** Of the link's rate, where a round trip is shorter. */
  private static final long QUEUE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  /** With less, what is read at once gets so small that it costs more than the queue did. */
  static final int LEAST_BYTES = 64 << 10;

  /** Linux lets a user set 208 KiB. */
  static final int MOST_BYTES = 128 << 10;

  /**
   * What brings the least in 25 ms. Slower links have a long queue in any case, and who sends to
   * them would only be longer at it.
   */
  private static final long SLOWEST_BYTES_PER_SECOND = 40L * LEAST_BYTES;

  private static final long LOOK_EVERY_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final EventLoops loops;
  private final Channel channel;
  private final LinkRate link;
  private long lookedNanos;
  private int held;
  private boolean tooSmall;

  ReceiveWindow(EventLoops loops, Channel channel, LinkRate link, long nowNanos) {
    this.loops = loops;
    this.channel = channel;
    this.link = link;
    this.lookedNanos = nowNanos;
  }

  /** A question goes out, so nothing is on its way. */
  void asked(long nowNanos) {
    if (nowNanos - lookedNanos < LOOK_EVERY_NANOS || tooSmall) {
      return;
    }
    lookedNanos = nowNanos;
    long wanted = bytes(link.bytesPerSecond(), loops.leastRoundTripNanos(channel));
    if (held == 0) {
      hold(wanted);
    } else {
      tooSmall = wanted > held;
    }
  }

  /** Returns what fills the link, but for its queue; a large number where that is of no use. */
  static long bytes(long bytesPerSecond, long roundTripNanos) {
    return bytesPerSecond >= SLOWEST_BYTES_PER_SECOND && roundTripNanos != EventLoops.UNKNOWN
        ? bytesPerSecond * Math.max(roundTripNanos, QUEUE_NANOS) / TimeUnit.SECONDS.toNanos(1)
        : Long.MAX_VALUE;
  }

  /**
   * Holds it to a quarter more than this, if that may be set. What is held is never so little that
   * it could hide that the link brings more: two connections that are held by it alone show it.
   */
  private void hold(long wanted) {
    if (wanted < MOST_BYTES) {
      int bytes = (int) Math.max(wanted + wanted / 4, LEAST_BYTES);
      if (bytes <= MOST_BYTES && loops.receiveAtMost(channel, bytes)) {
        held = bytes;
      }
    }
  }

  /** Returns how much of an answer may be waited for, so that its sender need not stop. */
  int mostToWaitFor() {
    return held == 0 ? Integer.MAX_VALUE : held - held / 4;
  }

  /** Tells whether the connection should be closed once its answer is there. */
  boolean isTooSmall() {
    return tooSmall;
  }
}

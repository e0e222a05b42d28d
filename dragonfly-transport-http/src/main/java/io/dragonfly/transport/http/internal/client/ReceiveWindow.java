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
  /** Of the link's rate; a round trip that is not shorter needs more. */
  private static final long QUEUE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  /** With less, what is read at once gets so small that it costs more than the queue did. */
  static final int LEAST_BYTES = 64 << 10;

  /** Linux lets a user set 208 KiB. */
  static final int MOST_BYTES = 128 << 10;

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
    long wanted = wanted();
    if (held == 0) {
      if (wanted <= MOST_BYTES) {
        hold((int) Math.max(wanted, LEAST_BYTES));
      }
    } else {
      tooSmall = wanted > 2L * held;
    }
  }

  private long wanted() {
    return bytes(link.bytesPerSecond(), loops.leastRoundTripNanos(channel));
  }

  static long bytes(long bytesPerSecond, long roundTripNanos) {
    boolean isNear = roundTripNanos != EventLoops.UNKNOWN && roundTripNanos < QUEUE_NANOS;
    return bytesPerSecond > 0 && isNear
        ? bytesPerSecond * QUEUE_NANOS / TimeUnit.SECONDS.toNanos(1)
        : Long.MAX_VALUE;
  }

  /** Returns how much of an answer may be waited for, so that its sender need not stop. */
  int mostToWaitFor() {
    return held == 0 ? Integer.MAX_VALUE : held - held / 4;
  }

  private void hold(int bytes) {
    if (loops.receiveAtMost(channel, bytes)) {
      held = bytes;
    }
  }

  /** Tells whether the connection should be closed once its answer is there. */
  boolean isTooSmall() {
    return tooSmall;
  }
}

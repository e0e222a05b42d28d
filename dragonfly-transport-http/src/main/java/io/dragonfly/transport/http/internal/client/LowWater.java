package io.dragonfly.transport.http.internal.client;

import io.dragonfly.transport.http.internal.loop.EventLoops;
import io.netty.channel.Channel;
import java.util.concurrent.TimeUnit;

/**
 * How many bytes must have come on a connection before its loop is woken. A link that brings a
 * little all the time, from several parents at once, would otherwise cost a turn of the loop for
 * each little: at 100 Mbit/s that was most of what a peer's loops did. Where the system cannot do
 * it nothing changes. Confined to the loop.
 */
final class LowWater {
  /**
   * What comes within this time is read together. It is short beside the two seconds after which a
   * parent that gives nothing is doubted, also when a link gets many times slower at once.
   */
  private static final long TOGETHER_NANOS = TimeUnit.MILLISECONDS.toNanos(80);

  private static final int MOST_BYTES = 128 << 10;

  /** Less than this is not worth a call of the system. */
  private static final int LEAST_BYTES = 8 << 10;

  private final EventLoops loops;
  private final Channel channel;
  private final boolean used;
  private int mark = 1;
  private long together;
  private long firstNanos;
  private long bytes;

  LowWater(EventLoops loops, Channel channel) {
    this(loops, channel, true);
  }

  private LowWater(EventLoops loops, Channel channel, boolean used) {
    this.loops = loops;
    this.channel = channel;
    this.used = used;
  }

  /** For what is encrypted: nobody can tell how many bytes of it are still to come. */
  static LowWater none(EventLoops loops, Channel channel) {
    return new LowWater(loops, channel, false);
  }

  /** A question goes out: its answer may be short, and late. */
  void asked() {
    set(1);
    bytes = 0;
  }

  /**
   * Bytes of an answer have come.
   *
   * @param left how many of its bytes are still to come: as many, and no more, will wake the loop
   * @param portion how many bytes may be read at once
   */
  void received(long nowNanos, int count, long left, int portion) {
    if (bytes == 0) {
      firstNanos = nowNanos; // what came with it had more time than is known
    } else {
      together = bytes * TOGETHER_NANOS / Math.max(1, nowNanos - firstNanos);
    }
    bytes += count;
    if (left == 0) {
      return; // the next question sets it anew
    }
    int most = (int) Math.min(Math.min(MOST_BYTES, portion), left);
    int wanted = (int) Math.min(most, together);
    if (mark > most || wanted > 2 * mark || 2 * wanted < mark) {
      set(wanted < LEAST_BYTES ? 1 : wanted);
    }
  }

  private void set(int now) {
    if (used && mark != now && loops.wakeAt(channel, now)) {
      mark = now;
    }
  }
}

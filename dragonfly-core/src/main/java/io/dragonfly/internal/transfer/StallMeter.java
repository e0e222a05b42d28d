package io.dragonfly.internal.transfer;

import io.dragonfly.internal.loop.EventLoop;
import io.dragonfly.internal.loop.Timers;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Measures how long no byte comes though some are wanted, so that it can be told later. It ends
 * nothing: that is the part of limits, and of who hears of it. Confined to the loop.
 */
final class StallMeter {
  private static final Duration LOOK = Duration.ofSeconds(1);

  /** As long as a slow parent may take before somebody else is asked. */
  private static final Duration WORTH_TELLING = Duration.ofSeconds(2);

  private final EventLoop loop;
  private final BooleanSupplier isWaiting;
  private final BooleanSupplier isQueued;
  private final LongSupplier lastByteNanos;
  private final Runnable silence;
  private final Consumer<Duration> stalled;
  private Timers.@Nullable Timer next;
  private boolean silent;
  private long silentSince;

  /**
   * A meter that does not run.
   *
   * @param isWaiting tells whether bytes are wanted
   * @param lastByteNanos tells when the last one came, or it was last said that none is to come, in
   *     active time
   * @param isQueued tells whether none is to come: that is no stall
   * @param silence is told of one that lasts, again and again
   * @param stalled is told how long it took, when that is over
   */
  StallMeter(
      EventLoop loop,
      BooleanSupplier isWaiting,
      LongSupplier lastByteNanos,
      BooleanSupplier isQueued,
      Runnable silence,
      Consumer<Duration> stalled) {
    this.loop = loop;
    this.isWaiting = isWaiting;
    this.lastByteNanos = lastByteNanos;
    this.isQueued = isQueued;
    this.silence = silence;
    this.stalled = stalled;
  }

  void start() {
    if (next == null) {
      next = loop.after(LOOK, this::look);
    }
  }

  private void look() {
    next = loop.after(LOOK, this::look);
    long last = lastByteNanos.getAsLong();
    if (last != silentSince) {
      tell();
    }
    boolean isLate =
        isWaiting.getAsBoolean() && loop.activeNanos() - last >= WORTH_TELLING.toNanos();
    if (!silent && isLate && !isQueued.getAsBoolean()) {
      silent = true;
      silentSince = last;
    }
    if (silent || isLate) {
      silence.run();
    }
  }

  /** Tells of a silence that is over, or lasts still: its fetch is about to end. */
  void tell() {
    if (silent) {
      silent = false;
      long last = lastByteNanos.getAsLong();
      long end = last == silentSince ? loop.activeNanos() : last;
      stalled.accept(Duration.ofNanos(end - silentSince));
    }
  }

  /** Ends the measuring. */
  void stop() {
    if (next != null) {
      next.cancel();
      next = null;
    }
    tell();
  }
}

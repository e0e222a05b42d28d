package io.dragonfly.internal.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.BitSet;
import java.util.function.LongSupplier;

/**
 * Estimates what the system's page cache holds of a store: Java cannot ask. What this process has
 * written, read or sent lately counts as warm. Lately is within two epochs; an epoch ends after
 * {@link #EPOCH}, or when {@link #EPOCH_BYTES} were written or read. Both are low on purpose: to
 * read a warm piece once more costs some 30 us of a disk thread, to send a cold one costs an event
 * loop the time of the disk. Safe for concurrent use; nothing blocks.
 */
final class PageCache {
  static final Duration EPOCH = Duration.ofSeconds(30);

  /** Twice this fits beside the processes of nearly any machine. */
  static final long EPOCH_BYTES = 128 << 20;

  private final LongSupplier nanos;

  @GuardedBy("this")
  private long epoch;

  @GuardedBy("this")
  private long startNanos;

  @GuardedBy("this")
  private long bytes;

  /**
   * A cache that nothing of the store is known to be in.
   *
   * @param nanos monotonic nanoseconds
   */
  PageCache(LongSupplier nanos) {
    this.nanos = nanos;
    this.startNanos = nanos.getAsLong();
  }

  /** Adds bytes that were written, or read from the disk: they push others out. */
  synchronized void added(long count) {
    bytes += count;
  }

  private synchronized long epoch() {
    long now = nanos.getAsLong();
    long passed = (now - startNanos) / EPOCH.toNanos();
    if (passed > 0 || bytes >= EPOCH_BYTES) {
      epoch += Math.max(1, passed);
      startNanos = now;
      bytes = 0;
    }
    return epoch;
  }

  /** The pieces of one task that are likely to be in the cache. Safe for concurrent use. */
  final class Pieces {
    @GuardedBy("this")
    private BitSet now = new BitSet();

    @GuardedBy("this")
    private BitSet before = new BitSet();

    @GuardedBy("this")
    private long epochOfNow;

    /** Counts pieces as used now. */
    synchronized void used(int first, int last) {
      age();
      now.set(first, last + 1);
    }

    /** Tells whether all pieces are likely to be in the cache. */
    synchronized boolean areWarm(int first, int last) {
      age();
      for (int piece = first; piece <= last; piece++) {
        if (!now.get(piece) && !before.get(piece)) {
          return false;
        }
      }
      return true;
    }

    @GuardedBy("this")
    private void age() {
      long current = epoch();
      if (current != epochOfNow) {
        before = current == epochOfNow + 1 ? now : new BitSet();
        now = new BitSet();
        epochOfNow = current;
      }
    }
  }
}

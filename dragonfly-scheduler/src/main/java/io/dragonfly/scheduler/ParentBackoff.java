package io.dragonfly.scheduler;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Which parents a taker does not ask for a while. The time grows with each failure in a row, and a
 * piece from the parent ends it. "Not yet" is no failure: it is a short pause.
 */
final class Avoidance {
  private static final long FIRST_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final long MEMORY_NANOS = TimeUnit.MINUTES.toNanos(1);
  private static final int DOUBLINGS = 6;

  /** After so many failures, and no piece from a peer in between, other peers may be no better. */
  private static final int UNLUCKY = 8;

  private final Map<PeerState, Entry> entries = new HashMap<>();

  /** Failures of peers since one of them last gave a piece. */
  private int inVain;

  private static final class Entry {
    private int failures;
    private long until;
  }

  void failed(PeerState parent, long now) {
    Entry entry = entries.computeIfAbsent(parent, p -> new Entry());
    entry.until = now + (FIRST_NANOS << Math.min(entry.failures, DOUBLINGS));
    entry.failures++;
    inVain += parent.isCdn() ? 0 : 1;
  }

  void pause(PeerState parent, long now) {
    Entry entry = entries.computeIfAbsent(parent, p -> new Entry());
    if (entry.failures == 0) {
      entry.until = now + PAUSE_NANOS;
    }
  }

  void succeeded(PeerState parent) {
    if (!parent.isCdn()) {
      inVain = 0;
    }
    if (!entries.isEmpty()) {
      entries.remove(parent);
    }
  }

  /** Tells whether it has met so many peers in vain that it should not have to try all others. */
  boolean isUnlucky() {
    return inVain >= UNLUCKY;
  }

  /** Forgets what is long over. */
  void expire(long now) {
    if (!entries.isEmpty()) {
      entries.values().removeIf(entry -> now - entry.until > MEMORY_NANOS);
    }
  }

  /** Tells whether the parent is avoided because it failed. */
  boolean hasFailed(PeerState parent, long now) {
    if (entries.isEmpty()) {
      return false;
    }
    Entry entry = entries.get(parent);
    return entry != null && entry.failures > 0 && entry.until - now > 0;
  }

  boolean avoids(PeerState parent, long now) {
    if (entries.isEmpty()) {
      return false;
    }
    Entry entry = entries.get(parent);
    return entry != null && entry.until - now > 0;
  }
}

package io.dragonfly.scheduler;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The parents that one child does not ask for a while. The time doubles with each failure in a row;
 * a piece from the parent ends it. If a parent does not have the piece yet, that is not a failure:
 * the pause is short.
 */
final class ParentBackoff {
  private static final long FIRST_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final long MEMORY_NANOS = TimeUnit.MINUTES.toNanos(1);
  private static final int DOUBLINGS = 6;

  /** After this many failures in a row of any peers, other peers may be no better. */
  private static final int UNLUCKY = 8;

  private final Map<PeerState, Entry> entries = new HashMap<>();

  /** Failures of peers since a peer last uploaded a piece. */
  private int failuresInARow;

  private static final class Entry {
    private int failures;
    private long until;
  }

  void failed(PeerState parent, long now) {
    Entry entry = entries.computeIfAbsent(parent, p -> new Entry());
    entry.until = now + (FIRST_NANOS << Math.min(entry.failures, DOUBLINGS));
    entry.failures++;
    failuresInARow += parent.isCdn() ? 0 : 1;
  }

  void pause(PeerState parent, long now) {
    Entry entry = entries.computeIfAbsent(parent, p -> new Entry());
    if (entry.failures == 0) {
      entry.until = now + PAUSE_NANOS;
    }
  }

  void succeeded(PeerState parent) {
    if (!parent.isCdn()) {
      failuresInARow = 0;
    }
    if (!entries.isEmpty()) {
      entries.remove(parent);
    }
  }

  /**
   * Tells whether so many peers failed in a row that the child should get the rest from the
   * supernode cache.
   */
  boolean isUnlucky() {
    return failuresInARow >= UNLUCKY;
  }

  /** Forgets old entries. */
  void expire(long now) {
    if (!entries.isEmpty()) {
      entries.values().removeIf(entry -> now - entry.until > MEMORY_NANOS);
    }
  }

  /** Tells whether the parent is in backoff because it failed. */
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

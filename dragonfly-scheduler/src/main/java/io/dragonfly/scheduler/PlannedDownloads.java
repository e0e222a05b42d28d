package io.dragonfly.scheduler;

import org.jspecify.annotations.Nullable;

/**
 * What is planned for one taker and not assigned yet, by what it waits for. Most wait for nothing
 * but the taker, and of these come first the pieces that others wait for, since the taker is to be
 * their first holder. Others wait for their parent: to get the piece, to have room, to be asked
 * again. So nothing is looked at twice unless something has happened that it waited for.
 */
final class Agenda {
  private final TakeList urgent = new TakeList();
  private final TakeList others = new TakeList();

  /** Their parents are to get the pieces later, the earliest first. */
  private final TakeList early = new TakeList();

  /** Their parents are not to be asked for a while, or are too many. */
  private final TakeList paused = new TakeList();

  private int size;

  void add(Take take) {
    size++;
    offer(take);
  }

  /** Takes it out, whatever it waits for. */
  void remove(Take take) {
    size--;
    take.leaveList();
  }

  boolean isEmpty() {
    return size == 0;
  }

  /** What it waited for may have come: it is to be looked at. */
  void offer(Take take) {
    (take.parent().isCdn() ? urgent : others).addInOrder(take);
  }

  /** Returns the first that may be assigned now; null if none may. */
  @Nullable Take first() {
    Take first = urgent.first();
    return first == null ? others.first() : first;
  }

  /** Tells whether one may be assigned now, or time has come to look whether it may. */
  boolean hasOffers(long now) {
    return !urgent.isEmpty() || !others.isEmpty() || isTimeFor(now);
  }

  void waitUntil(Take take, long time) {
    take.setAskableAt(time);
    early.addByTime(take);
  }

  /** Tells whether time has come for one that waits for its parent to get the piece. */
  boolean isTimeFor(long now) {
    Take first = early.first();
    return first != null && first.askableAt() - now <= 0;
  }

  void offerEarly(long now) {
    for (Take take = early.first();
        take != null && take.askableAt() - now <= 0;
        take = early.first()) {
      offer(take);
    }
  }

  /**
   * Withdraws what the CDN cache has ready and the taker does not come for; tells whether any is.
   */
  boolean withdrawUnclaimed(long now) {
    boolean isAny = false;
    for (Take take = urgent.first(); take != null && take.isUnclaimed(now); take = urgent.first()) {
      take.end();
      isAny = true;
    }
    return isAny;
  }

  void pause(Take take) {
    paused.addLast(take);
  }

  boolean hasPaused() {
    return !paused.isEmpty();
  }

  void offerPaused() {
    for (Take take = paused.first(); take != null; take = paused.first()) {
      offer(take);
    }
  }

  boolean isEarly(Take take) {
    return take.list == early;
  }
}

package io.dragonfly.scheduler;

import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Takes that wait for the same thing, in an order. Each take is in one list at most, and leaves it
 * in constant time; its links are in the take itself.
 */
final class TakeList {
  private @Nullable Take first;
  private @Nullable Take last;

  boolean isEmpty() {
    return first == null;
  }

  /** Returns the first; null if there is none. */
  @Nullable Take first() {
    return first;
  }

  /** Adds a take behind all others; it leaves the list that it is in. */
  void addLast(Take take) {
    take.leaveList();
    insert(take, last);
  }

  /** Adds a take behind those that were planned before it: mostly that is near the end. */
  void addInOrder(Take take) {
    addBy(take, Take::number);
  }

  /** Adds a take behind those that may be assigned before it, or at the same time. */
  void addByTime(Take take) {
    addBy(take, Take::askableAt);
  }

  private void addBy(Take take, ToLongFunction<Take> order) {
    take.leaveList();
    long own = order.applyAsLong(take);
    Take before = last;
    while (before != null && order.applyAsLong(before) - own > 0) {
      before = before.before;
    }
    insert(take, before);
  }

  private void insert(Take take, @Nullable Take before) {
    Take after = before == null ? first : before.after;
    take.list = this;
    link(before, take);
    link(take, after);
  }

  /** Takes one out that is in here. */
  void remove(Take take) {
    Take before = take.before;
    Take after = take.after;
    take.list = null;
    take.before = null;
    take.after = null;
    link(before, after);
  }

  private void link(@Nullable Take before, @Nullable Take after) {
    if (before == null) {
      first = after;
    } else {
      before.after = after;
    }
    if (after == null) {
      last = before;
    } else {
      after.before = before;
    }
  }
}

package io.dragonfly.internal.queue;

import java.util.function.Consumer;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Bounds what runs at the same time, in total and for each key. What has to wait starts as {@link
 * FairQueue} serves it. The owner adds an entry, starts what {@link #next} returns until that is
 * null, and calls {@link #end} for each entry once.
 *
 * <p>Each operation takes constant time, amortized. Not safe for concurrent use: the owner's lock
 * guards it.
 *
 * @param <K> the keys
 * @param <E> the entries
 */
public final class KeyedLimiter<K, E> {
  private final int most;
  private final ToIntFunction<? super K> bound;
  private final FairQueue<K, E> waiting;
  private final KeyedBudget<K> running;
  private boolean isStarting;

  /**
   * A limiter that nothing runs under.
   *
   * @param most how many entries run at the same time
   * @param bound how many of them may be of one key. If it changes, call {@link #boundChanged}
   * @param waiting an empty queue, which belongs to the limiter from now on
   */
  public KeyedLimiter(int most, ToIntFunction<? super K> bound, FairQueue<K, E> waiting) {
    this.most = most;
    this.bound = bound;
    this.waiting = waiting;
    this.running = new KeyedBudget<>(most, bound::applyAsInt);
  }

  /** Adds an entry, which waits until {@link #next} returns it. */
  public void add(E entry) {
    waiting.add(entry);
    boundChanged(waiting.keyOf(entry));
  }

  /** Adds an entry that has run before. It comes before those of its key that have not. */
  public void addAgain(E entry) {
    waiting.addEarly(entry);
    boundChanged(waiting.keyOf(entry));
  }

  /** Returns an entry that runs from now on; null if none waits that may run. */
  public @Nullable E next() {
    E entry = isFull() ? null : waiting.poll();
    if (entry != null) {
      K key = waiting.keyOf(entry);
      running.add(key, 1);
      boundChanged(key);
    }
    return entry;
  }

  /**
   * Starts each entry that may run. If {@code start} calls this method, the inner call does nothing
   * and the outer one continues, so a long queue of entries that end at once is no deep recursion.
   */
  public void startAll(Consumer<? super E> start) {
    if (isStarting) {
      return;
    }
    isStarting = true;
    try {
      for (E entry = next(); entry != null; entry = next()) {
        start.accept(entry);
      }
    } finally {
      isStarting = false;
    }
  }

  /** Removes an entry, whether it waits or runs. */
  public void end(E entry) {
    if (!waiting.remove(entry)) {
      endOne(waiting.keyOf(entry));
    }
  }

  /** Counts one that runs without having waited; returns false if the bounds do not allow that. */
  public boolean tryStart(K key) {
    return running.take(key, 1) == KeyedBudget.Grant.TAKEN;
  }

  /** Counts one of a key no longer as running. Does nothing if none of them runs. */
  public void endOne(K key) {
    if (running(key) > 0) {
      running.giveBack(key, 1);
      boundChanged(key);
    }
  }

  /**
   * Says that the bound of a key may be another one now: more of its entries may start, or none.
   */
  public void boundChanged(K key) {
    if (hasRoom(key)) {
      waiting.unpark(key);
    } else {
      waiting.park(key);
    }
  }

  private boolean hasRoom(K key) {
    return running(key) < bound.applyAsInt(key);
  }

  /** Returns whether as many run as may in total. */
  public boolean isFull() {
    return running.used() >= most;
  }

  /** Returns how many run. */
  public int running() {
    return (int) running.used();
  }

  /** Returns how many of one key run. */
  public int running(K key) {
    return (int) running.used(key);
  }

  /** Returns how many wait. */
  public int waiting() {
    return waiting.size();
  }

  /** Returns how many of one key wait. */
  public int waiting(K key) {
    return waiting.size(key);
  }

  /** Returns how many of the same key start before an entry that waits. Looks at each of them. */
  public int waitingBefore(E entry) {
    return waiting.before(entry);
  }

  /** Returns whether any entry of a key waits or runs. */
  public boolean isUsed(K key) {
    return running(key) > 0 || waiting(key) > 0;
  }
}

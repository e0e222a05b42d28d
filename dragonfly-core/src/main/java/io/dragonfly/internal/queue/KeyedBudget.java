package io.dragonfly.internal.queue;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.HashMap;
import java.util.Map;
import java.util.function.ToLongFunction;

/**
 * Counts what is in use, in total and for each key, and bounds both: connections, bytes, peers. A
 * key that uses nothing takes up no memory. Safe for concurrent use.
 *
 * @param <K> the keys, such as client addresses
 */
public final class KeyedBudget<K> {
  private final long most;
  private final ToLongFunction<? super K> bound;

  @GuardedBy("this")
  private final Map<K, Long> usedOf = new HashMap<>();

  @GuardedBy("this")
  private long used;

  /** Whether an amount was taken, and if not, which bound does not allow it. */
  public enum Grant {
    /** It is counted until it is given back. */
    TAKEN,
    /** The key would have more than its bound. */
    KEY_IS_FULL,
    /** All keys together would have more than the total. */
    ALL_IS_FULL
  }

  /**
   * A budget of which nothing is used.
   *
   * @param most how much all keys together may use
   * @param bound how much of it one key may use
   */
  public KeyedBudget(long most, ToLongFunction<? super K> bound) {
    this.most = most;
    this.bound = bound;
  }

  /**
   * A budget of which each key may use a part, but always one unit.
   *
   * @param share more than 0; 1 is all
   */
  public static <K> KeyedBudget<K> shared(long most, double share) {
    long each = part(most, share);
    return new KeyedBudget<>(most, key -> each);
  }

  /** Returns the part of a total that one key may use. */
  public static long part(long most, double share) {
    checkArgument(share > 0, "share is %s, must be > 0", share);
    return Math.max(1, Math.min(most, (long) (most * share)));
  }

  /** Takes an amount, if both bounds allow it. */
  public Grant take(K key, long amount) {
    return take(key, amount, Long.MAX_VALUE);
  }

  /**
   * Takes an amount.
   *
   * @param atMost the key may not have more than this with it, whatever its bound is
   */
  public synchronized Grant take(K key, long amount, long atMost) {
    if (used + amount > most) {
      return Grant.ALL_IS_FULL;
    }
    if (used(key) + amount > Math.min(atMost, bound.applyAsLong(key))) {
      return Grant.KEY_IS_FULL;
    }
    add(key, amount);
    return Grant.TAKEN;
  }

  /** Counts an amount that the owner allows himself, whatever the bounds are. */
  synchronized void add(K key, long amount) {
    if (amount > 0) {
      used += amount;
      usedOf.merge(key, amount, Long::sum);
    }
  }

  /** Gives back what was taken; never more than the key has. */
  public synchronized void giveBack(K key, long amount) {
    long before = used(key);
    long back = Math.min(before, amount);
    used -= back;
    if (back == before) {
      usedOf.remove(key);
    } else {
      usedOf.put(key, before - back);
    }
  }

  /** Returns how much all keys use. */
  public synchronized long used() {
    return used;
  }

  /** Returns how much a key uses. */
  public synchronized long used(K key) {
    return usedOf.getOrDefault(key, 0L);
  }
}

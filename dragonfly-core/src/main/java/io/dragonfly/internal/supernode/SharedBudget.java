package io.dragonfly.internal.supernode;

import io.dragonfly.internal.queue.HostKey;
import io.dragonfly.internal.queue.KeyedBudget;
import java.util.HashMap;
import java.util.Map;

/**
 * Keeps one of values that are equal, for as long as somebody uses it, and bounds what all cost: a
 * value costs all places together its size once, and each place that uses it once. {@link Swarms}'
 * lock guards it.
 *
 * @param <K> what tells values apart
 * @param <V> the values
 */
final class SharedBudget<K, V> {
  private final String name;
  private final KeyedBudget<String> all;
  private final KeyedBudget<HostKey> places;
  private final Map<K, Shared<V>> values = new HashMap<>();

  private static final class Shared<V> {
    final V value;
    final long size;
    final Map<HostKey, Integer> users = new HashMap<>(2);

    Shared(V value, long size) {
      this.value = value;
      this.size = size;
    }
  }

  /**
   * No values.
   *
   * @param name what the values are, for people
   * @param all bounds what different values cost; several may share it
   * @param places bounds what those of one place cost
   */
  SharedBudget(String name, KeyedBudget<String> all, KeyedBudget<HostKey> places) {
    this.name = name;
    this.all = all;
    this.places = places;
  }

  /** Values of which there may be so many, and of one place a part of them. */
  static <K, V> SharedBudget<K, V> of(String name, long most, double share) {
    long each = KeyedBudget.part(most, share);
    return new SharedBudget<>(
        name,
        new KeyedBudget<>(most, any -> most),
        new KeyedBudget<>(Long.MAX_VALUE, place -> each));
  }

  /**
   * Uses a value once more.
   *
   * @return the value that is kept: this one, or one with the same key that came before
   * @throws io.dragonfly.error.BusyException if there is no room for it
   */
  V take(HostKey place, K key, V value, long size) {
    Shared<V> shared = values.get(key);
    if (shared == null) {
      Budgets.take(places, place, size, name);
      if (all.take(name, size) != KeyedBudget.Grant.TAKEN) {
        places.giveBack(place, size);
        throw Budgets.full(name);
      }
      shared = new Shared<>(value, size);
      values.put(key, shared);
    } else if (!shared.users.containsKey(place)) {
      Budgets.take(places, place, shared.size, name);
    }
    shared.users.merge(place, 1, Integer::sum);
    return shared.value;
  }

  /** Uses a value once less. */
  void giveBack(HostKey place, K key) {
    Shared<V> shared = values.get(key);
    if (shared == null || !shared.users.containsKey(place)) {
      return;
    }
    if (shared.users.merge(place, -1, Integer::sum) == 0) {
      shared.users.remove(place);
      places.giveBack(place, shared.size);
    }
    if (shared.users.isEmpty()) {
      values.remove(key);
      all.giveBack(name, shared.size);
    }
  }

  /**
   * Checks that a place may use another value.
   *
   * @throws io.dragonfly.error.BusyException if there is no room for it
   */
  void check(HostKey place, long size) {
    Budgets.take(places, place, size, name);
    places.giveBack(place, size);
  }

  /** Returns what the values of a place cost. */
  long used(HostKey place) {
    return places.used(place);
  }

  /** Returns what all values cost. */
  long used() {
    return all.used();
  }
}

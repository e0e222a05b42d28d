package io.dragonfly.scheduler;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A set of slots: the numbers of the members of a swarm. Unlike a BitSet it computes intersections
 * 64 slots at a time without a copy.
 */
final class SlotSet {
  private long[] words = {};
  private int size;

  boolean isEmpty() {
    return size == 0;
  }

  boolean get(int slot) {
    int word = slot >> 6;
    return word < words.length && (words[word] & (1L << slot)) != 0;
  }

  void set(int slot, boolean isIn) {
    if (get(slot) != isIn) {
      int word = slot >> 6;
      if (word >= words.length) {
        words = Arrays.copyOf(words, Math.max(word + 1, 2 * words.length));
      }
      words[word] ^= 1L << slot;
      size += isIn ? 1 : -1;
    }
  }

  /**
   * Returns the first slot at or after {@code from} that is in this set and in both others (null
   * stands for all slots); -1 if there is none.
   */
  int next(int from, @Nullable SlotSet one, @Nullable SlotSet other) {
    int length = Math.min(words.length, Math.min(length(one), length(other)));
    int word = from >> 6;
    if (size == 0 || word >= length) {
      return -1;
    }
    long common = common(word, one, other) & (-1L << from);
    while (common == 0 && ++word < length) {
      common = common(word, one, other);
    }
    return common == 0 ? -1 : (word << 6) + Long.numberOfTrailingZeros(common);
  }

  private long common(int word, @Nullable SlotSet one, @Nullable SlotSet other) {
    long common = words[word];
    if (one != null) {
      common &= one.words[word];
    }
    return other == null ? common : common & other.words[word];
  }

  private static int length(@Nullable SlotSet slots) {
    return slots == null ? Integer.MAX_VALUE : slots.size == 0 ? 0 : slots.words.length;
  }
}

package io.dragonfly.scheduler;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The few parents from which one child has downloads in flight, with the number of downloads. */
final class Parents {
  private @Nullable Member[] parents = new @Nullable Member[Limits.PARENTS];
  private int[] counts = new int[Limits.PARENTS];
  private int size;

  int size() {
    return size;
  }

  Member get(int place) {
    Member parent = parents[place];
    if (place >= size || parent == null) {
      throw new IndexOutOfBoundsException(place);
    }
    return parent;
  }

  boolean contains(Member parent) {
    return find(parent) < size;
  }

  /** Adds a download from this parent. */
  void add(Member parent) {
    int place = find(parent);
    if (place == size) {
      if (size == counts.length) {
        parents = Arrays.copyOf(parents, 2 * size);
        counts = Arrays.copyOf(counts, 2 * size);
      }
      parents[size++] = parent;
    }
    counts[place]++;
  }

  /** Removes a download; returns whether it was the last from this parent. */
  boolean remove(Member parent) {
    int place = find(parent);
    if (place == size || --counts[place] > 0) {
      return false;
    }
    size--;
    // Keeps the order of the others, so that decisions that depend on it are repeatable.
    System.arraycopy(parents, place + 1, parents, place, size - place);
    System.arraycopy(counts, place + 1, counts, place, size - place);
    parents[size] = null;
    counts[size] = 0;
    return true;
  }

  private int find(Member parent) {
    int place = 0;
    while (place < size && parents[place] != parent) {
      place++;
    }
    return place;
  }
}

package io.dragonfly.scheduler;

import java.util.Arrays;

/**
 * The pieces of a task, ordered by the number of copies that exist or are planned, the rarest
 * first. A count changes by one, which moves a piece across the border of its bucket in constant
 * time.
 */
final class Rarity {
  private int pieces;
  private int[] counts = new int[16];
  private int[] order = new int[16];
  private int[] places = new int[16];

  /** {@code ends[c]} is the position after the last piece with {@code c} copies. */
  private int[] ends = new int[16];

  private int highest;

  /** Grows to this number of pieces. New ones have no copy. */
  void grow(int wanted) {
    if (wanted > counts.length) {
      int size = Math.max(wanted, 2 * counts.length);
      counts = Arrays.copyOf(counts, size);
      order = Arrays.copyOf(order, size);
      places = Arrays.copyOf(places, size);
    }
    for (; pieces < wanted; pieces++) {
      place(pieces, pieces);
      // The new piece is last: move it to the front across each border.
      for (int bucket = highest; bucket > 0; bucket--) {
        swap(places[pieces], ends[bucket - 1]);
        ends[bucket]++;
      }
      ends[0]++;
    }
  }

  int pieces() {
    return pieces;
  }

  int count(int piece) {
    return counts[piece];
  }

  void increment(int piece) {
    int count = counts[piece]++;
    if (count == highest) {
      highest++;
      if (highest == ends.length) {
        ends = Arrays.copyOf(ends, 2 * ends.length);
      }
      ends[highest] = ends[count];
    }
    swap(places[piece], --ends[count]);
  }

  void decrement(int piece) {
    int count = counts[piece]--;
    swap(places[piece], ends[count - 1]++);
    if (count == highest && ends[count - 1] == ends[count]) {
      highest--;
    }
  }

  /** Returns the first position of a piece that has a copy. */
  int firstWithCopies() {
    return ends[0];
  }

  /** Tells whether there is a piece that has copies, but fewer than this number. */
  boolean hasCopiesBelow(int count) {
    return firstWithCopies() < (count > highest ? pieces : ends[Math.max(0, count - 1)]);
  }

  /** Returns the piece at a position, in order of rarity. */
  int at(int place) {
    return order[place];
  }

  private void swap(int one, int other) {
    int piece = order[one];
    place(order[other], one);
    place(piece, other);
  }

  private void place(int piece, int place) {
    order[place] = piece;
    places[piece] = place;
  }
}

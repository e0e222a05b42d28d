package io.dragonfly.scheduler;

import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Takes by piece, one of each: a hash table without nodes or boxed numbers, since there are some
 * dozens in each of ten thousand peers. Neighbouring pieces lie in neighbouring places.
 */
final class TakeTable {
  private static final int LEAST = 8;

  private @Nullable Take[] places = new @Nullable Take[LEAST];
  private int size;

  int size() {
    return size;
  }

  boolean isEmpty() {
    return size == 0;
  }

  @Nullable Take get(int piece) {
    return places[find(piece)];
  }

  /** Puts a take in, instead of the one of the same piece if there is one. */
  void put(Take take) {
    if (2 * (size + 1) > places.length) {
      resize(2 * places.length);
    }
    int place = find(take.piece());
    if (places[place] == null) {
      size++;
    }
    places[place] = take;
  }

  /** Takes the piece's take out, if there is one. */
  void remove(int piece) {
    int place = find(piece);
    if (places[place] != null) {
      size--;
      places[place] = null;
      closeGap(place);
    }
  }

  /** Passes each take on, in no order; the table must not be changed meanwhile. */
  void forEach(Consumer<Take> action) {
    for (Take take : places) {
      if (take != null) {
        action.accept(take);
      }
    }
  }

  /**
   * Tells whether there is a take of which this is true; the table must not be changed meanwhile.
   */
  boolean hasAny(Predicate<Take> which) {
    for (Take take : places) {
      if (take != null && which.test(take)) {
        return true;
      }
    }
    return false;
  }

  /** Returns where a piece is, or the free place where it would be. */
  private int find(int piece) {
    int place = piece & (places.length - 1);
    for (Take take = places[place]; take != null && take.piece() != piece; take = places[place]) {
      place = (place + 1) & (places.length - 1);
    }
    return place;
  }

  /** Who stands behind a gap and would be looked for in front of it, moves into it. */
  private void closeGap(int gap) {
    int mask = places.length - 1;
    int place = (gap + 1) & mask;
    for (Take take = places[place]; take != null; take = places[place]) {
      int wanted = take.piece() & mask;
      if (((place - wanted) & mask) >= ((place - gap) & mask)) {
        places[gap] = take;
        places[place] = null;
        gap = place;
      }
      place = (place + 1) & mask;
    }
  }

  private void resize(int length) {
    @Nullable Take[] before = places;
    places = new @Nullable Take[length];
    for (Take take : before) {
      if (take != null) {
        places[find(take.piece())] = take;
      }
    }
  }
}

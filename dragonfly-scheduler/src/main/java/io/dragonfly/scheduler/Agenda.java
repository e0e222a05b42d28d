package io.dragonfly.scheduler;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What is planned for one taker and not assigned yet, one take of a piece. What others wait for
 * comes first: pieces that the taker is to get as their first holder.
 */
final class Agenda {
  private final Map<Integer, Take> urgent = new LinkedHashMap<>();
  private final Map<Integer, Take> others = new LinkedHashMap<>();

  void add(Take take, boolean isUrgent) {
    (isUrgent ? urgent : others).put(take.piece(), take);
  }

  boolean remove(Take take) {
    return others.remove(take.piece(), take) || urgent.remove(take.piece(), take);
  }

  @Nullable Take get(int piece) {
    Take take = urgent.get(piece);
    return take == null ? others.get(piece) : take;
  }

  boolean isEmpty() {
    return urgent.isEmpty() && others.isEmpty();
  }

  /** Returns the first that may be assigned now, among so many; null if none may. */
  @Nullable Take first(int looked, Predicate<Take> may) {
    for (Map<Integer, Take> takes : List.of(urgent, others)) {
      for (Take take : takes.values()) {
        if (looked-- == 0) {
          return null;
        }
        if (may.test(take)) {
          return take;
        }
      }
    }
    return null;
  }

  List<Take> all() {
    List<Take> all = new ArrayList<>(urgent.values());
    all.addAll(others.values());
    return all;
  }
}

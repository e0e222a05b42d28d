package io.dragonfly.examples.soak;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What has happened so far. Thread-safe. */
final class Counts {
  @GuardedBy("this")
  private final Map<String, Long> numbers = new TreeMap<>();

  @GuardedBy("this")
  private final List<String> defects = new ArrayList<>();

  synchronized void add(String name, long number) {
    numbers.merge(name, number, Long::sum);
  }

  void count(String name) {
    add(name, 1);
  }

  synchronized long get(String name) {
    return numbers.getOrDefault(name, 0L);
  }

  /** Something that must not happen. */
  synchronized void defect(String what) {
    defects.add(what);
  }

  synchronized List<String> defects() {
    return List.copyOf(defects);
  }

  /** Returns the numbers whose names begin so, by the rest of their names. */
  synchronized Map<String, Long> below(String prefix) {
    Map<String, Long> found = new TreeMap<>();
    numbers.forEach(
        (name, number) -> {
          if (name.startsWith(prefix)) {
            found.put(name.substring(prefix.length()), number);
          }
        });
    return found;
  }
}

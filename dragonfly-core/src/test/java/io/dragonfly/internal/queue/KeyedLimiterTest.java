package io.dragonfly.internal.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class KeyedLimiterTest {
  private final Map<String, Integer> bounds = new HashMap<>();
  private final List<String> started = new ArrayList<>();

  private final class Entry {
    private final String key;
    private final String name;

    Entry(String key, String name) {
      this.key = key;
      this.name = name;
    }

    String key() {
      return key;
    }

    void start() {
      started.add(name);
    }
  }

  private KeyedLimiter<String, Entry> limiter(int most) {
    return new KeyedLimiter<>(
        most, key -> bounds.getOrDefault(key, 2), FairQueue.byCount(Entry::key));
  }

  private Entry add(KeyedLimiter<String, Entry> to, String key, String name) {
    Entry entry = new Entry(key, name);
    to.add(entry);
    to.startAll(Entry::start);
    return entry;
  }

  @Test
  void noMoreOfOneKeyRunAtTheSameTimeThanItsBound() {
    KeyedLimiter<String, Entry> limiter = limiter(10);
    Entry first = add(limiter, "a", "1");
    add(limiter, "a", "2");
    add(limiter, "a", "3");
    Entry fourth = add(limiter, "a", "4");
    add(limiter, "b", "5");
    assertThat(started).containsExactly("1", "2", "5");
    assertThat(limiter.waitingBefore(fourth)).isEqualTo(1);
    assertThat(limiter.waiting("a")).isEqualTo(2);

    limiter.end(first);
    limiter.startAll(Entry::start);

    assertThat(started).containsExactly("1", "2", "5", "3");
    assertThat(limiter.running("a")).isEqualTo(2);
    assertThat(limiter.running()).isEqualTo(3);
  }

  @Test
  void anEntryThatEndsWhileItWaitsLeavesTheQueue() {
    KeyedLimiter<String, Entry> limiter = limiter(10);
    List<Entry> entries = new ArrayList<>();
    for (int i = 1; i <= 4; i++) {
      entries.add(add(limiter, "a", "" + i));
    }

    limiter.end(entries.get(2));
    limiter.end(entries.get(0));
    limiter.startAll(Entry::start);

    assertThat(started).containsExactly("1", "2", "4");
    limiter.end(entries.get(1));
    limiter.end(entries.get(3));
    assertThat(limiter.isUsed("a")).isFalse();
    assertThat(limiter.running()).isZero();
  }

  @Test
  void keysTakeTurnsAtTheTotalBound() {
    KeyedLimiter<String, Entry> limiter = limiter(2);
    Deque<Entry> running = new ArrayDeque<>();
    for (int i = 0; i < 60; i++) {
      running.add(add(limiter, "a", "a"));
    }
    add(limiter, "b", "b");
    assertThat(started).containsExactly("a", "a");

    limiter.end(running.remove());
    limiter.startAll(Entry::start);

    assertThat(started).containsExactly("a", "a", "b");
  }

  @Test
  void aBoundCanChange() {
    KeyedLimiter<String, Entry> limiter = limiter(10);
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      entries.add(add(limiter, "a", "" + i));
    }
    bounds.put("a", 4);
    limiter.boundChanged("a");
    limiter.startAll(Entry::start);
    assertThat(started).hasSize(4);

    bounds.put("a", 1);
    limiter.boundChanged("a");
    for (int i = 0; i < 3; i++) {
      limiter.end(entries.get(i));
      limiter.startAll(Entry::start);
      assertThat(started).hasSize(4);
    }
    limiter.end(entries.get(3));
    limiter.startAll(Entry::start);
    assertThat(started).hasSize(5);
  }

  @Test
  void aLongQueueOfEntriesThatEndAtOnceIsNoDeepRecursion() {
    KeyedLimiter<String, Entry> limiter = limiter(10);
    Entry first = add(limiter, "a", "1");
    add(limiter, "a", "2");
    for (int i = 0; i < 100_000; i++) {
      limiter.add(new Entry("a", "short"));
    }
    add(limiter, "a", "last");

    limiter.end(first);
    endShortOnes(limiter);

    assertThat(started).containsExactly("1", "2", "last");
  }

  private static void endShortOnes(KeyedLimiter<String, Entry> limiter) {
    limiter.startAll(
        entry -> {
          if (entry.name.equals("short")) {
            limiter.end(entry);
            endShortOnes(limiter);
          } else {
            entry.start();
          }
        });
  }

  @Test
  void neverExceedsABoundAndLeavesNobodyWaitingThatMayRun() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    KeyedLimiter<String, Entry> limiter = limiter(5);
    List<Entry> running = new ArrayList<>();
    for (int step = 0; step < 20_000; step++) {
      String key = "k" + random.nextInt(4);
      switch (random.nextInt(3)) {
        case 0 -> limiter.add(new Entry(key, ""));
        case 1 -> {
          bounds.put(key, 1 + random.nextInt(4));
          limiter.boundChanged(key);
        }
        default -> {
          if (!running.isEmpty()) {
            limiter.end(running.remove(random.nextInt(running.size())));
          }
        }
      }
      limiter.startAll(
          entry -> {
            running.add(entry);
            assertThat(running.stream().filter(e -> e.key().equals(entry.key())).count())
                .as("seed %d", seed)
                .isLessThanOrEqualTo(bounds.getOrDefault(entry.key(), 2));
          });
      assertThat(limiter.running()).as("seed %d", seed).isEqualTo(running.size());
      assertThat(running.size()).as("seed %d", seed).isLessThanOrEqualTo(5);
      for (int k = 0; k < 4 && running.size() < 5; k++) {
        assertThat(
                limiter.waiting("k" + k) == 0
                    || limiter.running("k" + k) >= bounds.getOrDefault("k" + k, 2))
            .as("seed %d", seed)
            .isTrue();
      }
    }
  }
}

package io.dragonfly.internal.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FairQueueTest {
  private static final int TURN = (int) FairQueue.QUANTUM;

  private final FairQueue<String, Entry> queue =
      FairQueue.byBytes(Entry::bytes, Entry::key, List.of(Entry::child));

  private static final class Entry {
    private final String key;
    private final String child;
    private final long bytes;

    Entry(String key, String child, long bytes) {
      this.key = key;
      this.child = child;
      this.bytes = bytes;
    }

    String key() {
      return key;
    }

    String child() {
      return child;
    }

    long bytes() {
      return bytes;
    }

    @Override
    public String toString() {
      return key + child;
    }
  }

  private void add(int count, String key, String child, long bytes) {
    for (int i = 0; i < count; i++) {
      queue.add(new Entry(key, child, bytes));
    }
  }

  private List<String> poll(int count) {
    List<String> polled = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      polled.add(String.valueOf(queue.poll()));
    }
    return polled;
  }

  @Test
  void servesKeysInTurnAndThoseOfOneKeyInTurn() {
    add(60, "a", "1", TURN);
    assertThat(poll(2)).containsExactly("a1", "a1");

    add(2, "a", "2", TURN);
    add(2, "b", "3", TURN);

    assertThat(poll(6)).containsExactly("a1", "b3", "a2", "b3", "a1", "a2");
    assertThat(queue.size()).isEqualTo(56);
  }

  @Test
  void keysWithLargeEntriesGetNoMoreBytes() {
    add(100, "large", "", 16 * TURN);
    add(10_000, "small", "", TURN / 8);

    Map<String, Integer> served = new HashMap<>();
    poll(33 * 129).forEach(key -> served.merge(key, 1, Integer::sum));

    assertThat(served.get("large")).isBetween(31, 35);
    assertThat(served.get("small")).isGreaterThan(33 * 126);
  }

  @Test
  void aKeyThatIsAbsentForAMomentStaysInDebt() {
    add(1, "large", "", 16 * TURN);
    add(1000, "small", "", TURN);
    assertThat(poll(1)).containsExactly("large");

    add(1, "large", "", 16 * TURN);

    assertThat(poll(15)).containsOnly("small");
    assertThat(poll(2)).contains("large");
  }

  @Test
  void aParkedKeyIsNotServedAndSavesNothing() {
    add(50, "a", "", TURN / 4);
    add(50, "b", "", TURN / 4);
    assertThat(poll(1)).containsExactly("a");
    for (int i = 0; i < 10; i++) {
      queue.park("a");
      assertThat(poll(1)).containsExactly("b");
      queue.unpark("a");
      queue.park("b");
      assertThat(poll(1)).containsExactly("a");
      queue.unpark("b");
    }
    queue.park("b");
    queue.unpark("b");

    assertThat(poll(8)).filteredOn("a"::equals).hasSize(4);
  }

  @Test
  void entriesThatHaveRunBeforeComeFirst() {
    add(2, "a", "new", TURN);
    FairQueue<String, Entry> one = FairQueue.byCount(Entry::key);
    List<Entry> entries = List.of(new Entry("a", "1", 1), new Entry("a", "2", 1));
    Entry again = new Entry("a", "3", 1);
    Entry later = new Entry("a", "4", 1);
    entries.forEach(one::add);
    one.addEarly(again);
    one.addEarly(later);

    assertThat(one.all("a")).containsExactly(again, later, entries.get(0), entries.get(1));
    assertThat(one.before(entries.get(1))).isEqualTo(3);
    assertThat(one.poll()).isSameAs(again);
    assertThat(one.before(again)).isEqualTo(-1);
  }

  /** Compares with a model, at random. */
  @Test
  void losesAndDoublesNoEntry() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    Set<Entry> waiting = new HashSet<>();
    Set<String> parked = new HashSet<>();
    for (int step = 0; step < 20_000; step++) {
      String key = "k" + random.nextInt(4);
      switch (random.nextInt(6)) {
        case 0, 1 -> {
          Entry entry = new Entry(key, "c" + random.nextInt(3), random.nextInt(3 * TURN));
          waiting.add(entry);
          queue.add(entry);
          parked.forEach(queue::park);
        }
        case 2 -> {
          if (!waiting.isEmpty()) {
            Entry entry = waiting.iterator().next();
            waiting.remove(entry);
            assertThat(queue.remove(entry)).as("seed %d", seed).isTrue();
            assertThat(queue.remove(entry)).as("seed %d", seed).isFalse();
          }
        }
        case 3 -> {
          parked.add(key);
          queue.park(key);
        }
        case 4 -> {
          parked.remove(key);
          queue.unpark(key);
        }
        default -> {
          Entry entry = queue.poll();
          if (entry == null) {
            assertThat(waiting).as("seed %d", seed).allMatch(e -> parked.contains(e.key()));
          } else {
            assertThat(parked).as("seed %d", seed).doesNotContain(entry.key());
            assertThat(waiting.remove(entry)).as("seed %d", seed).isTrue();
          }
        }
      }
      assertThat(queue.size()).as("seed %d", seed).isEqualTo(waiting.size());
    }
    assertThat(new HashSet<>(queue.all())).as("seed %d", seed).isEqualTo(waiting);
  }
}

package io.dragonfly.internal.cdn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dragonfly.internal.queue.HostKey;
import io.dragonfly.internal.queue.KeyedBudget;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How often peers have pieces read from the supernode's disk by complaining of them. */
class ComplaintsTest extends CdnFixture {
  private static final HostKey ONE = new HostKey("192.0.2.1");
  private static final HostKey OTHER = new HostKey("192.0.2.2");
  private static final int PIECES = 40;

  /** Complaints about a task that one place may be wrong in. */
  private static final int MOST = 8;

  private final KeyedBudget<HostKey> budget = new KeyedBudget<>(1_000, place -> 100);
  private DamagedStorage damaged;
  private CdnTask task;
  private int before;
  private int last = PIECES - 1;

  @BeforeEach
  void complete() throws Exception {
    source.put(FILE, bytes(PIECES * PIECE));
    cache.close();
    damaged = new DamagedStorage();
    storage = damaged;
    cache = start();
    task = prepare(Optional.empty());
    task.read(access("alice"), Optional.empty());
    heard.awaitCompleted();
    heard.offer(access("bob"));
    heard.clear();
    before = damaged.regionsRead();
  }

  private void complainOfAll(HostKey from) {
    for (int piece = 0; piece < PIECES - 8; piece++) {
      task.complain(piece, from, budget);
    }
  }

  /** Waits for so many reads, and finds that there are no more: checks begin in their order. */
  private void awaitReads(int number) {
    task.check(last--);
    await().until(() -> damaged.regionsRead() > before + number);
    assertThat(damaged.regionsRead()).isEqualTo(before + number + 1);
    before = damaged.regionsRead();
  }

  @Test
  void aPlaceThatComplainsOfIntactPiecesIsSoonNotBelievedAndOthersAre() {
    complainOfAll(ONE);
    awaitReads(MOST);
    complainOfAll(ONE);
    complainOfAll(ONE);
    awaitReads(0);

    complainOfAll(OTHER);
    awaitReads(MOST);
    assertThat(heard.lost()).isEmpty();
  }

  @Test
  void manyAddressesThatWereWrongDoNotSilenceOthers() {
    for (int round = 0; round < 2; round++) {
      for (int place = 0; place < 4; place++) {
        complainOfAll(new HostKey("198.51.100.%d".formatted(4 * round + place)));
      }
      awaitReads(4 * MOST);
      ticker.advance(Duration.ofSeconds(11)); // what was intact a moment ago is not read
    }

    damaged.damage(5);
    task.complain(5, OTHER, budget);
    await().until(() -> heard.lost().contains(5) && heard.sealed().contains(5));
  }

  @Test
  void itIsHeardAgainAfterAnHour() {
    complainOfAll(ONE);
    awaitReads(MOST);
    letAnHourPass(budget);
    complainOfAll(ONE);
    awaitReads(MOST);
  }

  /** A check may end only now, and its hour begins then. */
  private void letAnHourPass(KeyedBudget<HostKey> budget) {
    await()
        .until(
            () -> {
              ticker.advance(CdnTask.WRONG_COMPLAINT_COUNTS);
              return budget.used() == 0;
            });
  }

  @Test
  void eachPieceThatIsReallyDamagedIsReadAgainHoweverMany() throws Exception {
    List<Integer> pieces = IntStream.range(0, 3 * MOST).boxed().toList();
    for (int piece : pieces) {
      damaged.damage(piece);
    }
    pieces.forEach(piece -> task.complain(piece, ONE, budget));
    await().until(() -> heard.lost().containsAll(pieces) && heard.sealed().containsAll(pieces));
    await().until(() -> budget.used() == 0);
  }

  @Test
  void aPlaceHasOneBudgetForAllTasks() {
    KeyedBudget<HostKey> small = new KeyedBudget<>(1_000, place -> 3);
    for (int piece = 0; piece < MOST; piece++) {
      task.complain(piece, ONE, small);
    }
    awaitReads(3);
    assertThat(small.used(ONE)).isEqualTo(3);
    letAnHourPass(small);
  }

  @Test
  void aPieceThatCannotBeReadIsNoWrongComplaint() {
    damaged.makeUnreadable(2);
    task.complain(2, ONE, budget);
    await().until(() -> damaged.regionsRead() > before);
    await().until(() -> budget.used() == 0);
  }
}

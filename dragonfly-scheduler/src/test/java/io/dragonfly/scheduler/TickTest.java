package io.dragonfly.scheduler;

import static io.dragonfly.scheduler.Peers.id;
import static io.dragonfly.scheduler.Peers.layout;
import static io.dragonfly.scheduler.Peers.peer;
import static io.dragonfly.scheduler.Peers.pieces;
import static io.dragonfly.scheduler.Peers.task;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.task.PieceSpan;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** What a tick costs. Whatever it looks at has it ask for the time, so that can be counted. */
class TickTest {
  private static final int TASKS = 100;
  private static final int PEERS = 50;
  private static final int PIECES = 4;
  private static final long SECOND = 1_000_000_000;

  private final AtomicLong nanos = new AtomicLong();
  private final AtomicLong looks = new AtomicLong();
  private final PlannedScheduler scheduler =
      new PlannedScheduler(
          () -> {
            looks.incrementAndGet();
            return nanos.get();
          });

  @Test
  void aTickLooksAtNoPeerThatHasAllThatItWants() {
    for (int task = 1; task <= TASKS; task++) {
      add(task);
      for (int peer = 1; peer <= PEERS; peer++) {
        scheduler.peerJoined(task(task), peer(peer), pieces(0, PIECES), PieceSpan.ALL);
      }
    }
    scheduler.tick();
    assertThat(looksOfTick()).isLessThan(10);

    nanos.addAndGet(2 * SECOND); // when all rates are reviewed
    assertThat(looksOfTick()).isLessThan(10 * PEERS);
  }

  @Test
  void aTickLooksAtAPeerThatLacksSomethingAgain() {
    add(1);
    scheduler.peerJoined(task(1), peer(1), pieces(0, PIECES), PieceSpan.ALL);
    scheduler.tick();
    scheduler.ready();

    scheduler.pieceLost(task(1), id(1), 2);
    scheduler.tick();

    assertThat(scheduler.ready()).containsExactly(id(1));
    assertThat(scheduler.assign(id(1), 10)).extracting(plan -> plan.piece()).containsExactly(2);
  }

  @Test
  void aTaskThatIsRemovedIsNotLookedAt() {
    add(1);
    scheduler.peerJoined(task(1), peer(1), new BitSet(), PieceSpan.ALL);
    scheduler.taskRemoved(task(1));
    scheduler.tick();
    assertThat(scheduler.isIdle()).isTrue();
    assertThat(scheduler.assign(id(1), 10)).isEmpty();
  }

  private void add(int task) {
    scheduler.taskAdded(task(task), layout(PIECES), peer(0));
    for (int piece = 0; piece < PIECES; piece++) {
      scheduler.pieceAdded(task(task), id(0), piece);
    }
  }

  private long looksOfTick() {
    long before = looks.get();
    scheduler.tick();
    return looks.get() - before;
  }
}

package io.dragonfly.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.task.PieceSpan;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a swarm knows about all of its members together. */
class SwarmTest {
  private static final int PIECES = 4 * Limits.FEW;

  private final AtomicLong now = new AtomicLong(1_000_000_000);
  private final Fleet fleet = new Fleet(now::get);
  private final Swarm swarm =
      new Swarm(fleet, Peers.task(1), Peers.layout(PIECES), fleet.peer(Peers.peer(0), true));

  @BeforeEach
  void theCdnHasItAll() {
    for (int piece = 0; piece < PIECES; piece++) {
      swarm.gained(swarm.cdn(), piece);
    }
  }

  @Test
  void whatIsPlannedForAllIsNotToBeFound() {
    join(1, PieceSpan.ALL);
    assertThat(swarm.mayBeFound()).isFalse();
  }

  @Test
  void whatOneHasMayBeFoundByAnother() {
    Member holder = join(1, PieceSpan.ALL);
    join(2, PieceSpan.ALL);
    swarm.gained(holder, 7);
    assertThat(swarm.mayBeFound()).isTrue();
  }

  @Test
  void aReaderMayFindWhatTheCdnAloneHas() {
    join(1, PieceSpan.ALL);
    Member reader = join(2, new PieceSpan(10, 20));
    assertThat(swarm.mayBeFound()).isTrue();

    reader.want(PieceSpan.ALL);
    assertThat(swarm.mayBeFound()).isFalse();
    reader.want(new PieceSpan(30, 40));
    assertThat(swarm.mayBeFound()).isTrue();
    swarm.leave(reader);
    assertThat(swarm.mayBeFound()).isFalse();
  }

  @Test
  void whoeverWantedItAllIsAReaderOnceThereIsMore() {
    join(1, new PieceSpan(0, PIECES));
    assertThat(swarm.mayBeFound()).isFalse();
    swarm.setLayout(Peers.layout(2 * PIECES));
    assertThat(swarm.mayBeFound()).isTrue();
  }

  private Member join(int number, PieceSpan wanted) {
    return swarm.join(fleet.peer(Peers.peer(number), false), new BitSet(), wanted);
  }
}

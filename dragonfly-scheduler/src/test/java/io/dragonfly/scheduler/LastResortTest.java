package io.dragonfly.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.task.PieceSpan;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Tests the parents of a peer that gets nothing by the usual rules. */
class LastResortTest {
  private static final int PIECES = 10;

  private final AtomicLong now = new AtomicLong(1_000_000_000);
  private final PeerRegistry registry = new PeerRegistry(now::get);
  private final Swarm swarm =
      new Swarm(registry, Peers.task(1), Peers.layout(PIECES), registry.peer(Peers.peer(0), true));
  private final LastResort lastResort = new LastResort(swarm);
  private final Member holder = join(1);
  private final Member child = join(2);

  @Test
  void aPeerGivesWhatTheSupernodeHasAsWell() {
    swarm.gained(swarm.cdn(), 3);
    swarm.gained(holder, 3);
    PieceDownload download = lastResort.download(child);
    assertThat(download).isNotNull();
    assertThat(download.parent()).isEqualTo(holder);
  }

  @Test
  void theSupernodeGivesWhatNoPeerHas() {
    swarm.gained(swarm.cdn(), 3);
    PieceDownload download = lastResort.download(child);
    assertThat(download).isNotNull();
    assertThat(download.parent()).isEqualTo(swarm.cdn());
  }

  private Member join(int number) {
    return swarm.join(registry.peer(Peers.peer(number), false), new BitSet(), PieceSpan.ALL);
  }
}

package io.dragonfly.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.task.PieceSpan;
import java.util.BitSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** When a fresh piece is expected where. */
class PieceDistributionTest {
  private static final int PIECES = 200;
  private static final int FRESH = 0;

  private final AtomicLong now = new AtomicLong(1_000_000_000);
  private final PeerRegistry registry = new PeerRegistry(now::get);
  private final Swarm swarm =
      new Swarm(registry, Peers.task(1), Peers.layout(PIECES), registry.peer(Peers.peer(0), true));
  private final Member candidate = join(1);
  private final Member owner = join(2);
  private final Member other = join(3);

  @Test
  void whatIsPlannedForTheOwnerDoesNotHoldUpWhatItTakesFromTheCdnCache() {
    swarm.gained(swarm.cdn(), FRESH);
    long expected = now.get() + swarm.cdn().peer().upNanos(swarm.bytes(FRESH));
    planFromCandidate(false);
    assertThat(owner.peer().downNanos()).isGreaterThan(2 * Limits.EARLY_NANOS);
    registry.drainReady();

    new PieceDistribution(swarm, FRESH).from(owner);

    assertThat(dueAtOwner()).isEqualTo(expected);
    assertThat(registry.drainReady()).contains(other.peer().peer().id()); // is told of it at once
  }

  @Test
  void whatTheOwnerHasAskedForComesBeforeIt() {
    swarm.gained(swarm.cdn(), FRESH);
    planFromCandidate(true);

    new PieceDistribution(swarm, FRESH).from(owner);

    assertThat(dueAtOwner() - now.get()).isGreaterThan(TimeUnit.SECONDS.toNanos(1));
  }

  /** Pieces for more than a second of the owner's downlink. */
  private void planFromCandidate(boolean assigned) {
    for (int piece = 100; piece < 200; piece++) {
      swarm.gained(candidate, piece);
      PieceDownload download = PieceDownload.plan(owner, piece, candidate, now.get());
      if (assigned) {
        download.assign(now.get());
      }
    }
  }

  private long dueAtOwner() {
    return owner.download(FRESH).due();
  }

  private Member join(int number) {
    return swarm.join(registry.peer(Peers.peer(number), false), new BitSet(), PieceSpan.ALL);
  }
}

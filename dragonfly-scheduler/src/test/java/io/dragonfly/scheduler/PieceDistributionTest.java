package io.dragonfly.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.task.PieceSpan;
import java.util.BitSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** When a fresh piece is expected where. */
class SpreadTest {
  private static final int PIECES = 200;
  private static final int FRESH = 0;

  private final AtomicLong now = new AtomicLong(1_000_000_000);
  private final Fleet fleet = new Fleet(now::get);
  private final Swarm swarm =
      new Swarm(fleet, Peers.task(1), Peers.layout(PIECES), fleet.peer(Peers.peer(0), true));
  private final Member giver = join(1);
  private final Member owner = join(2);
  private final Member other = join(3);

  @Test
  void whatIsPlannedForTheOwnerDoesNotHoldUpWhatItTakesFromTheCdnCache() {
    swarm.gained(swarm.cdn(), FRESH);
    long expected = now.get() + swarm.cdn().peer().upNanos(swarm.bytes(FRESH));
    planFromGiver(false);
    assertThat(owner.peer().downNanos()).isGreaterThan(2 * Limits.EARLY_NANOS);
    fleet.takeReady();

    new Spread(swarm, FRESH).from(owner);

    assertThat(dueAtOwner()).isEqualTo(expected);
    assertThat(fleet.takeReady()).contains(other.peer().peer().id()); // is told of it at once
  }

  @Test
  void whatTheOwnerHasAskedForComesBeforeIt() {
    swarm.gained(swarm.cdn(), FRESH);
    planFromGiver(true);

    new Spread(swarm, FRESH).from(owner);

    assertThat(dueAtOwner() - now.get()).isGreaterThan(TimeUnit.SECONDS.toNanos(1));
  }

  /** Pieces for more than a second of the owner's downlink. */
  private void planFromGiver(boolean assigned) {
    for (int piece = 100; piece < 200; piece++) {
      swarm.gained(giver, piece);
      Take take = Take.plan(owner, piece, giver, now.get());
      if (assigned) {
        take.assign(now.get());
      }
    }
  }

  private long dueAtOwner() {
    return owner.take(FRESH).due();
  }

  private Member join(int number) {
    return swarm.join(fleet.peer(Peers.peer(number), false), new BitSet(), PieceSpan.ALL);
  }
}

package io.dragonfly.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.PieceSpan;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a swarm knows about all of its members together. */
class SwarmTest {
  private static final int PIECES = 4 * Limits.FEW;

  private final AtomicLong now = new AtomicLong(1_000_000_000);
  private final PeerRegistry registry = new PeerRegistry(now::get);
  private final Swarm swarm =
      new Swarm(registry, Peers.task(1), Peers.layout(PIECES), registry.peer(Peers.peer(0), true));

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

  @Test
  void aDataCentreIsForgottenWithItsLastPeer() {
    for (int number = 1; number <= 100; number++) {
      PeerState peer = registry.peer(Peers.peer(number, "zone " + number), false);
      swarm.leave(swarm.join(peer, new BitSet(), PieceSpan.ALL));
    }
    assertThat(swarm.zones()).containsExactly(swarm.cdn().zone());
  }

  @Test
  void itIsActiveWhileAnybodyLacksWhatItWants() {
    Member member = join(1, new PieceSpan(3, 5));
    assertThat(swarm.isActive()).isTrue();
    swarm.gained(member, 3);
    swarm.gained(member, 9); // which it does not want
    assertThat(swarm.isActive()).isTrue();
    swarm.gained(member, 4);
    assertThat(swarm.isActive()).isFalse();

    swarm.lost(member, 4);
    assertThat(swarm.isActive()).isTrue();
    member.want(new PieceSpan(9, 10));
    assertThat(swarm.isActive()).isFalse();
    member.want(PieceSpan.ALL);
    assertThat(swarm.isActive()).isTrue();
    swarm.leave(member);
    assertThat(swarm.isActive()).isFalse();
  }

  @Test
  void itIsActiveWhileItsLengthIsUnknown() {
    Swarm growing =
        new Swarm(registry, Peers.task(2), PieceLayout.ofUnknownLength(), swarm.cdn().peer());
    Member member =
        growing.join(registry.peer(Peers.peer(1), false), Peers.pieces(0, 3), PieceSpan.ALL);
    assertThat(growing.isActive()).isTrue();

    growing.setLayout(Peers.layout(3));
    assertThat(growing.isActive()).isFalse();
    growing.lost(member, 2);
    assertThat(growing.isActive()).isTrue();
  }

  private Member join(int number, PieceSpan wanted) {
    return swarm.join(registry.peer(Peers.peer(number), false), new BitSet(), wanted);
  }
}

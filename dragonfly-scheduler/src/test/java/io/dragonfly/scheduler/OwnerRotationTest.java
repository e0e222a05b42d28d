package io.dragonfly.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.task.PieceSpan;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class OwnerRotationTest {
  private static final long MILLI = 1_000_000;

  private final PeerRegistry registry = new PeerRegistry(() -> 0);
  private final Swarm swarm =
      new Swarm(registry, Peers.task(1), Peers.layout(9), registry.peer(Peers.peer(0), true));
  private final List<Member> members = IntStream.range(1, 4).mapToObj(this::join).toList();

  @Test
  void eachComesInTurnInProportionToItsUplink() {
    rate(members.get(0), 100);
    rate(members.get(1), 100);
    rate(members.get(2), 50);
    Map<Member, Integer> turns = new HashMap<>();
    for (int i = 0; i < 40; i++) {
      turns.merge(OwnerRotation.next(members, member -> true), 1, Integer::sum);
    }
    assertThat(turns)
        .containsEntry(members.get(0), 10)
        .containsEntry(members.get(1), 10)
        .containsEntry(members.get(2), 20);
  }

  @Test
  void onlyThoseThatMayAreChosen() {
    assertThat(OwnerRotation.next(members, member -> member == members.get(1)))
        .isSameAs(members.get(1));
    assertThat(OwnerRotation.next(members, member -> false)).isNull();
  }

  private static void rate(Member member, long millisPerPiece) {
    RateMeter meter = member.peer().up().meter();
    meter.resumed(0, true);
    for (int i = 1; i <= 40; i++) {
      meter.arrived(i * millisPerPiece * MILLI, 1_000_000, true, true);
    }
  }

  private Member join(int number) {
    return swarm.join(registry.peer(Peers.peer(number), false), new BitSet(), PieceSpan.ALL);
  }
}

package io.dragonfly.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.task.PieceSpan;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ParentsTest {
  private final PeerRegistry registry = new PeerRegistry(() -> 0);
  private final Swarm swarm =
      new Swarm(registry, Peers.task(1), Peers.layout(9), registry.peer(Peers.peer(0), true));
  private final List<Member> members = IntStream.range(1, 21).mapToObj(this::join).toList();
  private final Parents parents = new Parents();

  @Test
  void aParentStaysUntilItsLastTakeEnds() {
    parents.add(members.get(0));
    parents.add(members.get(1));
    parents.add(members.get(0));
    assertThat(parents.size()).isEqualTo(2);
    assertThat(parents.remove(members.get(0))).isFalse();
    assertThat(parents.contains(members.get(0))).isTrue();
    assertThat(parents.remove(members.get(0))).isTrue();
    assertThat(parents.contains(members.get(0))).isFalse();
    assertThat(parents.remove(members.get(0))).isFalse();
    assertThat(parents.get(0)).isSameAs(members.get(1));
  }

  @Test
  void thereMayBeMoreThanUsual() {
    members.forEach(parents::add);
    members.subList(3, 17).forEach(parents::remove);
    assertThat(IntStream.range(0, parents.size()).mapToObj(parents::get))
        .containsExactly(
            members.get(0),
            members.get(1),
            members.get(2),
            members.get(17),
            members.get(18),
            members.get(19));
  }

  private Member join(int number) {
    return swarm.join(registry.peer(Peers.peer(number), false), new BitSet(), PieceSpan.ALL);
  }
}

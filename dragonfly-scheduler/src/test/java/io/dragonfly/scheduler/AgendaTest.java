package io.dragonfly.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.task.PieceSpan;
import java.util.BitSet;
import org.junit.jupiter.api.Test;

class AgendaTest {
  private final Fleet fleet = new Fleet(() -> 0);
  private final Swarm swarm =
      new Swarm(fleet, Peers.task(1), Peers.layout(9), fleet.peer(Peers.peer(0), true));
  private final Member taker = join(1);
  private final Member parent = join(2);
  private final Agenda agenda = new Agenda();

  @Test
  void whatOthersWaitForComesFirst() {
    Take first = take(3);
    Take second = take(1);
    Take urgent = take(5);
    agenda.add(first, false);
    agenda.add(second, false);
    agenda.add(urgent, true);
    assertThat(agenda.all()).containsExactly(urgent, first, second);
    assertThat(agenda.first(3, take -> take != urgent)).isSameAs(first);
    assertThat(agenda.get(5)).isSameAs(urgent);
    assertThat(agenda.get(1)).isSameAs(second);
  }

  @Test
  void notAllAreLookedAt() {
    agenda.add(take(0), false);
    agenda.add(take(1), false);
    Take last = take(2);
    agenda.add(last, false);
    assertThat(agenda.first(2, take -> take == last)).isNull();
    assertThat(agenda.first(3, take -> take == last)).isSameAs(last);
  }

  @Test
  void whatIsRemovedIsGone() {
    Take take = take(4);
    agenda.add(take, true);
    assertThat(agenda.remove(take)).isTrue();
    assertThat(agenda.remove(take)).isFalse();
    assertThat(agenda.isEmpty()).isTrue();
  }

  private Take take(int piece) {
    return Take.plan(taker, piece, parent, 0);
  }

  private Member join(int number) {
    return swarm.join(fleet.peer(Peers.peer(number), false), new BitSet(), PieceSpan.ALL);
  }
}

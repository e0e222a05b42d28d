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
  private final Agenda agenda = taker.agenda();

  @Test
  void whatOthersWaitForComesFirst() {
    Take first = take(3);
    Take second = take(1);
    Take urgent = Take.plan(taker, 5, swarm.cdn(), 0);
    assertThat(agenda.first()).isSameAs(urgent);
    agenda.remove(urgent);
    assertThat(agenda.first()).isSameAs(first);
    agenda.remove(first);
    assertThat(agenda.first()).isSameAs(second);
  }

  @Test
  void whatWaitsIsLookedAtWhenItsTimeHasCome() {
    Take late = take(0);
    Take soon = take(1);
    agenda.waitUntil(late, 30);
    agenda.waitUntil(soon, 30);
    assertThat(agenda.first()).isNull();
    assertThat(agenda.isTimeFor(29)).isFalse();
    agenda.offerEarly(29);
    assertThat(agenda.first()).isNull();

    assertThat(agenda.isTimeFor(30)).isTrue();
    agenda.offerEarly(30);
    assertThat(agenda.first()).isSameAs(late);
    agenda.remove(late);
    assertThat(agenda.first()).isSameAs(soon);
  }

  @Test
  void aPieceWhoseTimeComesEarlierIsNotHeldUpByOnesThatWerePlannedBefore() {
    Take late = take(0);
    Take soon = take(1);
    agenda.waitUntil(late, 900);
    agenda.waitUntil(soon, 30);

    assertThat(agenda.isTimeFor(30)).isTrue();
    agenda.offerEarly(30);
    assertThat(agenda.first()).isSameAs(soon);
    assertThat(agenda.isTimeFor(30)).isFalse();
  }

  @Test
  void whatIsOfferedAgainComesInItsOldPlace() {
    Take first = take(4);
    Take second = take(2);
    agenda.pause(first);
    assertThat(agenda.first()).isSameAs(second);
    assertThat(agenda.hasPaused()).isTrue();
    agenda.offerPaused();
    assertThat(agenda.hasPaused()).isFalse();
    assertThat(agenda.first()).isSameAs(first);
  }

  @Test
  void whatIsRemovedIsGoneWhateverItWaitedFor() {
    Take take = take(4);
    agenda.pause(take);
    assertThat(agenda.isEmpty()).isFalse();
    agenda.remove(take);
    assertThat(agenda.isEmpty()).isTrue();
    agenda.offerPaused();
    assertThat(agenda.first()).isNull();
  }

  private Take take(int piece) {
    return Take.plan(taker, piece, parent, 0);
  }

  private Member join(int number) {
    return swarm.join(fleet.peer(Peers.peer(number), false), new BitSet(), PieceSpan.ALL);
  }
}

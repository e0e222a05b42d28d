package io.dragonfly.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.peer.PeerId;
import io.dragonfly.task.PieceSpan;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HungryTest {
  private final AtomicLong now = new AtomicLong(1_000_000_000);
  private final Fleet fleet = new Fleet(now::get);
  private final Swarm swarm =
      new Swarm(fleet, Peers.task(1), Peers.layout(4), fleet.peer(Peers.peer(0), true));
  private final AtomicBoolean mayFind = new AtomicBoolean(true);
  private final Hungry hungry = new Hungry(fleet, mayFind::get);
  private final Member a = join(1);
  private final Member b = join(2);
  private final Member c = join(3);

  @BeforeEach
  void allAreHungry() {
    hungry.foundNothing(a, false);
    hungry.foundNothing(b, false);
    hungry.foundNothing(c, false);
  }

  @Test
  void oneIsWokenForOneThing() {
    hungry.wakeOne();
    assertThat(fleet.takeReady()).containsExactly(id(a));
  }

  @Test
  void theNextIsWokenIfOneHasNothingFromIt() {
    hungry.wakeOne();
    hungry.foundNothing(a, true);
    hungry.foundNothing(b, true);
    assertThat(fleet.takeReady()).containsExactly(id(a), id(b), id(c));
  }

  @Test
  void nobodyIsWokenInVainAllTheTime() {
    hungry.wakeOne();
    hungry.foundNothing(a, true);
    hungry.foundNothing(b, true);
    hungry.foundNothing(c, true);
    hungry.wakeOne();
    assertThat(fleet.takeReady()).hasSize(3);

    // Three look in vain for three things that happen, no more.
    hungry.wakeOne();
    assertThat(fleet.takeReady()).isEmpty();
    hungry.wakeOne();
    assertThat(fleet.takeReady()).containsExactly(id(a));
  }

  @Test
  void nobodyIsWokenWhileThereIsNothingForAnybody() {
    mayFind.set(false);
    hungry.wakeOne();
    assertThat(fleet.takeReady()).isEmpty();
    mayFind.set(true);
    hungry.wakeOne();
    assertThat(fleet.takeReady()).containsExactly(id(a));
  }

  @Test
  void nobodyLooksAgainBeforeItIsWoken() {
    assertThat(hungry.mayLook(a)).isFalse();
    hungry.wakeOne();
    assertThat(hungry.mayLook(a)).isTrue();
    assertThat(hungry.mayLook(b)).isFalse();

    fleet.takeReady();
    hungry.wake(b);
    assertThat(hungry.mayLook(b)).isTrue();
    assertThat(fleet.takeReady()).containsExactly(id(b));
  }

  @Test
  void whoGotSomethingStandsBehindWhoDidNot() {
    hungry.wakeOne();
    hungry.foundSomething(a);
    hungry.foundNothing(a, true);
    hungry.foundNothing(b, false);
    hungry.foundNothing(c, false);
    fleet.takeReady();

    hungry.wakeOne();
    hungry.wakeOne();
    assertThat(fleet.takeReady()).containsExactly(id(b));
  }

  @Test
  void timeWakesAllButWhoLeft() {
    hungry.remove(b);
    hungry.wakeAll();
    assertThat(fleet.takeReady()).containsExactly(id(a), id(c));
    hungry.wakeAll();
    assertThat(fleet.takeReady()).isEmpty();
  }

  private Member join(int number) {
    return swarm.join(fleet.peer(Peers.peer(number), false), new BitSet(), PieceSpan.ALL);
  }

  private static PeerId id(Member member) {
    return member.peer().peer().id();
  }
}

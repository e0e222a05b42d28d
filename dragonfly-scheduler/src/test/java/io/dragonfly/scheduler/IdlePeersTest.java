package io.dragonfly.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.peer.PeerId;
import io.dragonfly.task.PieceSpan;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class IdlePeersTest {
  private final AtomicLong now = new AtomicLong(1_000_000_000);
  private final PeerRegistry registry = new PeerRegistry(now::get);
  private final Swarm swarm =
      new Swarm(registry, Peers.task(1), Peers.layout(4), registry.peer(Peers.peer(0), true));
  private final AtomicBoolean mayFind = new AtomicBoolean(true);
  private final IdlePeers idlePeers = new IdlePeers(registry, mayFind::get);
  private final Member a = join(1);
  private final Member b = join(2);
  private final Member c = join(3);

  @BeforeEach
  void allAreHungry() {
    idlePeers.foundNothing(a, false);
    idlePeers.foundNothing(b, false);
    idlePeers.foundNothing(c, false);
  }

  @Test
  void oneIsWokenForOneThing() {
    idlePeers.wakeOne();
    assertThat(registry.drainReady()).containsExactly(id(a));
  }

  @Test
  void theNextIsWokenIfOneHasNothingFromIt() {
    idlePeers.wakeOne();
    idlePeers.foundNothing(a, true);
    idlePeers.foundNothing(b, true);
    assertThat(registry.drainReady()).containsExactly(id(a), id(b), id(c));
  }

  @Test
  void nobodyIsWokenInVainAllTheTime() {
    idlePeers.wakeOne();
    idlePeers.foundNothing(a, true);
    idlePeers.foundNothing(b, true);
    idlePeers.foundNothing(c, true);
    idlePeers.wakeOne();
    assertThat(registry.drainReady()).hasSize(3);

    // Three search without success after three events, no more.
    idlePeers.wakeOne();
    assertThat(registry.drainReady()).isEmpty();
    idlePeers.wakeOne();
    assertThat(registry.drainReady()).containsExactly(id(a));
  }

  @Test
  void nobodyIsWokenWhileThereIsNothingForAnybody() {
    mayFind.set(false);
    idlePeers.wakeOne();
    assertThat(registry.drainReady()).isEmpty();
    mayFind.set(true);
    idlePeers.wakeOne();
    assertThat(registry.drainReady()).containsExactly(id(a));
  }

  @Test
  void nobodyLooksAgainBeforeItIsWoken() {
    assertThat(idlePeers.mayLook(a)).isFalse();
    idlePeers.wakeOne();
    assertThat(idlePeers.mayLook(a)).isTrue();
    assertThat(idlePeers.mayLook(b)).isFalse();

    registry.drainReady();
    idlePeers.wake(b);
    assertThat(idlePeers.mayLook(b)).isTrue();
    assertThat(registry.drainReady()).containsExactly(id(b));
  }

  @Test
  void whoGotSomethingStandsBehindWhoDidNot() {
    idlePeers.wakeOne();
    idlePeers.foundSomething(a);
    idlePeers.foundNothing(a, true);
    idlePeers.foundNothing(b, false);
    idlePeers.foundNothing(c, false);
    registry.drainReady();

    idlePeers.wakeOne();
    idlePeers.wakeOne();
    assertThat(registry.drainReady()).containsExactly(id(b));
  }

  @Test
  void timeWakesAllButWhoLeft() {
    idlePeers.remove(b);
    idlePeers.wakeAll();
    assertThat(registry.drainReady()).containsExactly(id(a), id(c));
    idlePeers.wakeAll();
    assertThat(registry.drainReady()).isEmpty();
  }

  private Member join(int number) {
    return swarm.join(registry.peer(Peers.peer(number), false), new BitSet(), PieceSpan.ALL);
  }

  private static PeerId id(Member member) {
    return member.peer().peer().id();
  }
}

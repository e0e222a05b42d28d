package io.dragonfly.scheduler;

import static io.dragonfly.scheduler.Peers.id;
import static io.dragonfly.scheduler.Peers.peer;
import static io.dragonfly.scheduler.Peers.pieces;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.dragonfly.spi.Scheduler.Plan;
import io.dragonfly.task.PieceSpan;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** How slow peers are told from those that only have to do with slow ones. */
class LaggardsTest extends PlanningFixture {
  private static final int PIECES = 200;

  private final PeerRegistry registry = new PeerRegistry(nanos::get);
  private final Swarm swarm =
      new Swarm(registry, TASK, Peers.layout(PIECES), registry.peer(peer(0), true));
  private final List<Member> members =
      IntStream.rangeClosed(1, 10)
          .mapToObj(i -> swarm.join(registry.peer(peer(i), false), new BitSet(), PieceSpan.ALL))
          .toList();
  private final Member parent = members.get(0);
  private final Member child = members.get(1);

  private void after(int millis) {
    nanos.addAndGet(millis * MILLI);
    registry.review();
  }

  /** All but the child have received ten pieces a second. */
  private void othersReceive() {
    for (Member member : members) {
      RateMeter meter = member.peer().down().meter();
      meter.resumed(nanos.get(), true);
      for (int piece = 1; piece <= 8 && member != child; piece++) {
        meter.arrived(nanos.get() + piece * 100 * MILLI, swarm.pieceLength(), true, true);
      }
    }
    after(1000);
  }

  private PieceDownload assigned(int piece) {
    swarm.gained(parent, piece);
    PieceDownload download = PieceDownload.plan(child, piece, parent, nanos.get());
    download.assign(nanos.get());
    return download;
  }

  @Test
  void whoGetsNothingOfWhatLiesReadyIsSlowBeforeItsRateIsKnown() {
    othersReceive();
    PieceDownload download = assigned(0);

    after(190);
    assertThat(child.peer().isSlow()).isFalse();
    after(30); // one piece in 0.22 s would still be half of what others get
    assertThat(child.peer().isSlow()).isTrue();
    assertThat(child.isCounted()).isFalse();

    download.end();
    after(10);
    assertThat(child.peer().isSlow()).isFalse();
    assertThat(child.isCounted()).isTrue();
  }

  @Test
  void whoGetsNothingIsPassedByAsSoonAsAnotherHasShownWhatIsUsual() {
    addTask(104, 0);
    scheduler.peerJoined(TASK, peer(1), pieces(0, 100), PieceSpan.NONE);
    join(2, 3);
    List<Plan> arriving = scheduler.assign(id(2), 4);
    assertThat(scheduler.assign(id(3), 1)).hasSize(1);
    pass(300);
    arriving.forEach(plan -> done(2, plan));
    scheduler.tick(); // 0.2 s after a review in which nothing was known

    for (int fresh = 100; fresh < 104; fresh++) {
      scheduler.pieceAdded(TASK, CDN, fresh);
    }
    assertThat(scheduler.assign(id(2), 100)).filteredOn(Plan::parent, CDN).hasSize(4);
    assertThat(scheduler.assign(id(3), 100)).extracting(Plan::parent).doesNotContain(CDN);
  }

  @Test
  void whoWaitsForAParentThatHasNothingYetIsNotSlow() {
    othersReceive();
    PieceDownload download = PieceDownload.plan(child, 0, parent, nanos.get());
    download.assign(nanos.get());

    after(900);
    assertThat(child.peer().isSlow()).isFalse();
    swarm.gained(parent, 0);
    after(900);
    assertThat(child.peer().isSlow()).isTrue();
  }

  @Test
  void whoSendsToSlowTakersIsNotSlow() {
    othersReceive();
    PeerState slow = child.peer();
    for (int piece = 0; piece < 40; piece += 2) {
      PieceDownload one = assigned(piece);
      assigned(piece + 1);
      nanos.addAndGet(500 * MILLI);
      parent.peer().up().sent(nanos.get(), one.bytes(), slow);
      one.end();
    }
    assertThat(parent.peer().up().meter().isKnown()).isFalse();
  }

  @Test
  void whoSendsSlowlyToFastTakersIsKnown() {
    othersReceive();
    PeerState one = members.get(2).peer();
    PeerState other = members.get(3).peer();
    Link up = parent.peer().up();
    up.assign(nanos.get(), swarm.pieceLength(), true);
    up.assign(nanos.get(), swarm.pieceLength(), true);
    for (int piece = 0; piece < 8; piece++) {
      nanos.addAndGet(500 * MILLI);
      up.sent(nanos.get(), swarm.pieceLength(), piece % 2 == 0 ? one : other);
    }
    assertThat(up.meter().rate()).isCloseTo(2.0 * swarm.pieceLength(), within(1000.0));
  }

  @Test
  void inALargeSwarmMoreMayLieBeforeATaker() {
    after(1000);
    assertThat(registry.downlinkSeconds()).isEqualTo(Limits.DOWNLINK_SECONDS);
    IntStream.range(100, 10_100).forEach(i -> registry.peer(peer(i), false));
    after(1000);
    assertThat(registry.downlinkSeconds()).isCloseTo(3.3, within(0.1));
    assertThat(registry.find(id(100))).isPresent();
  }
}

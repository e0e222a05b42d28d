package io.dragonfly.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.dragonfly.control.Outcome;
import io.dragonfly.control.PieceResult;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.Scheduler;
import io.dragonfly.spi.Scheduler.Plan;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.TaskId;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What every {@link Scheduler} promises. Extend it, return yours from {@link #create}, run it. Its
 * time is virtual; an implementation may take as long as a minute of it to come to a decision, but
 * has to come to one.
 */
public abstract class SchedulerContract {
  private static final TaskId TASK = task(1);
  private static final TaskId OTHER_TASK = task(2);
  private static final int PIECES = 8;
  private static final PieceLayout LAYOUT =
      PieceLayout.of((long) PIECES * PieceLayout.MIN_PIECE_LENGTH);
  private static final Peer CDN = peer(0);
  private static final Peer A = peer(1);
  private static final Peer B = peer(2);
  private static final Peer C = peer(3);
  private static final int MANY = 1000;

  private final AtomicLong nanos = new AtomicLong();
  private Scheduler scheduler;
  private LockstepSwarm swarm;

  /** Makes the scheduler under test; {@code nanoClock} is the only time there is. */
  protected abstract Scheduler create(LongSupplier nanoClock);

  @BeforeEach
  void createScheduler() {
    scheduler = create(nanos::get);
    swarm = new LockstepSwarm(scheduler, nanos);
  }

  @Test
  void everyoneGetsEverythingFromTheCdnCache() {
    swarm.addTask(TASK, layout(50), CDN);
    for (int i = 1; i <= 6; i++) {
      swarm.join(TASK, peer(i), none(), PieceSpan.ALL);
    }
    for (int piece = 0; piece < 50; piece++) {
      swarm.addToCdn(TASK, piece, piece + 1);
      swarm.runSteps(1);
    }
    swarm.runToTheEnd();
  }

  @Test
  void everyoneGetsEverythingFromOnePeer() {
    swarm.addTask(TASK, layout(50), CDN);
    swarm.join(TASK, A, all(50), PieceSpan.NONE);
    for (int i = 2; i <= 6; i++) {
      swarm.join(TASK, peer(i), none(), PieceSpan.ALL);
    }
    swarm.runToTheEnd();
    assertThat(swarm.givenBy(CDN.id())).isZero();
  }

  @Test
  void whoeverComesLateGetsEverything() {
    swarm.addTask(TASK, layout(50), CDN);
    swarm.addToCdn(TASK, 0, 50);
    for (int i = 1; i <= 8; i++) {
      swarm.join(TASK, peer(i), none(), PieceSpan.ALL);
      swarm.runSteps(4);
    }
    swarm.runToTheEnd();
    swarm.join(TASK, peer(9), none(), PieceSpan.ALL);
    swarm.runToTheEnd();
  }

  @Test
  void peersWithDifferentPiecesCompleteEachOther() {
    swarm.addTask(TASK, layout(40), CDN);
    for (int i = 0; i < 4; i++) {
      BitSet has = none();
      has.set(10 * i, 10 * i + 10);
      swarm.join(TASK, peer(i + 1), has, PieceSpan.ALL);
    }
    swarm.runToTheEnd();
  }

  @Test
  void aParentThatLeavesIsReplaced() {
    swarm.addTask(TASK, layout(50), CDN);
    swarm.join(TASK, B, all(50), PieceSpan.NONE);
    for (int i = 3; i <= 6; i++) {
      swarm.join(TASK, peer(i), none(), PieceSpan.ALL);
    }
    swarm.runSteps(5);
    swarm.leave(TASK, B.id());
    swarm.addToCdn(TASK, 0, 50);
    swarm.join(TASK, peer(7), none(), PieceSpan.ALL);
    swarm.runToTheEnd();
  }

  @Test
  void whatWasToComeFromALeaverIsAssignedAgain() {
    taskWithEverythingAt(B);
    scheduler.peerJoined(TASK, A, none(), PieceSpan.ALL);
    awaitPlan(A, plan -> plan.parent().equals(B.id()));
    scheduler.peerLeft(TASK, B.id());
    fillCdn();

    Set<Integer> again = new HashSet<>();
    awaitPlan(
        A,
        plan -> {
          assertThat(plan.parent()).isEqualTo(CDN.id());
          scheduler.reported(TASK, A.id(), done(plan));
          again.add(plan.piece());
          return again.size() == PIECES;
        });
  }

  @Test
  void aSilentParentIsReplaced() {
    swarm.addTask(TASK, layout(50), CDN);
    swarm.join(TASK, B, all(50), PieceSpan.NONE);
    for (int i = 3; i <= 6; i++) {
      swarm.join(TASK, peer(i), none(), PieceSpan.ALL);
    }
    swarm.runSteps(5);
    swarm.silence(B.id());
    swarm.addToCdn(TASK, 0, 50);
    swarm.runToTheEnd();
  }

  @Test
  void onlyWantedPiecesAreAssigned() {
    taskWithEverythingAt(B);
    scheduler.peerJoined(TASK, A, none(), new PieceSpan(2, 4));
    assertThat(piecesTaken(A)).containsExactlyInAnyOrder(2, 3);

    scheduler.wantedChanged(TASK, A.id(), new PieceSpan(3, 6));
    assertThat(piecesTaken(A)).containsExactlyInAnyOrder(4, 5);
  }

  @Test
  void whatIsNotYetAssignedFollowsTheWindow() {
    taskWithEverythingAt(B);
    scheduler.peerJoined(TASK, A, none(), new PieceSpan(0, 4));
    scheduler.wantedChanged(TASK, A.id(), new PieceSpan(6, 8));
    assertThat(piecesTaken(A)).containsExactlyInAnyOrder(6, 7);
  }

  @Test
  void aPieceThatTheTakerHasIsNotAssigned() {
    taskWithEverythingAt(B);
    BitSet has = none();
    has.set(1, 6);
    scheduler.peerJoined(TASK, A, has, PieceSpan.ALL);
    scheduler.pieceAdded(TASK, A.id(), 6);
    assertThat(piecesTaken(A)).containsExactlyInAnyOrder(0, 7);
  }

  @Test
  void aPieceInFlightIsNotAssignedTwice() {
    taskWithEverythingAt(B);
    fillCdn();
    scheduler.peerJoined(TASK, A, none(), PieceSpan.ALL);
    List<Integer> pieces = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      scheduler.tick();
      scheduler.assign(A.id(), MANY).forEach(plan -> pieces.add(plan.piece()));
    }
    assertThat(pieces).isNotEmpty().doesNotHaveDuplicates();
  }

  @Test
  void aPieceThatNobodyHasIsNotAssigned() {
    scheduler.taskAdded(TASK, LAYOUT, CDN);
    scheduler.pieceAdded(TASK, CDN.id(), 5);
    scheduler.peerJoined(TASK, A, none(), PieceSpan.ALL);
    scheduler.peerJoined(TASK, B, none(), PieceSpan.ALL);
    assertThat(piecesTaken(A)).containsOnly(5);
    assertThat(piecesTaken(B)).containsOnly(5);
  }

  @Test
  void aPeerThatCannotBeReachedIsNoParent() {
    Peer inside = new Peer(B.id(), new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), "");
    swarm.addTask(TASK, layout(10), CDN);
    swarm.join(TASK, inside, all(10), PieceSpan.ALL);
    swarm.join(TASK, A, none(), PieceSpan.ALL);
    swarm.join(TASK, C, none(), PieceSpan.ALL);
    swarm.runSteps(50);
    swarm.addToCdn(TASK, 0, 10);
    swarm.runToTheEnd();
    assertThat(swarm.givenBy(inside.id())).isZero();
  }

  @Test
  void aFailedPieceIsAssignedElsewhereIfAnotherHasIt() {
    for (Outcome outcome : Outcome.values()) {
      if (outcome == Outcome.DONE || outcome == Outcome.NOT_YET || outcome == Outcome.DROPPED) {
        continue;
      }
      createScheduler();
      taskWithEverythingAt(B);
      scheduler.peerJoined(TASK, C, all(PIECES), PieceSpan.NONE);
      scheduler.peerJoined(TASK, A, none(), PieceSpan.ALL);
      Plan failed = awaitPlan(A, plan -> true);
      scheduler.reported(TASK, A.id(), ended(failed, outcome));
      Plan again = awaitPlan(A, plan -> plan.piece() == failed.piece());
      assertThat(again.parent()).as("after %s", outcome).isNotEqualTo(failed.parent());
    }
  }

  @Test
  void aFailedPieceIsAssignedAgainIfOnlyOneHasIt() {
    for (Outcome outcome : Outcome.values()) {
      if (outcome != Outcome.DONE) {
        createScheduler();
        taskWithEverythingAt(B);
        scheduler.peerJoined(TASK, A, none(), PieceSpan.ALL);
        Plan failed = awaitPlan(A, plan -> true);
        scheduler.reported(TASK, A.id(), ended(failed, outcome));
        assertThat(awaitPlan(A, plan -> plan.piece() == failed.piece())).isEqualTo(failed);
      }
    }
  }

  @Test
  void aLostPieceIsTakenFromAnotherAndGivenBackToItsHolder() {
    swarm.addTask(TASK, layout(10), CDN);
    swarm.join(TASK, B, all(10), PieceSpan.ALL);
    swarm.join(TASK, C, all(10), PieceSpan.ALL);
    swarm.lose(TASK, B.id(), 3);
    swarm.join(TASK, A, none(), PieceSpan.ALL);
    swarm.runToTheEnd();
    assertThat(swarm.has(TASK, B.id(), 3)).isTrue();
  }

  @Test
  void aPieceThatItsOnlyHolderLostIsNotAssigned() {
    taskWithEverythingAt(B);
    scheduler.pieceLost(TASK, B.id(), 3);
    scheduler.peerJoined(TASK, A, none(), PieceSpan.ALL);
    assertThat(piecesTaken(A)).contains(2, 4).doesNotContain(3);
  }

  @Test
  void undeliveredPlansAreMadeAgain() {
    taskWithEverythingAt(B);
    scheduler.peerJoined(TASK, A, none(), PieceSpan.ALL);
    List<Plan> plans = new ArrayList<>();
    awaitPlan(A, plans::add);
    scheduler.ready();
    scheduler.undelivered(A.id(), plans);
    assertThat(awaitPlan(A, plans::contains)).isIn(plans);
  }

  @Test
  void lostAnswersKeepNobodyFromTheEnd() {
    Set<Plan> once = new HashSet<>();
    swarm.addTask(TASK, layout(30), CDN);
    swarm.addToCdn(TASK, 0, 30);
    swarm.losing(plan -> plan.piece() % 3 == 0 && once.add(plan));
    for (int i = 1; i <= 4; i++) {
      swarm.join(TASK, peer(i), none(), PieceSpan.ALL);
    }
    swarm.runToTheEnd();
  }

  @Test
  void whoJoinsAgainStartsAnew() {
    taskWithEverythingAt(B);
    scheduler.peerJoined(TASK, A, none(), PieceSpan.ALL);
    Plan before = awaitPlan(A, plan -> true);
    scheduler.peerJoined(TASK, A, none(), PieceSpan.ALL);
    assertThat(piecesTaken(A)).contains(before.piece());
  }

  @Test
  void noMoreThanAskedForAreAssigned() {
    taskWithEverythingAt(B);
    fillCdn();
    scheduler.peerJoined(TASK, A, none(), PieceSpan.ALL);
    assertThat(scheduler.assign(A.id(), 0)).isEmpty();
    assertThat(scheduler.assign(A.id(), 1)).hasSizeLessThanOrEqualTo(1);
    assertThat(scheduler.assign(A.id(), 2)).hasSizeLessThanOrEqualTo(2);
    assertThat(piecesTaken(A)).isNotEmpty();
  }

  @Test
  void readyNamesWhoeverHasSomethingNewOnce() {
    scheduler.taskAdded(TASK, LAYOUT, CDN);
    scheduler.peerJoined(TASK, A, none(), PieceSpan.ALL);
    scheduler.peerJoined(TASK, B, none(), PieceSpan.NONE);
    drain();
    assertThat(scheduler.ready()).isEmpty();
    scheduler.pieceAdded(TASK, CDN.id(), 0);
    assertThat(drain()).contains(A.id());
    assertThat(scheduler.ready()).isEmpty();
  }

  @Test
  void tasksShareAProcess() {
    for (TaskId task : List.of(TASK, OTHER_TASK)) {
      scheduler.taskAdded(task, LAYOUT, CDN);
      scheduler.peerJoined(task, A, none(), PieceSpan.ALL);
      for (int piece = 0; piece < PIECES; piece++) {
        scheduler.pieceAdded(task, CDN.id(), piece);
      }
    }
    assertThat(scheduler.assign(A.id(), 2))
        .extracting(Plan::task)
        .containsExactlyInAnyOrder(TASK, OTHER_TASK);
  }

  @Test
  void tasksOfTheSamePeersEndTogether() {
    for (TaskId task : List.of(TASK, OTHER_TASK)) {
      swarm.addTask(task, layout(40), CDN);
      swarm.addToCdn(task, 0, 40);
      for (int i = 1; i <= 4; i++) {
        swarm.join(task, peer(i), none(), PieceSpan.ALL);
      }
    }
    swarm.runToTheEnd();
  }

  @Test
  void aTaskOfUnknownLengthIsPassedOnWhileItGrows() {
    PieceLayout unknown = new PieceLayout(PieceLayout.MIN_PIECE_LENGTH, OptionalLong.empty());
    swarm.addTask(TASK, unknown, CDN);
    for (int i = 1; i <= 4; i++) {
      swarm.join(TASK, peer(i), none(), PieceSpan.ALL);
    }
    for (int piece = 0; piece < 20; piece++) {
      swarm.addToCdn(TASK, piece, piece + 1);
      swarm.runSteps(3);
    }
    swarm.runSteps(1000);
    assertThat(swarm.has(TASK, A.id(), 19)).isTrue();
    swarm.addToCdn(TASK, 20, 21);
    swarm.learnLength(TASK, unknown.withLength(20L * PieceLayout.MIN_PIECE_LENGTH + 1));
    swarm.runToTheEnd();
  }

  @Test
  void nothingIsAssignedForATaskThatEnded() {
    taskWithEverythingAt(B);
    scheduler.peerJoined(TASK, A, none(), PieceSpan.ALL);
    scheduler.taskRemoved(TASK);
    assertThat(piecesTaken(A)).isEmpty();
  }

  @Test
  void whatTheSchedulerDoesNotKnowIsHarmless() {
    taskWithEverythingAt(B);
    scheduler.peerJoined(TASK, A, none(), PieceSpan.ALL);
    Plan never = new Plan(TASK, 2, C.id());
    for (Outcome outcome : Outcome.values()) {
      if (outcome != Outcome.DONE) {
        scheduler.reported(TASK, A.id(), ended(never, outcome));
      }
      scheduler.reported(TASK, C.id(), ended(never, outcome));
      scheduler.reported(OTHER_TASK, A.id(), ended(never, outcome));
      scheduler.reported(TASK, A.id(), new PieceResult(PIECES, B.id(), outcome, 1));
      scheduler.reported(TASK, A.id(), new PieceResult(-1, B.id(), outcome, 1));
    }
    scheduler.undelivered(C.id(), List.of(never));
    scheduler.undelivered(A.id(), List.of(never));
    scheduler.pieceLost(TASK, C.id(), 0);
    scheduler.pieceAdded(OTHER_TASK, A.id(), 0);
    scheduler.pieceAdded(TASK, C.id(), 0);
    scheduler.wantedChanged(TASK, C.id(), PieceSpan.ALL);
    scheduler.peerLeft(TASK, C.id());
    scheduler.peerLeft(OTHER_TASK, A.id());
    scheduler.lengthLearned(OTHER_TASK, LAYOUT);
    scheduler.taskRemoved(OTHER_TASK);
    assertThat(scheduler.assign(C.id(), MANY)).isEmpty();
    assertThat(piecesTaken(A)).hasSize(PIECES);
  }

  /** All that a taker is given while it reports each piece as done. */
  private Set<Integer> piecesTaken(Peer child) {
    Set<Integer> pieces = new HashSet<>();
    for (int i = 0; i < 100; i++) {
      nanos.addAndGet(50_000_000);
      scheduler.tick();
      for (Plan plan : scheduler.assign(child.id(), MANY)) {
        pieces.add(plan.piece());
        scheduler.reported(TASK, child.id(), done(plan));
      }
    }
    return pieces;
  }

  /** Lets time pass until a taker is given such a plan. */
  private Plan awaitPlan(Peer child, Predicate<Plan> wanted) {
    for (int i = 0; i < 1200; i++) {
      for (Plan plan : scheduler.assign(child.id(), MANY)) {
        if (wanted.test(plan)) {
          return plan;
        }
      }
      nanos.addAndGet(50_000_000);
      scheduler.tick();
    }
    return fail("no such plan within a minute");
  }

  /** Asks for all that the scheduler calls ready, until it is content; returns whom it named. */
  private Set<PeerId> drain() {
    Set<PeerId> named = new HashSet<>();
    for (int i = 0; i < 100; i++) {
      scheduler.tick();
      List<PeerId> ready = scheduler.ready();
      if (ready.isEmpty()) {
        return named;
      }
      named.addAll(ready);
      ready.forEach(child -> scheduler.assign(child, MANY));
    }
    return fail("somebody is always ready, though nothing happens");
  }

  private void taskWithEverythingAt(Peer holder) {
    scheduler.taskAdded(TASK, LAYOUT, CDN);
    scheduler.peerJoined(TASK, holder, all(PIECES), PieceSpan.NONE);
  }

  private void fillCdn() {
    for (int piece = 0; piece < PIECES; piece++) {
      scheduler.pieceAdded(TASK, CDN.id(), piece);
    }
  }

  private static PieceResult done(Plan plan) {
    return new PieceResult(plan.piece(), plan.parent(), Outcome.DONE, 20_000);
  }

  private static PieceResult ended(Plan plan, Outcome outcome) {
    return new PieceResult(plan.piece(), plan.parent(), outcome, 0);
  }

  private static PieceLayout layout(int pieces) {
    return PieceLayout.of((long) pieces * PieceLayout.MIN_PIECE_LENGTH);
  }

  private static BitSet none() {
    return new BitSet();
  }

  private static BitSet all(int pieces) {
    BitSet all = new BitSet();
    all.set(0, pieces);
    return all;
  }

  private static TaskId task(int number) {
    return new TaskId("%064x".formatted(number));
  }

  private static Peer peer(int number) {
    return new Peer(
        new PeerId("%032x".formatted(number)),
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 9000 + number),
        "");
  }
}

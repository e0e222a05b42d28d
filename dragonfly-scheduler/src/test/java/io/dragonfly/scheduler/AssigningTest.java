package io.dragonfly.scheduler;

import static io.dragonfly.scheduler.Peers.hidden;
import static io.dragonfly.scheduler.Peers.id;
import static io.dragonfly.scheduler.Peers.peer;
import static io.dragonfly.scheduler.Peers.pieces;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.Outcome;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.Scheduler.Plan;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.PieceSpan;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a child is assigned, and when. */
class AssigningTest extends PlanningFixture {
  @Test
  void whoMeetsManyPeersInVainNeedNotTryThemAll() {
    int count = 16;
    addTask(count, count);
    for (int peer = 100; peer < 1100; peer++) { // they have it all, and cannot be reached
      scheduler.peerJoined(TASK, peer(peer), pieces(0, count), PieceSpan.NONE);
    }
    join(1);

    int failures = 0;
    Set<Integer> had = new HashSet<>();
    for (int time = 0; time < 5000 && had.size() < count; time += 100) {
      for (Plan plan : scheduler.assign(id(1), 16)) {
        if (plan.parent().equals(CDN)) {
          had.add(plan.piece());
          done(1, plan);
        } else {
          failures++;
          report(1, plan, Outcome.UNREACHABLE);
        }
      }
      pass(100);
    }
    assertThat(had).hasSize(count);
    assertThat(failures).isLessThan(2 * count);
  }

  @Test
  void aTaskOfHiddenPeersGetsMoreThanItsFirstPieces() {
    int count = 200;
    addTask(count, count);
    scheduler.peerJoined(TASK, hidden(1), new BitSet(), PieceSpan.ALL);
    assertThat(takenWithin(10_000, 1)).hasSize(count);
  }

  @Test
  void aTaskThatWaitsForItsTurnKnowsItsPlace() {
    int many = 40;
    for (int number = 1; number <= many; number++) {
      scheduler.taskAdded(
          Peers.task(number), PieceLayout.of(512L * PieceLayout.MAX_PIECE_LENGTH), peer(0));
      scheduler.pieceAdded(Peers.task(number), CDN, 0);
      scheduler.peerJoined(Peers.task(number), peer(number), new BitSet(), PieceSpan.ALL);
    }
    assertThat(scheduler.assign(id(1), 10)).isNotEmpty();
    assertThat(scheduler.uplinkQueue(Peers.task(many), id(many)))
        .hasValueSatisfying(
            place -> {
              assertThat(place.place()).isBetween(1, many - 1);
              assertThat(place.length()).isLessThan(many);
            });
    assertThat(scheduler.uplinkQueue(Peers.task(1), id(2))).isEmpty();
    assertThat(scheduler.uplinkQueue(Peers.task(many + 1), id(1))).isEmpty();
  }

  @Test
  void aTakerStartsWithAFewPiecesInFlight() {
    addTask(500, 0);
    scheduler.peerJoined(TASK, peer(1), pieces(0, 500), PieceSpan.NONE);
    scheduler.peerJoined(TASK, peer(2), pieces(0, 500), PieceSpan.NONE);
    join(3);
    assertThat(scheduler.assign(id(3), 1000)).hasSize(Limits.IN_FLIGHT_FIRST);
    assertThat(scheduler.assign(id(3), 1000)).isEmpty();
  }

  @Test
  void aFastTakerHasMoreInFlight() {
    addTask(500, 0);
    for (int seed = 1; seed <= 8; seed++) {
      scheduler.peerJoined(TASK, peer(seed), pieces(0, 500), PieceSpan.NONE);
    }
    join(9);
    int most = 0;
    List<Plan> inFlight = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      inFlight.addAll(scheduler.assign(id(9), 1000));
      most = Math.max(most, inFlight.size());
      pass(20);
      inFlight.forEach(plan -> done(9, plan));
      inFlight.clear();
    }
    assertThat(most).isGreaterThan(2 * Limits.IN_FLIGHT_FIRST);
  }

  @Test
  void whatComesOfAnAnswerThatSeemedLostShowsTheRate() {
    addTask(500, 0);
    for (int seed = 1; seed <= 8; seed++) {
      scheduler.peerJoined(TASK, peer(seed), pieces(0, 500), PieceSpan.NONE);
    }
    join(9);
    int most = 0;
    for (int i = 0; i < 40; i++) {
      List<Plan> inFlight = scheduler.assign(id(9), 1000);
      most = Math.max(most, inFlight.size());
      scheduler.undelivered(id(9), inFlight); // though it is only late
      pass(20);
      inFlight.forEach(plan -> done(9, plan));
    }
    assertThat(most).isGreaterThan(2 * Limits.IN_FLIGHT_FIRST);
  }

  @Test
  void whatHasEndedIsNotSaidAgain() {
    addTask(100, 0);
    scheduler.peerJoined(TASK, peer(2), pieces(0, 100), PieceSpan.NONE);
    join(1);
    List<Plan> first = scheduler.assign(id(1), 4);
    scheduler.undelivered(id(1), first);
    done(1, first.get(0));
    assertThat(scheduler.assign(id(1), 2)).containsExactly(first.get(1), first.get(2));
    assertThat(scheduler.assign(id(1), 1)).containsExactly(first.get(3));
  }

  @Test
  void aTakerHasEightParentsAtMost() {
    addTask(100, 0);
    for (int holder = 1; holder <= 30; holder++) {
      scheduler.peerJoined(TASK, peer(holder), pieces(3 * holder, 3 * holder + 3), PieceSpan.NONE);
    }
    join(31);
    List<Plan> inFlight = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      inFlight.addAll(scheduler.assign(id(31), 1000));
      assertThat(inFlight.stream().map(Plan::parent).distinct()).hasSizeLessThanOrEqualTo(8);
      pass(30);
      for (int piece = 0; piece < Math.min(2, inFlight.size()); piece++) {
        done(31, inFlight.remove(0));
      }
    }
  }

  @Test
  void theRarestPieceComesFirst() {
    addTask(12, 0);
    scheduler.peerJoined(TASK, peer(1), pieces(0, 12), PieceSpan.NONE);
    scheduler.peerJoined(TASK, peer(2), pieces(0, 5), PieceSpan.NONE);
    scheduler.peerJoined(TASK, peer(3), pieces(6, 12), PieceSpan.NONE);
    join(4);
    assertThat(scheduler.assign(id(4), 1)).extracting(Plan::piece).containsExactly(5);
  }

  @Test
  void aReaderGetsTheFirstPiecesFirst() {
    addTask(100, 100);
    scheduler.peerJoined(TASK, peer(1), new BitSet(), new PieceSpan(40, 60));
    List<Integer> pieces = scheduler.assign(id(1), 5).stream().map(Plan::piece).toList();
    assertThat(pieces).containsExactly(40, 41, 42, 43, 44);
  }

  @Test
  void aReaderFarAheadDoesNotWaitForTheRest() {
    addTask(500, 500);
    join(1, 2, 3);
    everyoneDownloadsAll(1, 2, 3);
    scheduler.peerJoined(TASK, peer(4), new BitSet(), new PieceSpan(400, 500));
    assertThat(takenWithin(500, 4)).contains(400, 401);
  }

  @Test
  void aReaderWhoMovesOnGetsWhatLiesBefore() {
    addTask(100, 0);
    scheduler.peerJoined(TASK, peer(1), pieces(0, 100), PieceSpan.NONE);
    scheduler.peerJoined(TASK, peer(2), new BitSet(), new PieceSpan(10, 14));
    everyoneDownloadsAll(2);
    scheduler.wantedChanged(TASK, id(2), new PieceSpan(12, 18));
    assertThat(scheduler.assign(id(2), 100))
        .extracting(Plan::piece)
        .containsExactly(14, 15, 16, 17);
  }

  @Test
  void aParentIsNotAskedLongBeforeItHasThePiece() {
    scheduler.taskAdded(TASK, PieceLayout.of(512L * PieceLayout.MAX_PIECE_LENGTH), peer(0));
    join(1, 2);
    scheduler.pieceAdded(TASK, CDN, 0);
    List<Plan> first = scheduler.assign(id(1), 10);
    List<Plan> second = scheduler.assign(id(2), 10);
    int owner = first.isEmpty() ? 2 : 1;
    assertThat(first.size() + second.size()).isEqualTo(1);

    scheduler.ready();
    done(owner, new Plan(TASK, 0, CDN));
    assertThat(scheduler.ready()).contains(id(3 - owner));
    assertThat(scheduler.assign(id(3 - owner), 10)).containsExactly(new Plan(TASK, 0, id(owner)));
  }

  @Test
  void whomItIsTooEarlyToTellIsNotReady() {
    scheduler.taskAdded(TASK, PieceLayout.of(512L * PieceLayout.MAX_PIECE_LENGTH), peer(0));
    join(1, 2);
    scheduler.ready();
    scheduler.pieceAdded(TASK, CDN, 0);
    List<PeerId> ready = scheduler.ready();
    assertThat(ready).hasSize(1);
    Plan first = scheduler.assign(ready.get(0), 10).get(0);
    assertThat(first.parent()).isEqualTo(CDN);
    scheduler.pieceAdded(TASK, ready.get(0), 0);
    assertThat(scheduler.ready()).hasSize(1).doesNotContainAnyElementsOf(ready);
  }

  @Test
  void whoReportsAndHasNothingToTakeIsNotReady() {
    addTask(1, 1);
    join(1, 2);
    List<Plan> first = scheduler.assign(id(1), 10);
    scheduler.assign(id(2), 10);
    scheduler.ready();
    done(1, first.get(0));
    assertThat(scheduler.ready()).isEmpty();
  }

  @Test
  void notYetIsAskedAgainSoon() {
    addTask(4, 0);
    scheduler.peerJoined(TASK, peer(1), pieces(0, 4), PieceSpan.NONE);
    join(2);
    Plan plan = scheduler.assign(id(2), 1).get(0);
    report(2, plan, Outcome.NOT_YET);
    pass(100);
    assertThat(scheduler.assign(id(2), 10)).contains(plan);
  }

  @Test
  void aFailedParentIsAskedAgainLaterAndLater() {
    addTask(4, 0);
    scheduler.peerJoined(TASK, peer(1), pieces(0, 4), PieceSpan.NONE);
    join(2);
    long before = 0;
    for (int failures = 0; failures < 4; failures++) {
      long waited = 0;
      List<Plan> plans = scheduler.assign(id(2), 1);
      while (plans.isEmpty()) {
        pass(100);
        waited += 100;
        plans = scheduler.assign(id(2), 1);
      }
      assertThat(waited).isGreaterThanOrEqualTo(before);
      before = waited;
      report(2, plans.get(0), Outcome.UNREACHABLE);
    }
    assertThat(before).isGreaterThan(1000);
  }

  @Test
  void aLatePieceIsAskedFromOneMoreWhenNothingElseIsLeft() {
    addTask(4, 0);
    scheduler.peerJoined(TASK, peer(1), pieces(0, 4), PieceSpan.NONE);
    scheduler.peerJoined(TASK, peer(2), pieces(0, 4), PieceSpan.NONE);
    join(3);
    List<Plan> plans = scheduler.assign(id(3), 10);
    assertThat(plans).hasSize(4);
    Plan late = plans.get(3);
    plans.subList(0, 3).forEach(plan -> done(3, plan));
    pass(900);
    assertThat(scheduler.assign(id(3), 10)).isEmpty();

    scheduler.ready();
    pass(1200);
    assertThat(scheduler.ready()).contains(id(3));
    List<Plan> hedge = scheduler.assign(id(3), 10);
    assertThat(hedge).extracting(Plan::piece).containsExactly(late.piece());
    assertThat(hedge).extracting(Plan::parent).doesNotContain(late.parent());
    pass(5000);
    assertThat(scheduler.assign(id(3), 10)).isEmpty();

    // Whichever fails, the other counts.
    report(3, late, Outcome.STALLED);
    assertThat(scheduler.assign(id(3), 10)).isEmpty();
    done(3, hedge.get(0));
    pass(5000);
    assertThat(scheduler.assign(id(3), 10)).isEmpty();
  }

  @Test
  void aHedgeThatGotLostIsNoNewPlan() {
    addTask(1, 0);
    scheduler.peerJoined(TASK, peer(1), pieces(0, 1), PieceSpan.NONE);
    scheduler.peerJoined(TASK, peer(2), pieces(0, 1), PieceSpan.NONE);
    join(3);
    Plan late = scheduler.assign(id(3), 1).get(0);
    pass(3000);
    List<Plan> hedge = scheduler.assign(id(3), 1);
    scheduler.undelivered(id(3), hedge);
    assertThat(scheduler.assign(id(3), 1)).isEqualTo(hedge);
    done(3, late);
    assertThat(scheduler.assign(id(3), 1)).isEmpty();
  }
}

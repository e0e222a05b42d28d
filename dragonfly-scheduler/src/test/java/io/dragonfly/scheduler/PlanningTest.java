package io.dragonfly.scheduler;

import static io.dragonfly.scheduler.Peers.hidden;
import static io.dragonfly.scheduler.Peers.id;
import static io.dragonfly.scheduler.Peers.layout;
import static io.dragonfly.scheduler.Peers.peer;
import static io.dragonfly.scheduler.Peers.pieces;
import static io.dragonfly.scheduler.Peers.task;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.Outcome;
import io.dragonfly.control.PieceResult;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.Scheduler.Plan;
import io.dragonfly.task.PieceSpan;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Tests which peer is planned to download a piece from which parent. */
class PlanningTest extends PlanningFixture {
  @Test
  void aFreshPieceGoesToOneOwnerAndTheOthersAreToldWhomToTakeItFrom() {
    addTask(8, 0);
    join(1, 2, 3);
    scheduler.pieceAdded(TASK, CDN, 0);
    Map<PeerId, PeerId> parents = parentsOf(0, 1, 2, 3);

    assertThat(parents).hasSize(3);
    assertThat(parents.values()).containsOnlyOnce(CDN);
    // No peer has the piece yet: all others wait at a peer that is planned to get it.
    parents.values().remove(CDN);
    assertThat(parents.values()).allMatch(parent -> !parent.equals(CDN));
  }

  @Test
  void ownersTakeTurns() {
    addTask(60, 0);
    join(1, 2, 3);
    Map<PeerId, Integer> owned = new HashMap<>();
    for (int piece = 0; piece < 60; piece++) {
      scheduler.pieceAdded(TASK, CDN, piece);
      everyoneDownloadsAll(1, 2, 3)
          .forEach(
              (child, plans) ->
                  plans.stream()
                      .filter(plan -> plan.parent().equals(CDN))
                      .forEach(plan -> owned.merge(child, 1, Integer::sum)));
    }
    assertThat(owned).hasSize(3);
    assertThat(owned.values()).allMatch(count -> count >= 18 && count <= 22);
  }

  @Test
  void aCachedFileIsNotPlannedAllAtOnce() {
    addTask(500, 500);
    join(1, 2, 3, 4, 5, 6, 7, 8);
    int fromCdn = 0;
    for (int child = 1; child <= 8; child++) {
      for (Plan plan : scheduler.assign(id(child), 1000)) {
        fromCdn += plan.parent().equals(CDN) ? 1 : 0;
      }
    }
    assertThat(fromCdn).isBetween(Limits.CDN_PIECES, 40);
  }

  @Test
  void whatOnlyTheCdnCacheHasComesFromItOnce() {
    addTask(200, 200);
    join(1, 2, 3, 4);
    Set<Integer> fromCdn = new HashSet<>();
    for (int i = 0; i < 200; i++) {
      everyoneDownloadsAll(1, 2, 3, 4)
          .values()
          .forEach(
              plans ->
                  plans.stream()
                      .filter(plan -> plan.parent().equals(CDN))
                      .forEach(plan -> assertThat(fromCdn.add(plan.piece())).isTrue()));
      pass(10);
      if (fromCdn.size() > 150) {
        return;
      }
    }
  }

  @Test
  void aHiddenPeerTakesButIsNoOwnerAsLongAsOthersWantThePiece() {
    addTask(20, 0);
    scheduler.peerJoined(TASK, hidden(1), new BitSet(), PieceSpan.ALL);
    join(2);
    for (int piece = 0; piece < 20; piece++) {
      scheduler.pieceAdded(TASK, CDN, piece);
      Map<PeerId, List<Plan>> plans = everyoneDownloadsAll(2, 1);
      assertThat(plans.get(id(2))).extracting(Plan::parent).containsOnly(CDN);
      assertThat(plans.get(id(1))).extracting(Plan::parent).containsOnly(id(2));
    }
  }

  @Test
  void hiddenPeersAloneTakeFromTheCdnCache() {
    addTask(5, 5);
    scheduler.peerJoined(TASK, hidden(1), new BitSet(), PieceSpan.ALL);
    scheduler.peerJoined(TASK, hidden(2), new BitSet(), PieceSpan.ALL);
    assertThat(takenWithin(1000, 1)).hasSize(5);
    assertThat(takenWithin(1000, 2)).hasSize(5);
  }

  @Test
  void anotherDataCentreIsEnteredByOneCopy() {
    scheduler.taskAdded(TASK, layout(20), peer(0, "here"));
    for (int i = 1; i <= 3; i++) {
      scheduler.peerJoined(TASK, peer(i, "here"), new BitSet(), PieceSpan.ALL);
      scheduler.peerJoined(TASK, peer(10 + i, "there"), new BitSet(), PieceSpan.ALL);
    }
    for (int piece = 0; piece < 20; piece++) {
      scheduler.pieceAdded(TASK, CDN, piece);
      int crossed = 0;
      for (Map.Entry<PeerId, List<Plan>> entry :
          everyoneDownloadsAll(1, 2, 3, 11, 12, 13).entrySet()) {
        for (Plan plan : entry.getValue()) {
          crossed += isThere(entry.getKey()) != isThere(plan.parent()) ? 1 : 0;
        }
      }
      assertThat(crossed).isEqualTo(1);
    }
  }

  @Test
  void whoComesLateTakesFromItsOwnDataCentre() {
    scheduler.taskAdded(TASK, layout(20), peer(0, "here"));
    for (int piece = 0; piece < 20; piece++) {
      scheduler.pieceAdded(TASK, CDN, piece);
    }
    scheduler.peerJoined(TASK, peer(1, "here"), pieces(0, 20), PieceSpan.NONE);
    scheduler.peerJoined(TASK, peer(11, "there"), pieces(0, 20), PieceSpan.NONE);
    scheduler.peerJoined(TASK, peer(12, "there"), new BitSet(), PieceSpan.ALL);
    assertThat(scheduler.assign(id(12), 10)).extracting(Plan::parent).containsOnly(id(11));

    // If that one fails, others further away are better than none.
    scheduler.peerJoined(TASK, peer(13, "there"), new BitSet(), PieceSpan.ALL);
    report(13, scheduler.assign(id(13), 1).get(0), Outcome.UNREACHABLE);
    assertThat(scheduler.assign(id(13), 10)).isNotEmpty().noneMatch(p -> p.parent().equals(id(11)));
  }

  @Test
  void tasksShareAParent() {
    for (int task = 1; task <= 2; task++) {
      scheduler.taskAdded(task(task), layout(400), peer(0));
      scheduler.peerJoined(task(task), peer(1), pieces(0, 400), PieceSpan.NONE);
    }
    for (int child = 10; child < 40; child++) {
      scheduler.peerJoined(task(1), hidden(child), new BitSet(), PieceSpan.ALL);
    }
    scheduler.peerJoined(task(2), peer(5), new BitSet(), PieceSpan.ALL);
    Deque<Plan> plans = new ArrayDeque<>();
    Deque<PeerId> children = new ArrayDeque<>();
    int ofOther = 0;
    for (int i = 0; i < 400; i++) {
      nanos.addAndGet(10 * MILLI);
      for (List<PeerId> all = scheduler.ready(); !all.isEmpty(); all = scheduler.ready()) {
        for (PeerId child : all) {
          for (Plan plan : scheduler.assign(child, 16)) {
            plans.add(plan);
            children.add(child);
          }
        }
      }
      ofOther += plans.element().task().equals(task(2)) ? 1 : 0;
      done(Peers.number(children.remove()), plans.remove());
    }
    // One child of 31, but one task of two: it soon has as much in flight as it may.
    assertThat(ofOther).isGreaterThan(2 * 400 / 31);
  }

  @Test
  void aPeerThatHasAllStaysAHolder() {
    addTask(10, 10);
    join(1);
    assertThat(takenWithin(3000, 1)).hasSize(10);
    for (int piece = 0; piece < 10; piece++) {
      scheduler.pieceLost(TASK, CDN, piece);
    }
    join(2);
    assertThat(takenWithin(3000, 2)).hasSize(10);
  }

  @Test
  void aPieceReadFromTheSourceIsPassedOn() {
    addTask(3, 0);
    join(1, 2);
    scheduler.reported(TASK, id(1), new PieceResult(2, id(1), Outcome.DONE, 1000));
    assertThat(scheduler.ready()).contains(id(2));
    assertThat(scheduler.assign(id(2), 10)).containsExactly(new Plan(TASK, 2, id(1)));
    assertThat(scheduler.assign(id(1), 10)).isEmpty();
  }

  @Test
  void theCdnCacheMayJoinWithAllThatItHas() {
    addTask(6, 0);
    join(1);
    scheduler.peerJoined(TASK, peer(0), pieces(0, 6), PieceSpan.NONE);
    scheduler.wantedChanged(TASK, CDN, PieceSpan.ALL);
    scheduler.peerLeft(TASK, CDN);
    assertThat(takenWithin(3000, 1)).hasSize(6);
    assertThat(scheduler.assign(CDN, 10)).isEmpty();
  }

  @Test
  void whoSaysLaterWhatItWantsIsPlannedForThen() {
    addTask(100, 100); // too many to look for one by one
    scheduler.peerJoined(TASK, peer(1), new BitSet(), PieceSpan.NONE);
    assertThat(scheduler.assign(id(1), 10)).isEmpty();
    scheduler.ready();

    scheduler.wantedChanged(TASK, id(1), PieceSpan.ALL);
    assertThat(scheduler.ready()).containsExactly(id(1));
    assertThat(scheduler.assign(id(1), 1)).containsExactly(new Plan(TASK, 0, CDN));
  }

  @Test
  void nobodyIsPlannedForBecauseOfWhoWantsNothingYet() {
    addTask(1, 1);
    join(1);
    report(1, scheduler.assign(id(1), 1).get(0), Outcome.UNREACHABLE);
    nanos.addAndGet(1000 * MILLI); // now it may ask the CDN cache again
    scheduler.ready();

    scheduler.peerJoined(TASK, peer(2), new BitSet(), PieceSpan.NONE);
    assertThat(scheduler.ready()).containsExactly(id(2));
    scheduler.tick();
    assertThat(scheduler.ready()).containsExactly(id(1));
    assertThat(scheduler.assign(id(1), 1)).containsExactly(new Plan(TASK, 0, CDN));
  }

  private static boolean isThere(PeerId peer) {
    return Peers.number(peer) > 10;
  }
}

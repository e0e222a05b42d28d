package io.dragonfly.scheduler;

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
import io.dragonfly.task.TaskId;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

/** A planning scheduler in a time of its own, and what tests let it do. */
abstract class PlanningFixture {
  static final TaskId TASK = task(1);
  static final PeerId CDN = id(0);
  static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);

  final AtomicLong nanos = new AtomicLong();
  final PlannedScheduler scheduler = new PlannedScheduler(nanos::get);

  void addTask(int pieces, int cached) {
    scheduler.taskAdded(TASK, layout(pieces), peer(0));
    for (int piece = 0; piece < cached; piece++) {
      scheduler.pieceAdded(TASK, CDN, piece);
    }
  }

  void join(int... peers) {
    for (int peer : peers) {
      scheduler.peerJoined(TASK, peer(peer), new BitSet(), PieceSpan.ALL);
    }
  }

  Map<PeerId, PeerId> parentsOf(int piece, int... children) {
    Map<PeerId, PeerId> parents = new HashMap<>();
    for (int child : children) {
      for (Plan plan : scheduler.assign(id(child), 100)) {
        if (plan.piece() == piece) {
          parents.put(id(child), plan.parent());
        }
      }
    }
    return parents;
  }

  /** All that is assigned until nobody has anything to do; each piece arrives at once. */
  Map<PeerId, List<Plan>> everyoneDownloadsAll(int... children) {
    Map<PeerId, List<Plan>> all = new HashMap<>();
    IntStream.of(children).forEach(child -> all.put(id(child), new ArrayList<>()));
    for (int before = -1, count = 0; count != before && count < 100; ) {
      before = count;
      for (int child : children) {
        for (Plan plan : scheduler.assign(id(child), 16)) {
          all.get(id(child)).add(plan);
          pass(2);
          done(child, plan);
          count++;
        }
      }
    }
    return all;
  }

  Set<Integer> takenWithin(int millis, int child) {
    return takenWithin(millis, TASK, child);
  }

  Set<Integer> takenWithin(int millis, TaskId task, int child) {
    Set<Integer> taken = new HashSet<>();
    for (int time = 0; time < millis; time += 100) {
      for (Plan plan : scheduler.assign(id(child), 16)) {
        assertThat(plan.task()).isEqualTo(task);
        taken.add(plan.piece());
        done(child, plan);
      }
      pass(100);
    }
    return taken;
  }

  void done(int child, Plan plan) {
    scheduler.reported(
        plan.task(), id(child), new PieceResult(plan.piece(), plan.parent(), Outcome.DONE, 20_000));
  }

  void report(int child, Plan plan, Outcome outcome) {
    scheduler.reported(
        plan.task(), id(child), new PieceResult(plan.piece(), plan.parent(), outcome, 0));
  }

  void pass(int millis) {
    for (int passed = 0; passed < millis; passed += 100) {
      nanos.addAndGet(Math.min(100, millis - passed) * MILLI);
      scheduler.tick();
    }
  }
}

package io.dragonfly.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.Outcome;
import io.dragonfly.control.PieceResult;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.Scheduler;
import io.dragonfly.spi.Scheduler.Plan;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.TaskId;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;

/**
 * A supernode with its peers in one thread, in steps of 10 ms of a time of its own: it asks the
 * takers that {@link Scheduler#ready} names, and each piece takes two steps once its parent has it.
 * It checks each plan that it is given. Links have no rates here.
 */
final class LockstepSwarm {
  private static final long STEP_NANOS = 10_000_000;
  private static final int STEPS_OF_A_PIECE = 2;
  private static final int STEPS_OF_PATIENCE = 200;
  private static final int STEPS_TO_A_HEDGE = 90;
  private static final int STEPS_AT_MOST = 12_000;
  private static final int PLANS_AT_ONCE = 16;

  private final Scheduler scheduler;
  private final AtomicLong nanos;
  private final Map<TaskId, PieceLayout> layouts = new HashMap<>();
  private final Map<TaskId, PeerId> cdns = new HashMap<>();
  private final Map<Key, Member> members = new LinkedHashMap<>();
  private final List<Transfer> transfers = new ArrayList<>();
  private final Set<PeerId> silent = new HashSet<>();
  private final Map<PeerId, Integer> given = new HashMap<>();
  private Predicate<Plan> lost = plan -> false;
  private long step;

  private record Key(TaskId task, PeerId peer) {}

  private record Transfer(PeerId child, Plan plan, long since) {
    Key key() {
      return new Key(plan.task(), child);
    }
  }

  private static final class Member {
    private final Peer peer;
    private final BitSet has;
    private PieceSpan wanted;

    Member(Peer peer, BitSet has, PieceSpan wanted) {
      this.peer = peer;
      this.has = has;
      this.wanted = wanted;
    }
  }

  LockstepSwarm(Scheduler scheduler, AtomicLong nanos) {
    this.scheduler = scheduler;
    this.nanos = nanos;
  }

  void addTask(TaskId task, PieceLayout layout, Peer cdn) {
    layouts.put(task, layout);
    cdns.put(task, cdn.id());
    members.put(new Key(task, cdn.id()), new Member(cdn, new BitSet(), PieceSpan.NONE));
    scheduler.taskAdded(task, layout, cdn);
  }

  void addToCdn(TaskId task, int first, int end) {
    for (int piece = first; piece < end; piece++) {
      members.get(new Key(task, cdns.get(task))).has.set(piece);
      scheduler.pieceAdded(task, cdns.get(task), piece);
    }
  }

  void learnLength(TaskId task, PieceLayout layout) {
    layouts.put(task, layout);
    scheduler.lengthLearned(task, layout);
  }

  void join(TaskId task, Peer peer, BitSet has, PieceSpan wanted) {
    transfers.removeIf(transfer -> transfer.key().equals(new Key(task, peer.id())));
    members.put(new Key(task, peer.id()), new Member(peer, (BitSet) has.clone(), wanted));
    scheduler.peerJoined(task, peer, has, wanted);
  }

  void want(TaskId task, PeerId peer, PieceSpan wanted) {
    members.get(new Key(task, peer)).wanted = wanted;
    scheduler.wantedChanged(task, peer, wanted);
  }

  /** The peer is gone, and the scheduler is told. */
  void leave(TaskId task, PeerId peer) {
    members.remove(new Key(task, peer));
    transfers.removeIf(transfer -> transfer.key().equals(new Key(task, peer)));
    scheduler.peerLeft(task, peer);
  }

  /** The peer withdraws a piece. */
  void lose(TaskId task, PeerId peer, int piece) {
    members.get(new Key(task, peer)).has.clear(piece);
    scheduler.pieceLost(task, peer, piece);
  }

  /** From now on the peer gives nothing, and nobody tells the scheduler but its takers. */
  void silence(PeerId peer) {
    silent.add(peer);
  }

  /** Answers with such plans get lost on their way. */
  void losing(Predicate<Plan> plans) {
    lost = plans;
  }

  /** How many pieces a holder has given. */
  int givenBy(PeerId holder) {
    return given.getOrDefault(holder, 0);
  }

  boolean has(TaskId task, PeerId peer, int piece) {
    return members.get(new Key(task, peer)).has.get(piece);
  }

  void runSteps(int steps) {
    for (int i = 0; i < steps; i++) {
      runStep();
    }
  }

  /** Runs until all have what they want. */
  void runToTheEnd() {
    for (int steps = 0; !everyoneHasAll(); steps++) {
      assertThat(steps)
          .as("steps until all have everything: %s", missing())
          .isLessThan(STEPS_AT_MOST);
      runStep();
    }
  }

  private void runStep() {
    step++;
    nanos.addAndGet(STEP_NANOS);
    for (Transfer transfer : List.copyOf(transfers)) {
      advance(transfer);
    }
    scheduler.tick();
    for (PeerId child : scheduler.ready()) {
      List<Plan> plans = scheduler.assign(child, PLANS_AT_ONCE);
      assertThat(plans).hasSizeLessThanOrEqualTo(PLANS_AT_ONCE);
      plans.forEach(plan -> deliver(child, plan));
    }
  }

  private void deliver(PeerId child, Plan plan) {
    check(child, plan);
    if (lost.test(plan)) {
      scheduler.undelivered(child, List.of(plan));
    } else {
      transfers.add(new Transfer(child, plan, step));
    }
  }

  private void advance(Transfer transfer) {
    Plan plan = transfer.plan;
    Member parent = members.get(new Key(plan.task(), plan.parent()));
    long age = step - transfer.since;
    if (parent == null || silent.contains(plan.parent())) {
      end(transfer, Outcome.UNREACHABLE, age >= STEPS_OF_A_PIECE);
    } else if (parent.has.get(plan.piece())) {
      end(transfer, Outcome.DONE, age >= STEPS_OF_A_PIECE);
    } else {
      end(transfer, Outcome.NOT_YET, age >= STEPS_OF_PATIENCE);
    }
  }

  private void end(Transfer transfer, Outcome outcome, boolean now) {
    if (!now || !transfers.remove(transfer)) {
      return;
    }
    Plan plan = transfer.plan;
    if (outcome == Outcome.DONE) {
      members.get(transfer.key()).has.set(plan.piece());
      given.merge(plan.parent(), 1, Integer::sum);
    }
    long micros = outcome == Outcome.DONE ? (step - transfer.since) * STEP_NANOS / 1000 : 0;
    scheduler.reported(
        plan.task(), transfer.child, new PieceResult(plan.piece(), plan.parent(), outcome, micros));
  }

  private void check(PeerId child, Plan plan) {
    Member member = members.get(new Key(plan.task(), child));
    Member parent = members.get(new Key(plan.task(), plan.parent()));
    assertThat(member).as("%s takes part for %s", child, plan).isNotNull();
    assertThat(parent).as("the parent takes part in %s", plan).isNotNull();
    assertThat(layouts.get(plan.task()).isPiece(plan.piece())).as("%s exists", plan).isTrue();
    assertThat(member.wanted.contains(plan.piece())).as("%s is wanted", plan).isTrue();
    assertThat(member.has.get(plan.piece())).as("%s has %s already", child, plan).isFalse();
    assertThat(plan.parent()).as("the parent of %s", plan).isNotEqualTo(child);
    assertThat(parent.peer.isReachable() || cdns.containsValue(plan.parent()))
        .as("the parent of %s can be reached", plan)
        .isTrue();
    assertThat(
            parent.has.get(plan.piece())
                || parent.wanted.contains(plan.piece())
                || transfers.stream()
                    .anyMatch(t -> t.child.equals(plan.parent()) && samePiece(t.plan, plan)))
        .as("the parent of %s has it or is to get it", plan)
        .isTrue();
    assertThat(transfers)
        .as("in flight when %s was planned for %s", plan, child)
        .noneMatch(t -> t.child.equals(child) && samePiece(t.plan, plan) && isYoung(t));
    assertThat(waitsFor(plan.parent(), child, plan)).as("%s waits for itself", plan).isFalse();
  }

  private boolean isYoung(Transfer transfer) {
    // A parent that left may be replaced at once, a late one by a hedge.
    return members.containsKey(new Key(transfer.plan.task(), transfer.plan.parent()))
        && step - transfer.since < STEPS_TO_A_HEDGE;
  }

  private boolean waitsFor(PeerId parent, PeerId child, Plan plan) {
    if (parent.equals(child)) {
      return true;
    }
    Member member = members.get(new Key(plan.task(), parent));
    if (member != null && member.has.get(plan.piece())) {
      return false;
    }
    List<Transfer> next =
        transfers.stream().filter(t -> t.child.equals(parent) && samePiece(t.plan, plan)).toList();
    return !next.isEmpty() && next.stream().allMatch(t -> waitsFor(t.plan.parent(), child, plan));
  }

  private static boolean samePiece(Plan a, Plan b) {
    return a.piece() == b.piece() && a.task().equals(b.task());
  }

  private boolean everyoneHasAll() {
    return missing().isEmpty();
  }

  private List<String> missing() {
    List<String> missing = new ArrayList<>();
    members.forEach(
        (key, member) -> {
          PieceLayout layout = layouts.get(key.task);
          int end = layout.isLengthKnown() ? layout.pieces() : 0;
          int from = member.has.nextClearBit(member.wanted.first());
          if (from < Math.min(end, member.wanted.end())) {
            missing.add("%s lacks %d".formatted(key.peer.brief(), from));
          }
        });
    return missing;
  }
}

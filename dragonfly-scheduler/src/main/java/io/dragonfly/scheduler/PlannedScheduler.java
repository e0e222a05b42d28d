package io.dragonfly.scheduler;

import io.dragonfly.control.Outcome;
import io.dragonfly.control.PieceResult;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.Scheduler;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.TaskId;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Plans ahead: as soon as the CDN cache has a piece and time to send it, it is settled who gets it
 * from whom, so that parents are asked for pieces that they are about to get. What plans cannot
 * foresee (late comers, failures, unequal peers) is assigned when it is needed, the rarest piece
 * first. Not safe for concurrent use, as no {@link Scheduler} is.
 */
public final class PlannedScheduler implements Scheduler {
  private final Fleet fleet;
  private final Map<TaskId, Plans> tasks = new LinkedHashMap<>();

  /**
   * Those of them in which there is something to do, and some in which there was until just now.
   */
  private final Set<Plans> active = new LinkedHashSet<>();

  /** One task: who is in it, and what decides for it. */
  private record Plans(Swarm swarm, FreshPlanner fresh, Assigner assigner) {
    static Plans of(Swarm swarm) {
      FreshPlanner fresh = new FreshPlanner(swarm);
      return new Plans(swarm, fresh, new Assigner(swarm, fresh));
    }
  }

  /**
   * Makes a scheduler without tasks.
   *
   * @param nanoClock monotonic nanoseconds, the only time it knows
   */
  public PlannedScheduler(LongSupplier nanoClock) {
    fleet = new Fleet(nanoClock);
  }

  @Override
  public void taskAdded(TaskId task, PieceLayout layout, Peer cdn) {
    taskRemoved(task);
    tasks.put(task, Plans.of(new Swarm(fleet, task, layout, fleet.peer(cdn, true))));
  }

  @Override
  public void lengthLearned(TaskId task, PieceLayout layout) {
    Plans plans = tasks.get(task);
    if (plans != null) {
      plans.swarm.setLayout(layout);
    }
  }

  @Override
  public void taskRemoved(TaskId task) {
    Plans plans = tasks.remove(task);
    if (plans != null) {
      active.remove(plans);
      List<Member> members = new ArrayList<>(plans.swarm.members());
      members.add(plans.swarm.cdn());
      plans.swarm.cdn().peer().freshTurns().remove(plans.fresh);
      plans.swarm.end();
      members.forEach(member -> fleet.releaseIfIdle(member.peer()));
    }
  }

  @Override
  public void peerJoined(TaskId task, Peer peer, BitSet has, PieceSpan wanted) {
    Plans plans = tasks.get(task);
    if (plans == null) {
      return;
    }
    Member before = plans.swarm.member(peer.id());
    if (before != null && before.isCdn()) {
      has.stream().filter(plans.swarm::isPiece).forEach(p -> plans.swarm.gained(before, p));
    } else {
      if (before != null) {
        plans.swarm.leave(before);
      }
      Member member = plans.swarm.join(fleet.peer(peer, false), has, wanted);
      fleet.ready(member.peer());
      plans.swarm.hungry().wakeOne();
      if (wanted.isEmpty()) {
        return; // it says later what it wants, and before that there is nothing to plan for it
      }
    }
    planFresh(plans);
  }

  @Override
  public void wantedChanged(TaskId task, PeerId peer, PieceSpan wanted) {
    Plans plans = tasks.get(task);
    Member member = member(plans, peer);
    if (plans != null && member != null && !member.isCdn() && !member.wanted().equals(wanted)) {
      member.want(wanted);
      fleet.ready(member.peer());
      planFresh(plans);
    }
  }

  @Override
  public void peerLeft(TaskId task, PeerId peer) {
    Plans plans = tasks.get(task);
    Member member = member(plans, peer);
    if (plans != null && member != null && !member.isCdn()) {
      plans.swarm.leave(member);
      fleet.releaseIfIdle(member.peer());
      planFresh(plans);
    }
  }

  @Override
  public void pieceAdded(TaskId task, PeerId holder, int piece) {
    Plans plans = tasks.get(task);
    Member member = member(plans, holder);
    if (plans != null && member != null && plans.swarm.isPiece(piece)) {
      gained(plans, member, piece);
      planFresh(plans);
    }
  }

  @Override
  public void pieceLost(TaskId task, PeerId holder, int piece) {
    Plans plans = tasks.get(task);
    Member member = member(plans, holder);
    if (plans == null || member == null || piece < 0) {
      return;
    }
    plans.swarm.lost(member, piece);
    for (Take take : member.giving().of(piece)) {
      // What is assigned already gets its answer from the parent itself.
      if (!take.isAssigned()) {
        take.end();
        fleet.ready(take.taker().peer());
      }
    }
    fleet.ready(member.peer());
    planFresh(plans);
  }

  @Override
  public void reported(TaskId task, PeerId taker, PieceResult result) {
    Plans plans = tasks.get(task);
    Member member = member(plans, taker);
    if (plans == null || member == null || member.isCdn() || !plans.swarm.isPiece(result.piece())) {
      return;
    }
    member.peer().heard(fleet.now());
    PeerState parent = fleet.find(result.parent()).orElse(null);
    Take take = parent == null ? null : member.assigned(result.piece(), parent);
    if (result.outcome() == Outcome.DONE) {
      done(plans, member, result, take);
    } else if (take != null) {
      failed(take, result.outcome());
    }
    if (plans.assigner.mayAssign(member)) {
      fleet.ready(member.peer());
    }
    plans.fresh.reported(member, result.outcome());
    plan(plans);
  }

  private void done(Plans plans, Member member, PieceResult result, @Nullable Take take) {
    if (take != null) {
      PeerState parent = take.parent().peer();
      long now = fleet.now();
      parent.up().sent(now, take.bytes(), member.peer());
      member.peer().down().received(now, take.bytes());
      member.peer().avoidance().succeeded(parent);
      parent.gives();
      fleet.pieceArrived();
    }
    gained(plans, member, result.piece());
  }

  private void gained(Plans plans, Member member, int piece) {
    plans.swarm.gained(member, piece);
    member.endTakesOf(piece);
    plans.swarm.hungry().wakeOne();
  }

  private void failed(Take take, Outcome outcome) {
    PeerState taker = take.taker().peer();
    PeerState parent = take.parent().peer();
    take.end();
    if (outcome == Outcome.NOT_YET) {
      taker.avoidance().pause(parent, fleet.now());
    } else if (outcome != Outcome.DROPPED) {
      taker.avoidance().failed(parent, fleet.now());
      if (outcome == Outcome.UNREACHABLE || outcome == Outcome.STALLED) {
        parent.accused(taker, fleet.now());
      }
      taker.members().forEach(member -> member.review(parent));
    }
  }

  @Override
  public void undelivered(PeerId taker, List<Plan> plans) {
    PeerState peer = fleet.find(taker).orElse(null);
    if (peer == null) {
      return;
    }
    for (Plan plan : plans) {
      Member member = member(tasks.get(plan.task()), taker);
      PeerState parent = fleet.find(plan.parent()).orElse(null);
      Take take = member == null || parent == null ? null : member.assigned(plan.piece(), parent);
      if (take != null) {
        peer.repeat(take);
      }
    }
    fleet.ready(peer);
  }

  @Override
  public List<Plan> assign(PeerId taker, int max) {
    PeerState peer = fleet.find(taker).orElse(null);
    if (peer == null) {
      return List.of();
    }
    if (peer.asks(fleet.now())) {
      peer.members().stream()
          .filter(member -> !member.isCdn())
          .map(member -> tasks.get(member.swarm().task()))
          .filter(Objects::nonNull)
          .forEach(this::planFresh);
    }
    List<Member> members = peer.membersInTurn();
    List<Plan> assigned = new ArrayList<>(Math.min(max, 2 * members.size()));
    peer.takeRepeated(max).forEach(take -> assigned.add(planOf(take)));
    boolean isMoreLeft =
        members.size() == 1
            ? assignOf(members.get(0), max, assigned)
            : assignInTurn(new ArrayList<>(members), max, assigned);
    if (isMoreLeft && max > 0) {
      fleet.ready(peer); // the caller had no room for more
    }
    return assigned;
  }

  /** Assigns one piece of each task after the other; returns whether there may be more. */
  private boolean assignInTurn(List<Member> open, int max, List<Plan> assigned) {
    while (!open.isEmpty() && assigned.size() < max) {
      for (var members = open.iterator(); members.hasNext() && assigned.size() < max; ) {
        if (!assignOf(members.next(), assigned.size() + 1, assigned)) {
          members.remove();
        }
      }
    }
    return !open.isEmpty();
  }

  /** Assigns until there are so many in all; returns whether there may be more. */
  private boolean assignOf(Member member, int most, List<Plan> assigned) {
    Plans plans = member.isCdn() ? null : tasks.get(member.swarm().task());
    while (plans != null && assigned.size() < most) {
      Take take = plans.assigner.next(member);
      if (take == null) {
        return false;
      }
      assigned.add(planOf(take));
    }
    return plans != null;
  }

  private static Plan planOf(Take take) {
    return new Plan(take.taker().swarm().task(), take.piece(), take.parent().peer().peer().id());
  }

  @Override
  public List<PeerId> ready() {
    return fleet.takeReady();
  }

  @Override
  public Optional<QueuePlace> uplinkQueue(TaskId task, PeerId peer) {
    Plans plans = tasks.get(task);
    Member member = member(plans, peer);
    if (plans == null || member == null || member.isCdn()) {
      return Optional.empty();
    }
    if (member.hasAssigned()) {
      return member.waitsAtParents() ? Optional.of(new QueuePlace(0, 0)) : Optional.empty();
    }
    int place = plans.swarm.cdn().peer().freshTurns().place(plans.fresh);
    return place == 0
        ? member.waitingPlace()
        : Optional.of(new QueuePlace(place, plans.swarm.cdn().peer().freshTurns().size()));
  }

  @Override
  public List<Stall> stalls() {
    return fleet.takeStalls();
  }

  @Override
  public void tick() {
    active.removeIf(plans -> !plans.swarm.isActive());
    if (fleet.review()) {
      active.forEach(plans -> plans.swarm.review());
    }
    fleet.offerRoom();
    for (Plans plans : active) {
      if (plans.swarm.hasRoom()) {
        plans.swarm.hungry().wakeAll();
      }
      for (Member member : plans.swarm.members()) {
        if (plans.assigner.hasTimeBrought(member)) {
          fleet.ready(member.peer());
        }
      }
      plans.fresh.somethingChanged();
      plans.swarm.cdn().peer().freshTurns().enter(plans.fresh);
      plans.fresh.planThin();
    }
    fleet.cdns().forEach(cdn -> cdn.freshTurns().tick());
  }

  /** Tells whether nothing is planned or assigned on any link. */
  boolean isIdle() {
    return fleet.isIdle();
  }

  private void planFresh(Plans plans) {
    plans.fresh.somethingChanged();
    plan(plans);
  }

  private void plan(Plans plans) {
    if (plans.swarm.isActive()) {
      active.add(plans);
    }
    plans.swarm.cdn().peer().freshTurns().changed(plans.fresh);
  }

  private static @Nullable Member member(@Nullable Plans plans, PeerId id) {
    return plans == null ? null : plans.swarm.member(id);
  }
}

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
 * A scheduler that plans ahead. As soon as the supernode cache has a piece and capacity to send it,
 * the path of the piece to all peers is planned, so that peers can request it from parents that are
 * about to get it. What cannot be planned (late peers, failures, unequal peers) is assigned on
 * demand, the rarest piece first. Not thread-safe, like every {@link Scheduler}.
 */
public final class PlannedScheduler implements Scheduler {
  private final PeerRegistry registry;
  private final Map<TaskId, Plans> tasks = new LinkedHashMap<>();

  /** Tasks with something to do, and some that had until recently. */
  private final Set<Plans> active = new LinkedHashSet<>();

  /** One task: its peers, and the classes that plan for it. */
  private record Plans(Swarm swarm, FreshPlanner fresh, Assigner assigner) {
    static Plans of(Swarm swarm) {
      FreshPlanner fresh = new FreshPlanner(swarm);
      return new Plans(swarm, fresh, new Assigner(swarm, fresh));
    }
  }

  /**
   * Creates a scheduler without tasks.
   *
   * @param nanoClock monotonic nanoseconds, the only time that it uses
   */
  public PlannedScheduler(LongSupplier nanoClock) {
    registry = new PeerRegistry(nanoClock);
  }

  @Override
  public void taskAdded(TaskId task, PieceLayout layout, Peer cdn) {
    taskRemoved(task);
    tasks.put(task, Plans.of(new Swarm(registry, task, layout, registry.peer(cdn, true))));
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
      members.forEach(member -> registry.releaseIfIdle(member.peer()));
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
      Member member = plans.swarm.join(registry.peer(peer, false), has, wanted);
      registry.ready(member.peer());
      plans.swarm.idlePeers().wakeOne();
      if (wanted.isEmpty()) {
        return; // the peer says later what it wants
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
      registry.ready(member.peer());
      planFresh(plans);
    }
  }

  @Override
  public void peerLeft(TaskId task, PeerId peer) {
    Plans plans = tasks.get(task);
    Member member = member(plans, peer);
    if (plans != null && member != null && !member.isCdn()) {
      plans.swarm.leave(member);
      registry.releaseIfIdle(member.peer());
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
    for (PieceDownload download : member.uploads().of(piece)) {
      // The parent itself answers requests that are assigned already.
      if (!download.isAssigned()) {
        download.end();
        registry.ready(download.child().peer());
      }
    }
    registry.ready(member.peer());
    planFresh(plans);
  }

  @Override
  public void reported(TaskId task, PeerId child, PieceResult result) {
    Plans plans = tasks.get(task);
    Member member = member(plans, child);
    if (plans == null || member == null || member.isCdn() || !plans.swarm.isPiece(result.piece())) {
      return;
    }
    member.peer().reported(registry.now());
    PeerState parent = registry.find(result.parent()).orElse(null);
    PieceDownload download = parent == null ? null : member.assigned(result.piece(), parent);
    if (result.outcome() == Outcome.DONE) {
      done(plans, member, result, download);
    } else if (download != null) {
      failed(download, result.outcome());
    }
    if (plans.assigner.mayAssign(member)) {
      registry.ready(member.peer());
    }
    plans.fresh.reported(member, result.outcome());
    plan(plans);
  }

  private void done(
      Plans plans, Member member, PieceResult result, @Nullable PieceDownload download) {
    if (download != null) {
      PeerState parent = download.parent().peer();
      long now = registry.now();
      parent.up().sent(now, download.bytes(), member.peer());
      member.peer().down().received(now, download.bytes());
      member.peer().backoff().succeeded(parent);
      parent.uploaded();
      registry.pieceArrived();
    }
    gained(plans, member, result.piece());
  }

  private void gained(Plans plans, Member member, int piece) {
    plans.swarm.gained(member, piece);
    member.endDownloadsOf(piece);
    plans.swarm.idlePeers().wakeOne();
  }

  private void failed(PieceDownload download, Outcome outcome) {
    PeerState child = download.child().peer();
    PeerState parent = download.parent().peer();
    download.end();
    if (outcome == Outcome.NOT_YET) {
      child.backoff().pause(parent, registry.now());
    } else if (outcome != Outcome.DROPPED) {
      child.backoff().failed(parent, registry.now());
      if (outcome == Outcome.UNREACHABLE || outcome == Outcome.STALLED) {
        parent.failed(child, registry.now());
      }
      child.members().forEach(member -> member.review(parent));
    }
  }

  @Override
  public void undelivered(PeerId child, List<Plan> plans) {
    PeerState peer = registry.find(child).orElse(null);
    if (peer == null) {
      return;
    }
    for (Plan plan : plans) {
      Member member = member(tasks.get(plan.task()), child);
      PeerState parent = registry.find(plan.parent()).orElse(null);
      PieceDownload download =
          member == null || parent == null ? null : member.assigned(plan.piece(), parent);
      if (download != null) {
        peer.repeat(download);
      }
    }
    registry.ready(peer);
  }

  @Override
  public List<Plan> assign(PeerId child, int max) {
    PeerState peer = registry.find(child).orElse(null);
    if (peer == null) {
      return List.of();
    }
    if (peer.asks(registry.now())) {
      peer.members().stream()
          .filter(member -> !member.isCdn())
          .map(member -> tasks.get(member.swarm().task()))
          .filter(Objects::nonNull)
          .forEach(this::planFresh);
    }
    List<Member> members = peer.membersInTurn();
    List<Plan> assigned = new ArrayList<>(Math.min(max, 2 * members.size()));
    peer.drainRepeated(max).forEach(download -> assigned.add(planOf(download)));
    boolean isMoreLeft =
        members.size() == 1
            ? assignOf(members.get(0), max, assigned)
            : assignInTurn(new ArrayList<>(members), max, assigned);
    if (isMoreLeft && max > 0) {
      registry.ready(peer); // the child could not accept more
    }
    return assigned;
  }

  /** Assigns one piece of each task in turn; returns whether there may be more. */
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

  /** Assigns until there are this many in total; returns whether there may be more. */
  private boolean assignOf(Member member, int most, List<Plan> assigned) {
    Plans plans = member.isCdn() ? null : tasks.get(member.swarm().task());
    while (plans != null && assigned.size() < most) {
      PieceDownload download = plans.assigner.next(member);
      if (download == null) {
        return false;
      }
      assigned.add(planOf(download));
    }
    return plans != null;
  }

  private static Plan planOf(PieceDownload download) {
    return new Plan(
        download.child().swarm().task(), download.piece(), download.parent().peer().peer().id());
  }

  @Override
  public List<PeerId> ready() {
    return registry.drainReady();
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
    return registry.drainStalls();
  }

  @Override
  public void tick() {
    active.removeIf(plans -> !plans.swarm.isActive());
    if (registry.review()) {
      active.forEach(plans -> plans.swarm.review());
    }
    registry.offerCapacity();
    for (Plans plans : active) {
      if (plans.swarm.hasCapacity()) {
        plans.swarm.idlePeers().wakeAll();
      }
      for (Member member : plans.swarm.members()) {
        if (plans.assigner.hasTimeBrought(member)) {
          registry.ready(member.peer());
        }
      }
      plans.fresh.somethingChanged();
      plans.swarm.cdn().peer().freshTurns().enter(plans.fresh);
      plans.fresh.planThin();
    }
    registry.cdns().forEach(cdn -> cdn.freshTurns().tick());
  }

  /** Tells whether nothing is planned or assigned on any link. */
  boolean isIdle() {
    return registry.isIdle();
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

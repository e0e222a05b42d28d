package io.dragonfly.testkit;

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
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The simplest scheduler that is right: each wanted piece in order, from the first holder that has
 * it, the CDN cache last, and few in flight. It plans nothing ahead and looks at no clock. Not safe
 * for concurrent use, as no {@link Scheduler} is.
 */
public final class FirstComeScheduler implements Scheduler {
  private static final int IN_FLIGHT = 4;

  private final int inFlight;
  private final Map<TaskId, Swarm> swarms = new LinkedHashMap<>();
  private final Set<PeerId> ready = new LinkedHashSet<>();
  private Optional<QueuePlace> queue = Optional.empty();
  private final List<Stall> stalls = new ArrayList<>();

  /** Each taker has four pieces in flight at most. */
  public FirstComeScheduler() {
    this(IN_FLIGHT);
  }

  /** Each taker has so many pieces in flight at most. */
  public FirstComeScheduler(int inFlight) {
    this.inFlight = inFlight;
  }

  /** Assigns nothing and reports this place in the queue for an uplink; empty to assign again. */
  public void queueAll(Optional<QueuePlace> place) {
    queue = place;
    swarms.values().forEach(this::everyoneIsReady);
  }

  /** Reports a stall at the next look. */
  public void stall(Stall stall) {
    stalls.add(stall);
  }

  @Override
  public List<Stall> stalls() {
    List<Stall> taken = List.copyOf(stalls);
    stalls.clear();
    return taken;
  }

  @Override
  public Optional<QueuePlace> uplinkQueue(TaskId task, PeerId peer) {
    return queue;
  }

  /** One task and those who take part in it, in the order in which they came. */
  private static final class Swarm {
    private PieceLayout layout;
    private final Member cdn;
    private final Map<PeerId, Member> peers = new LinkedHashMap<>();

    Swarm(PieceLayout layout, Peer cdn) {
      this.layout = layout;
      this.cdn = new Member(cdn);
    }

    Optional<Member> member(PeerId id) {
      return Optional.ofNullable(id.equals(cdn.peer.id()) ? cdn : peers.get(id));
    }

    /** The peers and then the CDN cache; those that failed this taker before come last. */
    List<Member> parentsOf(Member child) {
      List<Member> parents = new ArrayList<>();
      peers.values().stream().filter(peer -> peer.peer.isReachable()).forEach(parents::add);
      parents.add(cdn);
      parents.remove(child);
      parents.removeIf(parent -> child.resting.contains(parent.peer.id()));
      parents.sort((a, b) -> Boolean.compare(child.doubts(a), child.doubts(b)));
      return parents;
    }
  }

  /** One holder and taker. */
  private static final class Member {
    private final Peer peer;
    private final BitSet has = new BitSet();
    private PieceSpan wanted = PieceSpan.NONE;
    private final Map<Integer, PeerId> inFlight = new HashMap<>();

    /** Parents that failed this taker and have given it nothing since. */
    private final Set<PeerId> doubtful = new HashSet<>();

    /** Parents that are not asked before the next tick. */
    private final Set<PeerId> resting = new HashSet<>();

    Member(Peer peer) {
      this.peer = peer;
    }

    boolean doubts(Member parent) {
      return doubtful.contains(parent.peer.id());
    }

    boolean mayTake(int piece) {
      return wanted.contains(piece) && !has.get(piece) && !inFlight.containsKey(piece);
    }
  }

  @Override
  public void taskAdded(TaskId task, PieceLayout layout, Peer cdn) {
    swarms.put(task, new Swarm(layout, cdn));
  }

  @Override
  public void lengthLearned(TaskId task, PieceLayout layout) {
    swarm(task).ifPresent(swarm -> swarm.layout = layout);
  }

  @Override
  public void taskRemoved(TaskId task) {
    swarms.remove(task);
  }

  @Override
  public void peerJoined(TaskId task, Peer peer, BitSet has, PieceSpan wanted) {
    swarm(task)
        .ifPresent(
            swarm -> {
              Member member = peer.id().equals(swarm.cdn.peer.id()) ? swarm.cdn : new Member(peer);
              member.has.or(has);
              if (member != swarm.cdn) {
                member.wanted = wanted;
                swarm.peers.put(peer.id(), member);
              }
              everyoneIsReady(swarm);
            });
  }

  @Override
  public void wantedChanged(TaskId task, PeerId peer, PieceSpan wanted) {
    swarm(task)
        .map(swarm -> swarm.peers.get(peer))
        .ifPresent(
            member -> {
              member.wanted = wanted;
              ready.add(peer);
            });
  }

  @Override
  public void peerLeft(TaskId task, PeerId peer) {
    swarm(task)
        .ifPresent(
            swarm -> {
              swarm.peers.remove(peer);
              swarm.peers.values().forEach(m -> m.inFlight.values().removeIf(peer::equals));
              everyoneIsReady(swarm);
            });
  }

  @Override
  public void pieceAdded(TaskId task, PeerId holder, int piece) {
    swarm(task)
        .ifPresent(
            swarm -> {
              swarm.member(holder).ifPresent(member -> member.has.set(piece));
              everyoneIsReady(swarm);
            });
  }

  @Override
  public void pieceLost(TaskId task, PeerId holder, int piece) {
    swarm(task)
        .flatMap(swarm -> swarm.member(holder))
        .ifPresent(
            member -> {
              member.has.clear(piece);
              ready.add(holder);
            });
  }

  @Override
  public void reported(TaskId task, PeerId child, PieceResult result) {
    swarm(task)
        .ifPresent(
            swarm -> {
              Member member = swarm.peers.get(child);
              if (member != null && swarm.layout.isPiece(result.piece())) {
                ended(member, result);
                everyoneIsReady(swarm);
              }
            });
  }

  private static void ended(Member child, PieceResult result) {
    child.inFlight.remove(result.piece(), result.parent());
    switch (result.outcome()) {
      case DONE -> {
        child.inFlight.remove(result.piece());
        child.has.set(result.piece());
        child.doubtful.remove(result.parent());
      }
      case DROPPED -> {}
      default -> {
        child.resting.add(result.parent());
        if (result.outcome() != Outcome.NOT_YET) {
          child.doubtful.add(result.parent());
        }
      }
    }
  }

  @Override
  public void undelivered(PeerId child, List<Plan> plans) {
    for (Plan plan : plans) {
      swarm(plan.task())
          .map(swarm -> swarm.peers.get(child))
          .ifPresent(member -> member.inFlight.remove(plan.piece(), plan.parent()));
    }
    ready.add(child);
  }

  @Override
  public List<Plan> assign(PeerId child, int max) {
    List<Plan> plans = new ArrayList<>();
    // One piece of each task in turn, until there is nothing left or no room.
    for (int before = -1; plans.size() > before && plans.size() < max; ) {
      before = plans.size();
      for (Map.Entry<TaskId, Swarm> entry : swarms.entrySet()) {
        if (plans.size() < max) {
          next(entry.getKey(), entry.getValue(), child).ifPresent(plans::add);
        }
      }
    }
    if (!plans.isEmpty()) {
      ready.add(child); // there may be more, for which the caller had no room
    }
    return plans;
  }

  private Optional<Plan> next(TaskId task, Swarm swarm, PeerId id) {
    Member child = swarm.peers.get(id);
    if (queue.isPresent() || child == null || child.inFlight.size() >= inFlight) {
      return Optional.empty();
    }
    List<Member> parents = swarm.parentsOf(child);
    int end = parents.stream().mapToInt(parent -> parent.has.length()).max().orElse(0);
    for (int piece = child.wanted.first(); piece < Math.min(end, child.wanted.end()); piece++) {
      if (child.mayTake(piece) && swarm.layout.isPiece(piece)) {
        for (Member parent : parents) {
          if (parent.has.get(piece)) {
            child.inFlight.put(piece, parent.peer.id());
            return Optional.of(new Plan(task, piece, parent.peer.id()));
          }
        }
      }
    }
    return Optional.empty();
  }

  @Override
  public List<PeerId> ready() {
    List<PeerId> children = List.copyOf(ready);
    ready.clear();
    return children;
  }

  @Override
  public void tick() {
    for (Swarm swarm : swarms.values()) {
      for (Member peer : swarm.peers.values()) {
        if (!peer.resting.isEmpty()) {
          peer.resting.clear();
          ready.add(peer.peer.id());
        }
      }
    }
  }

  private Optional<Swarm> swarm(TaskId task) {
    return Optional.ofNullable(swarms.get(task));
  }

  private void everyoneIsReady(Swarm swarm) {
    swarm.peers.forEach(
        (id, peer) -> {
          if (!peer.wanted.isEmpty()) {
            ready.add(id);
          }
        });
  }
}

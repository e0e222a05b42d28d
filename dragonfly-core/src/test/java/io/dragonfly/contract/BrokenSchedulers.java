package io.dragonfly.contract;

import io.dragonfly.control.Outcome;
import io.dragonfly.control.PieceResult;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.Scheduler;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.TaskId;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/** Schedulers that are wrong in one respect each. */
final class BrokenSchedulers {
  private BrokenSchedulers() {}

  static final class OverlooksPieces extends ForwardingScheduler {
    private final Predicate<Integer> overlooked;

    OverlooksPieces(Scheduler right, Predicate<Integer> overlooked) {
      super(right);
      this.overlooked = overlooked;
    }

    @Override
    public void pieceAdded(TaskId task, PeerId holder, int piece) {
      if (!overlooked.test(piece)) {
        super.pieceAdded(task, holder, piece);
      }
    }
  }

  static final class ImaginesPieces extends ForwardingScheduler {
    ImaginesPieces(Scheduler right) {
      super(right);
    }

    @Override
    public void pieceAdded(TaskId task, PeerId holder, int piece) {
      super.pieceAdded(task, holder, piece);
      super.pieceAdded(task, holder, piece + 1);
    }
  }

  static final class OverlooksHoldings extends ForwardingScheduler {
    OverlooksHoldings(Scheduler right) {
      super(right);
    }

    @Override
    public void peerJoined(TaskId task, Peer peer, BitSet has, PieceSpan wanted) {
      super.peerJoined(task, peer, new BitSet(), wanted);
    }
  }

  static final class OverlooksJoins extends ForwardingScheduler {
    private final int from;
    private int joins;

    OverlooksJoins(Scheduler right, int from) {
      super(right);
      this.from = from;
    }

    @Override
    public void peerJoined(TaskId task, Peer peer, BitSet has, PieceSpan wanted) {
      if (++joins < from) {
        super.peerJoined(task, peer, has, wanted);
      }
    }
  }

  static final class ThinksAllWantAll extends ForwardingScheduler {
    ThinksAllWantAll(Scheduler right) {
      super(right);
    }

    @Override
    public void peerJoined(TaskId task, Peer peer, BitSet has, PieceSpan wanted) {
      super.peerJoined(task, peer, has, PieceSpan.ALL);
    }
  }

  static final class ThinksAllAreReachable extends ForwardingScheduler {
    ThinksAllAreReachable(Scheduler right) {
      super(right);
    }

    @Override
    public void peerJoined(TaskId task, Peer peer, BitSet has, PieceSpan wanted) {
      InetSocketAddress address = new InetSocketAddress(peer.address().getAddress(), 1);
      super.peerJoined(task, new Peer(peer.id(), address, peer.zone()), has, wanted);
    }
  }

  static final class OverlooksLeavers extends ForwardingScheduler {
    OverlooksLeavers(Scheduler right) {
      super(right);
    }

    @Override
    public void peerLeft(TaskId task, PeerId peer) {}
  }

  static final class LeavesTakersOfLeaversAlone extends ForwardingScheduler {
    LeavesTakersOfLeaversAlone(Scheduler right) {
      super(right);
    }

    @Override
    public void peerLeft(TaskId task, PeerId peer) {
      for (int piece = 0; piece < 100; piece++) {
        pieceLost(task, peer, piece);
      }
    }
  }

  static final class OverlooksOutcome extends ForwardingScheduler {
    private final Outcome overlooked;

    OverlooksOutcome(Scheduler right, Outcome overlooked) {
      super(right);
      this.overlooked = overlooked;
    }

    @Override
    public void reported(TaskId task, PeerId child, PieceResult result) {
      if (result.outcome() != overlooked) {
        super.reported(task, child, result);
      }
    }
  }

  static final class InsistsOnAFailure extends ForwardingScheduler {
    InsistsOnAFailure(Scheduler right) {
      super(right);
    }

    @Override
    public void reported(TaskId task, PeerId child, PieceResult result) {
      if (result.outcome() == Outcome.DONE) {
        super.reported(task, child, result);
      } else {
        super.undelivered(child, List.of(new Plan(task, result.piece(), result.parent())));
      }
    }
  }

  static final class RejectsStrangers extends ForwardingScheduler {
    private final Set<PeerId> known = new HashSet<>();

    RejectsStrangers(Scheduler right) {
      super(right);
    }

    @Override
    public void peerJoined(TaskId task, Peer peer, BitSet has, PieceSpan wanted) {
      known.add(peer.id());
      super.peerJoined(task, peer, has, wanted);
    }

    @Override
    public void reported(TaskId task, PeerId child, PieceResult result) {
      if (!known.contains(child)) {
        throw new IllegalStateException("unknown peer " + child);
      }
      super.reported(task, child, result);
    }
  }

  static final class KeepsTheWindow extends ForwardingScheduler {
    KeepsTheWindow(Scheduler right) {
      super(right);
    }

    @Override
    public void wantedChanged(TaskId task, PeerId peer, PieceSpan wanted) {}
  }

  static final class OverlooksLosses extends ForwardingScheduler {
    OverlooksLosses(Scheduler right) {
      super(right);
    }

    @Override
    public void pieceLost(TaskId task, PeerId holder, int piece) {}
  }

  static final class OverlooksLostAnswers extends ForwardingScheduler {
    OverlooksLostAnswers(Scheduler right) {
      super(right);
    }

    @Override
    public void undelivered(PeerId child, List<Plan> plans) {}
  }

  static final class RepeatsItself extends ForwardingScheduler {
    RepeatsItself(Scheduler right) {
      super(right);
    }

    @Override
    public List<Plan> assign(PeerId child, int max) {
      List<Plan> plans = super.assign(child, max);
      super.undelivered(child, plans);
      return plans;
    }
  }

  static final class AssignsMore extends ForwardingScheduler {
    AssignsMore(Scheduler right) {
      super(right);
    }

    @Override
    public List<Plan> assign(PeerId child, int max) {
      return super.assign(child, max + 1);
    }
  }

  /** Gives a taker the pieces of one task only, as long as there are any. */
  static final class PrefersATask extends ForwardingScheduler {
    PrefersATask(Scheduler right) {
      super(right);
    }

    @Override
    public List<Plan> assign(PeerId child, int max) {
      List<Plan> plans = new ArrayList<>(super.assign(child, 100));
      List<Plan> others = new ArrayList<>(plans);
      plans.removeIf(
          plan -> !plan.task().equals(others.get(0).task()) || isLate(others, plan, max));
      others.removeAll(plans);
      super.undelivered(child, others);
      return plans;
    }

    private static boolean isLate(List<Plan> plans, Plan plan, int max) {
      return plans.stream().filter(p -> p.task().equals(plan.task())).toList().indexOf(plan) >= max;
    }
  }

  static final class ForgetsATask extends ForwardingScheduler {
    private final Set<TaskId> tasks = new HashSet<>();

    ForgetsATask(Scheduler right) {
      super(right);
    }

    @Override
    public void taskAdded(TaskId task, PieceLayout layout, Peer cdn) {
      if (tasks.isEmpty()) {
        super.taskAdded(task, layout, cdn);
      }
      tasks.add(task);
    }
  }

  static final class WaitsForTheLength extends ForwardingScheduler {
    private boolean isLengthKnown;

    WaitsForTheLength(Scheduler right) {
      super(right);
    }

    @Override
    public void taskAdded(TaskId task, PieceLayout layout, Peer cdn) {
      isLengthKnown = layout.isLengthKnown();
      super.taskAdded(task, layout, cdn);
    }

    @Override
    public void pieceAdded(TaskId task, PeerId holder, int piece) {
      if (isLengthKnown) {
        super.pieceAdded(task, holder, piece);
      }
    }
  }

  static final class OverlooksTheEnd extends ForwardingScheduler {
    OverlooksTheEnd(Scheduler right) {
      super(right);
    }

    @Override
    public void taskRemoved(TaskId task) {}
  }

  static final class CallsAllReady extends ForwardingScheduler {
    private final Set<PeerId> all = new LinkedHashSet<>();

    CallsAllReady(Scheduler right) {
      super(right);
    }

    @Override
    public void peerJoined(TaskId task, Peer peer, BitSet has, PieceSpan wanted) {
      all.add(peer.id());
      super.peerJoined(task, peer, has, wanted);
    }

    @Override
    public List<PeerId> ready() {
      return List.copyOf(all);
    }
  }
}

package io.dragonfly.internal.supernode;

import io.dragonfly.control.Outcome;
import io.dragonfly.control.PieceResult;
import io.dragonfly.control.TaskReport;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.Scheduler;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.TaskId;
import java.util.BitSet;
import java.util.Set;
import java.util.TreeSet;

/**
 * Tells the scheduler what peers report. A peer counts as the holder of a piece only once the
 * piece's digest is published: before that nobody could verify what it gives. {@link Swarms}' lock
 * guards it.
 */
final class Reports {
  private final Scheduler scheduler;
  private final PeerId cdn;
  private final Complaints complaints;

  Reports(Scheduler scheduler, PeerId cdn, Complaints complaints) {
    this.scheduler = scheduler;
    this.cdn = cdn;
    this.complaints = complaints;
  }

  /** Hears of what peers say of each other. */
  interface Complaints {
    /** A peer took a piece from another one. */
    void took(Member member, PeerId provider);

    /** A peer could not take a piece from another one. */
    void failed(Member member, PieceResult result);

    /** A peer has withdrawn a piece that it had reported to hold. */
    void withdrew(Member member, int piece);
  }

  /**
   * Takes in results and withdrawn pieces.
   *
   * @return pieces that the CDN cache should look at, since it did not give them as it should
   */
  Set<Integer> apply(Member member, TaskReport report) {
    SwarmTask task = member.task;
    int published = task.digests.published();
    member.digestsKnown = Math.max(0, Math.min(report.digestsKnown(), published));
    PieceLayout layout = task.task().layout();
    Set<Integer> suspects = new TreeSet<>();
    for (PieceResult result : report.results()) {
      if (layout.isPiece(result.piece())) {
        apply(member, result, published);
        if (isComplaint(member, result)) {
          suspects.add(result.piece());
        }
      }
    }
    for (int piece : report.withdrawn()) {
      if (layout.isPiece(piece)) {
        boolean held = member.has.get(piece) || member.heldBack.get(piece);
        member.heldBack.clear(piece);
        member.has.clear(piece);
        scheduler.pieceLost(task.id(), member.id(), piece);
        if (held) { // else anybody could withdraw what he never said that he has
          complaints.withdrew(member, piece);
        }
      }
    }
    return suspects;
  }

  private void apply(Member member, PieceResult result, int published) {
    TaskId task = member.task.id();
    if (result.outcome() == Outcome.DONE && result.piece() >= published) {
      if (result.piece() < published + SupernodeSettings.MOST_AHEAD) {
        member.heldBack.set(result.piece());
        member.task.holdingBack.add(member);
      }
    } else if (result.outcome() == Outcome.DONE && result.parent().equals(member.id())) {
      member.has.set(result.piece());
      scheduler.pieceAdded(task, member.id(), result.piece());
    } else {
      scheduler.reported(task, member.id(), result);
      tell(member, result);
    }
  }

  private void tell(Member member, PieceResult result) {
    switch (result.outcome()) {
      case DONE -> {
        member.has.set(result.piece());
        complaints.took(member, result.parent());
      }
      case UNREACHABLE, REFUSED, STALLED, DIGEST_MISMATCH -> complaints.failed(member, result);
      case NOT_YET, DROPPED -> {} // nobody's fault
    }
  }

  /** Only one that may take pieces, and was told to take them from the cache, knows of them. */
  private boolean isComplaint(Member member, PieceResult result) {
    return result.parent().equals(cdn)
        && member.permission().isPresent()
        && member.parents.number(cdn) >= 0
        && (result.outcome() == Outcome.DIGEST_MISMATCH || result.outcome() == Outcome.REFUSED);
  }

  /** Splits what a peer holds: returns what is published, and holds back the rest. */
  BitSet holdings(Member member, BitSet pieces) {
    SwarmTask task = member.task;
    BitSet has = (BitSet) pieces.clone();
    int most = task.digests.published() + SupernodeSettings.MOST_AHEAD;
    int end = task.isLengthKnown() ? Math.min(task.task().layout().pieces(), most) : most;
    if (has.length() > end) {
      has.clear(end, has.length());
    }
    member.heldBack.clear();
    member.heldBack.or(has);
    member.heldBack.clear(0, task.digests.published());
    has.andNot(member.heldBack);
    member.has.clear();
    member.has.or(has);
    if (member.heldBack.isEmpty()) {
      task.holdingBack.remove(member);
    } else {
      task.holdingBack.add(member);
    }
    return has;
  }

  /** Tells the scheduler of pieces whose digests have just been published. */
  void published(SwarmTask task, int from, int end) {
    for (int piece = from; piece < end; piece++) {
      for (Member member : task.holdingBack) {
        if (member.heldBack.get(piece)) {
          member.heldBack.clear(piece);
          member.has.set(piece);
          scheduler.pieceAdded(task.id(), member.id(), piece);
        }
      }
      if (task.cdnPieces.get(piece)) {
        scheduler.pieceAdded(task.id(), cdn, piece);
      }
    }
    task.holdingBack.removeIf(member -> member.heldBack.isEmpty());
  }
}

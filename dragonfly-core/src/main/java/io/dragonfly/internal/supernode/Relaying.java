package io.dragonfly.internal.supernode;

import io.dragonfly.internal.cdn.CdnTask;
import io.dragonfly.internal.cdn.DaemonThreads;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.TaskId;
import java.time.Duration;
import java.util.BitSet;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Which pieces of a task can go that the supernode only passes on, and which have to be read again.
 * Safe for concurrent use; {@code state} is the lock.
 */
final class Relaying {
  /** So many peers can give a piece to all others, also when one of them leaves. */
  private static final int ENOUGH = 2;

  /** After so long one peer is enough: the next one may be stuck. */
  private static final Duration ONE_IS_ENOUGH = Duration.ofSeconds(1);

  private final SwarmState state;
  private final SupernodeExecutors executors;

  Relaying(SwarmState state, SupernodeExecutors executors) {
    this.state = state;
    this.executors = executors;
  }

  /** Returns a piece that need not be kept any longer. */
  OptionalInt spare(TaskId id, Map<Integer, Duration> ages) {
    synchronized (state) {
      SwarmTask task = state.task(id);
      return task == null ? OptionalInt.empty() : spare(task, ages);
    }
  }

  /** Looks from now on for pieces that no peer has any more. */
  void watch(TaskId id) {
    synchronized (state) {
      SwarmTask task = state.task(id);
      if (task != null && !task.isWatched) {
        task.isWatched = true;
        lookForOrphansSoon(task);
      }
    }
  }

  private void lookForOrphansSoon(SwarmTask task) {
    DaemonThreads.later(
        executors.timer(), SupernodeSettings.LOOK_FOR_ORPHANS, () -> lookForOrphans(task));
  }

  private void lookForOrphans(SwarmTask task) {
    CdnTask cdn;
    BitSet orphans;
    synchronized (state) {
      if (task.isRemoved) {
        return;
      }
      cdn = task.cdn;
      orphans = orphans(task);
    }
    if (cdn != null && !orphans.isEmpty()) {
      executors.work(() -> cdn.readAgain(orphans));
    }
    lookForOrphansSoon(task);
  }

  private static OptionalInt spare(SwarmTask task, Map<Integer, Duration> ages) {
    if (task.wanting == 0) {
      return OptionalInt.empty(); // who wants it is about to come, or nothing more is to be read
    }
    return ages.entrySet().stream()
        .filter(piece -> isSpare(task, piece.getKey(), piece.getValue()))
        .mapToInt(Map.Entry::getKey)
        .findFirst();
  }

  private static boolean isSpare(SwarmTask task, int piece, Duration age) {
    int holders = 0;
    boolean isLacking = false;
    for (Member member : task.members()) {
      if (!member.has.get(piece)) {
        isLacking |= mayWant(member, piece);
      } else if (gives(member) && ++holders == ENOUGH) {
        return true;
      }
    }
    return !isLacking || (holders > 0 && age.compareTo(ONE_IS_ENOUGH) >= 0);
  }

  private static boolean gives(Member member) {
    return !member.session.isIsolated && member.session.peer().isReachable();
  }

  /** A reader asks for what comes next, and will want what comes behind that. */
  private static boolean mayWant(Member member, int piece) {
    PieceSpan wanted = member.wanted();
    return !wanted.isEmpty() && piece >= wanted.first();
  }

  /** Returns the pieces that were there, that somebody wants, and that nobody has any more. */
  private static BitSet orphans(SwarmTask task) {
    BitSet orphans = new BitSet();
    for (Member member : task.members()) {
      PieceSpan wanted = member.wanted();
      int end = Math.min(wanted.end(), task.digests.published());
      if (!wanted.isEmpty() && wanted.first() < end) {
        BitSet lacking = new BitSet();
        lacking.set(wanted.first(), end);
        lacking.andNot(member.has);
        orphans.or(lacking);
      }
    }
    orphans.andNot(task.cdnPieces);
    for (Member member : task.members()) {
      if (gives(member)) {
        orphans.andNot(member.has);
      }
    }
    return orphans;
  }
}

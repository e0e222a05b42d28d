package io.dragonfly.spi;

import io.dragonfly.control.PieceResult;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.TaskId;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/**
 * Decides who takes which piece from whom. Pure: events in, plans out; no I/O, no thread, no time
 * but that of the clock it was made with. A supernode calls one method at a time and never blocks
 * in one; see {@code SchedulerContract}.
 *
 * <p>The supernode's own CDN cache takes part as a holder that wants nothing. A parent may be
 * planned before it has the piece, if it is planned to get it: the request then waits at the
 * parent.
 */
public interface Scheduler {
  /**
   * A task begins.
   *
   * @param cdn the holder that stands for the supernode's CDN cache
   */
  void taskAdded(TaskId task, PieceLayout layout, Peer cdn);

  /** The length of a task, and so the number of its pieces, is known now. */
  void lengthLearned(TaskId task, PieceLayout layout);

  /** A task ends. All that is planned for it is forgotten. */
  void taskRemoved(TaskId task);

  /**
   * A peer takes part in a task, or again after it was lost: what it was assigned before is
   * forgotten.
   *
   * @param has the pieces that it holds already
   * @param wanted the pieces that may be planned for it; those that it holds count as had
   */
  void peerJoined(TaskId task, Peer peer, BitSet has, PieceSpan wanted);

  /** A peer wants other pieces than before, for example because its reader has moved on. */
  void wantedChanged(TaskId task, PeerId peer, PieceSpan wanted);

  /** A peer gives up a task. What others were to take from it is planned anew. */
  void peerLeft(TaskId task, PeerId peer);

  /** A holder has one more piece, which it was not planned to take: the CDN cache, above all. */
  void pieceAdded(TaskId task, PeerId holder, int piece);

  /** A holder has withdrawn a piece. */
  void pieceLost(TaskId task, PeerId holder, int piece);

  /**
   * A taker reports how an assignment ended. Reports about what was never assigned are harmless.
   */
  void reported(TaskId task, PeerId child, PieceResult result);

  /**
   * A taker may not have got the answer with these assignments: {@link #assign} returns them again.
   * They still count as assigned, since the answer may only be late: reports about them may come
   * first.
   */
  void undelivered(PeerId child, List<Plan> plans);

  /**
   * Returns what a taker shall do now, and counts it as assigned. Fairly spread over its tasks, at
   * most {@code max} plans.
   */
  List<Plan> assign(PeerId child, int max);

  /** Returns the takers for which {@link #assign} may have something new, and forgets them. */
  List<PeerId> ready();

  /**
   * Returns the place of a task in the queue for an uplink, if the peer gets nothing of the task
   * now because all uplinks that could send it are in use. A peer may wait for what is assigned to
   * it, too: for pieces of others that its parents send first. Empty if the peer does not wait for
   * an uplink, and by default: the supernode then reports no such wait.
   *
   * @param peer a peer that wants pieces of the task which others hold
   */
  default Optional<QueuePlace> uplinkQueue(TaskId task, PeerId peer) {
    return Optional.empty();
  }

  /** Called at least every 100 ms while a peer wants something, for what depends on time. */
  void tick();

  /**
   * Returns what went wrong since the last call: peers that lacked a piece which a parent could
   * send, and for which nothing was planned for a second. The scheduler has helped them. This shows
   * a bug in the scheduler, so the supernode logs and counts it.
   */
  default List<Stall> stalls() {
    return List.of();
  }

  /**
   * A peer for which nothing was planned though it could have been.
   *
   * @param task the task
   * @param peer the peer that got nothing
   * @param state what the scheduler knew of it, for the log
   */
  record Stall(TaskId task, PeerId peer, String state) {}

  /**
   * One piece for one taker from one parent.
   *
   * @param task the task
   * @param piece the piece
   * @param parent who gives it
   */
  record Plan(TaskId task, int piece, PeerId parent) {}

  /**
   * A place in a queue.
   *
   * @param place 1 for the next one; 0 if it is not known
   * @param length how many wait in the queue; 0 if that is not known
   */
  record QueuePlace(int place, int length) {}
}

package io.dragonfly.internal.serve;

import io.dragonfly.internal.queue.FairQueue;
import io.dragonfly.task.TaskId;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The requests that wait: for a piece, or in line for an upload slot. A request moves from the
 * first to the second and then away, never back. Tasks are served in turn, and the children of one
 * task in turn, each by bytes. Not safe for concurrent use: the owner's lock guards it.
 */
final class PendingRequests {
  /** What became of an ask that was to be added. */
  enum Admission {
    ADDED,
    FULL,
    CLOSED
  }

  private final int mostWaiting;
  private final FairQueue<TaskId, PendingRequest> forPiece =
      FairQueue.byCount(PendingRequest::task);
  private final FairQueue<TaskId, PendingRequest> line =
      FairQueue.byBytes(
          ask -> ask.range().length(), PendingRequest::task, List.of(PendingRequest::child));
  private boolean closed;

  PendingRequests(int mostWaiting) {
    this.mostWaiting = mostWaiting;
  }

  Admission add(PendingRequest ask) {
    if (closed) {
      return Admission.CLOSED;
    }
    if (waiting() == mostWaiting) {
      return Admission.FULL;
    }
    forPiece.add(ask);
    return Admission.ADDED;
  }

  int waiting() {
    return forPiece.size() + line.size();
  }

  List<PendingRequest> waitingForPieceOf(TaskId task) {
    return forPiece.all(task);
  }

  /** Moves a request that waits for its piece to the line; does nothing to others. */
  void moveToLine(PendingRequest ask) {
    if (forPiece.remove(ask)) {
      ask.pieceIsThere();
      line.add(ask);
    }
  }

  boolean isAnyInLine() {
    return line.size() > 0;
  }

  /** Removes the request whose turn it is from the line; null if the line is empty. */
  @Nullable PendingRequest takeNext() {
    return line.poll();
  }

  /** Forgets an ask, wherever it waits. */
  void remove(PendingRequest ask) {
    if (!forPiece.remove(ask)) {
      line.remove(ask);
    }
  }

  List<PendingRequest> removeAllOf(TaskId task) {
    return removeAll(forPiece.all(task), line.all(task));
  }

  List<PendingRequest> close() {
    closed = true;
    return removeAll(forPiece.all(), line.all());
  }

  private List<PendingRequest> removeAll(List<PendingRequest> some, List<PendingRequest> more) {
    List<PendingRequest> all = new ArrayList<>(some);
    all.addAll(more);
    all.forEach(this::remove);
    return all;
  }
}

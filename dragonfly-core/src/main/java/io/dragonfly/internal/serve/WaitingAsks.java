package io.dragonfly.internal.serve;

import io.dragonfly.internal.queue.FairQueue;
import io.dragonfly.task.TaskId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The requests that wait: for a piece, or in line for an upload slot. A request moves from the
 * first to the second and then away, never back. Tasks are served in turn, and the children of one
 * task in turn, each by bytes. Not safe for concurrent use: the owner's lock guards it.
 */
final class WaitingAsks {
  /** What became of an ask that was to be added. */
  enum Admission {
    ADDED,
    FULL,
    CLOSED
  }

  private final int mostWaiting;
  private final Map<TaskId, Set<WaitingAsk>> forPiece = new HashMap<>();
  private final FairQueue<TaskId, WaitingAsk> line =
      FairQueue.byBytes(ask -> ask.range().length(), WaitingAsk::task, List.of(WaitingAsk::child));
  private int waiting;
  private boolean closed;

  WaitingAsks(int mostWaiting) {
    this.mostWaiting = mostWaiting;
  }

  Admission add(WaitingAsk ask) {
    if (closed) {
      return Admission.CLOSED;
    }
    if (waiting == mostWaiting) {
      return Admission.FULL;
    }
    waiting++;
    forPiece.computeIfAbsent(ask.task(), task -> new LinkedHashSet<>()).add(ask);
    return Admission.ADDED;
  }

  int waiting() {
    return waiting;
  }

  List<WaitingAsk> waitingForPieceOf(TaskId task) {
    return List.copyOf(forPiece.getOrDefault(task, Set.of()));
  }

  /** Moves a request that waits for its piece to the line; does nothing to others. */
  void moveToLine(WaitingAsk ask) {
    if (removeForPiece(ask)) {
      line.add(ask);
    }
  }

  boolean waitsForPiece(WaitingAsk ask) {
    return forPiece.getOrDefault(ask.task(), Set.of()).contains(ask);
  }

  boolean isAnyInLine() {
    return line.size() > 0;
  }

  /** Removes the request whose turn it is from the line; null if the line is empty. */
  @Nullable WaitingAsk takeNext() {
    WaitingAsk ask = line.poll();
    waiting -= ask == null ? 0 : 1;
    return ask;
  }

  /** Forgets an ask, wherever it waits. */
  void remove(WaitingAsk ask) {
    if (removeForPiece(ask) || line.remove(ask)) {
      waiting--;
    }
  }

  List<WaitingAsk> removeAllOf(TaskId task) {
    List<WaitingAsk> all = new ArrayList<>(waitingForPieceOf(task));
    all.addAll(line.all(task));
    all.forEach(this::remove);
    return all;
  }

  List<WaitingAsk> close() {
    closed = true;
    List<WaitingAsk> all = line.all();
    forPiece.values().forEach(all::addAll);
    List.copyOf(all).forEach(this::remove);
    return all;
  }

  private boolean removeForPiece(WaitingAsk ask) {
    Set<WaitingAsk> ofTask = forPiece.get(ask.task());
    if (ofTask == null || !ofTask.remove(ask)) {
      return false;
    }
    if (ofTask.isEmpty()) {
      forPiece.remove(ask.task());
    }
    return true;
  }
}

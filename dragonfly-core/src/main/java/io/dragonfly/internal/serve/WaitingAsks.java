package io.dragonfly.internal.serve;

import io.dragonfly.task.TaskId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Who waits: for a piece, or in line for a slot. An ask moves from the one to the other and then
 * away, never back. Not safe for concurrent use: its owner's lock guards it.
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
  private final Set<WaitingAsk> line = new LinkedHashSet<>();
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

  /** Puts an ask that waits for its piece at the end of the line; does nothing to others. */
  void moveToLine(WaitingAsk ask) {
    if (removeForPiece(ask)) {
      line.add(ask);
    }
  }

  boolean isInLine(WaitingAsk ask) {
    return line.contains(ask);
  }

  boolean isAnyInLine() {
    return !line.isEmpty();
  }

  /** Takes the first out of the line, which has one. */
  WaitingAsk takeFirst() {
    Iterator<WaitingAsk> first = line.iterator();
    WaitingAsk ask = first.next();
    first.remove();
    waiting--;
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
    line.stream().filter(ask -> ask.task().equals(task)).forEach(all::add);
    all.forEach(this::remove);
    return all;
  }

  List<WaitingAsk> close() {
    closed = true;
    List<WaitingAsk> all = new ArrayList<>(line);
    forPiece.values().forEach(all::addAll);
    line.clear();
    forPiece.clear();
    waiting = 0;
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

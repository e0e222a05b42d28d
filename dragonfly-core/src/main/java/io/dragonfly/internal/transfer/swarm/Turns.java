package io.dragonfly.internal.transfer.swarm;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * Lets not more than so many of a kind go on at once; the others wait in line, in the order in
 * which they came. Not safe for concurrent use.
 */
final class Turns {
  private final int most;
  private final Map<String, Kind> kinds = new HashMap<>();

  private static final class Kind {
    private int going;
    private boolean isCalling;
    private final Deque<Turn> line = new ArrayDeque<>();
  }

  /** One that has its turn, or waits for it. */
  final class Turn {
    private final String kind;
    private final Runnable start;
    private boolean isGoing;
    private boolean isOver;

    private Turn(String kind, Runnable start) {
      this.kind = kind;
      this.start = start;
    }

    private void go() {
      isGoing = true;
      start.run();
    }

    /** It is done, or gives up its place in the line. Does nothing the second time. */
    void end() {
      if (!isOver) {
        isOver = true;
        ended(this);
      }
    }
  }

  Turns(int most) {
    this.most = most;
  }

  /** Makes a turn that calls {@code start} once it begins. */
  Turn of(String kind, Runnable start) {
    return new Turn(kind, start);
  }

  /** Begins a turn now, or when others of its kind have ended. */
  void begin(Turn turn) {
    Kind kind = kinds.computeIfAbsent(turn.kind, name -> new Kind());
    kind.line.add(turn);
    call(kind, turn.kind);
  }

  private void ended(Turn turn) {
    Kind kind = kinds.get(turn.kind);
    if (kind == null) {
      return; // it has never begun
    }
    if (turn.isGoing) {
      kind.going--;
    } else {
      kind.line.remove(turn);
    }
    call(kind, turn.kind);
  }

  /** Calls who is next. One that is over at once is not to call the next further down the stack. */
  private void call(Kind kind, String name) {
    if (kind.isCalling) {
      return;
    }
    kind.isCalling = true;
    while (kind.going < most && !kind.line.isEmpty()) {
      kind.going++;
      kind.line.remove().go();
    }
    kind.isCalling = false;
    if (kind.going == 0) {
      kinds.remove(name);
    }
  }

  /** Returns how many kinds there are at the moment. */
  int kinds() {
    return kinds.size();
  }
}

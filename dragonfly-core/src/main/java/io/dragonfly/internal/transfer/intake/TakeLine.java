package io.dragonfly.internal.transfer.intake;

import io.dragonfly.peer.PeerId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Starts takes in the order in which they came for each parent, so that neither a parent nor this
 * client has too many at once. Confined to the loop.
 */
public final class TakeLine {
  private final int mostInAll;
  private final int mostOfOne;
  private final Map<PeerId, OfOne> parents = new LinkedHashMap<>();
  private int running;

  private static final class OfOne {
    private final Deque<PieceTake> waiting = new ArrayDeque<>();
    private int running;
  }

  /** So many at once in all, and from one parent. */
  public TakeLine(int mostInAll, int mostOfOne) {
    this.mostInAll = mostInAll;
    this.mostOfOne = mostOfOne;
  }

  /** Starts a take now or later. */
  public void add(PieceTake take) {
    PeerId parent = take.order().parent().peer().id();
    OfOne one = parents.computeIfAbsent(parent, id -> new OfOne());
    one.waiting.addLast(take);
    start(one);
  }

  /** Makes room: a take that was added has ended or was cancelled. */
  public void ended(PieceTake take) {
    PeerId parent = take.order().parent().peer().id();
    OfOne one = parents.get(parent);
    if (one == null) {
      return;
    }
    if (take.isStarted()) {
      one.running--;
      running--;
    } else {
      one.waiting.remove(take);
    }
    start(one);
    if (one.running == 0 && one.waiting.isEmpty()) {
      parents.remove(parent, one);
    }
    // The client's own bound may have kept others waiting.
    for (OfOne other : new ArrayList<>(parents.values())) {
      start(other);
    }
  }

  private void start(OfOne one) {
    while (running < mostInAll && one.running < mostOfOne && !one.waiting.isEmpty()) {
      running++;
      one.running++;
      one.waiting.removeFirst().start();
    }
  }
}

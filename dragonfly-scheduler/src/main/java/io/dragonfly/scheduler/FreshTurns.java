package io.dragonfly.scheduler;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Predicate;

/**
 * Lets the tasks of one supernode cache plan fresh pieces in turn, so that each gets an equal share
 * of the uplink in bytes (deficit round robin). While the backlog is full, only tasks below their
 * share plan something, also in turn.
 */
final class FreshTurns {
  /** Number of tasks that are checked after an event while the backlog is full. */
  private static final int LOOKED_AT = 2;

  private final PeerState cdn;
  private final Deque<FreshPlanner> turns = new ArrayDeque<>();

  FreshTurns(PeerState cdn) {
    this.cdn = cdn;
  }

  /** Records that a task may have something to plan, or has released capacity. */
  void changed(FreshPlanner planner) {
    enter(planner);
    run();
    for (int left = Math.min(LOOKED_AT, turns.size()); left > 0; left--) {
      planInShare();
    }
  }

  /** Records that time has passed. */
  void tick() {
    run();
    for (int left = turns.size(); left > 0; left--) {
      planInShare();
    }
  }

  void enter(FreshPlanner planner) {
    if (planner.mayPlan() && !planner.isQueued()) {
      planner.setQueued(true);
      turns.addLast(planner);
    }
  }

  private void run() {
    while (!turns.isEmpty() && cdn.canPlanMore()) {
      inTurn(turns.removeFirst(), next -> !next.isInTurn() || next.plan());
    }
  }

  private void planInShare() {
    FreshPlanner next = turns.pollFirst();
    if (next != null) {
      inTurn(next, FreshTurns::planUpToShare);
    }
  }

  private static boolean planUpToShare(FreshPlanner planner) {
    boolean mayPlanMore = true;
    while (mayPlanMore && planner.isInShare()) {
      mayPlanMore = planner.plan();
    }
    return mayPlanMore;
  }

  /** Lets a task plan. It stays in the queue if it may plan more in its next turn. */
  private void inTurn(FreshPlanner planner, Predicate<FreshPlanner> plan) {
    boolean mayPlanMore = false;
    try {
      mayPlanMore = plan.test(planner);
    } finally {
      planner.setQueued(mayPlanMore); // otherwise it returns when something has changed for it
      if (mayPlanMore) {
        turns.addLast(planner);
      }
    }
  }

  /** Returns the position of a task in the queue, from 1; 0 if it does not wait. */
  int place(FreshPlanner planner) {
    if (!planner.isQueued()) {
      return 0;
    }
    int place = 1;
    for (FreshPlanner before : turns) {
      if (before == planner) {
        break;
      }
      place++;
    }
    return place;
  }

  /** Returns the number of tasks in the queue. */
  int size() {
    return turns.size();
  }

  /** Removes a task that has ended. */
  void remove(FreshPlanner planner) {
    if (planner.isQueued()) {
      planner.setQueued(false);
      turns.remove(planner);
    }
  }
}

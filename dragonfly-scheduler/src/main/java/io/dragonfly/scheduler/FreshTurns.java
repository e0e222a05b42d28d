package io.dragonfly.scheduler;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Predicate;

/**
 * Lets the tasks of one CDN cache plan fresh pieces in turn, so that each gets the same bytes of
 * its uplink (deficit round robin). While the backlog of the cache is full, only tasks with less
 * than their share plan something, also in turn.
 */
final class FreshTurns {
  /** How many tasks are looked at after an event while the backlog is full. */
  private static final int LOOKED_AT = 2;

  private final PeerState cdn;
  private final Deque<FreshPlanner> turns = new ArrayDeque<>();

  FreshTurns(PeerState cdn) {
    this.cdn = cdn;
  }

  /**
   * Something has changed for a task: it may have something to plan, or has left room for others.
   */
  void changed(FreshPlanner planner) {
    enter(planner);
    run();
    for (int left = Math.min(LOOKED_AT, turns.size()); left > 0; left--) {
      planInShare();
    }
  }

  /** Time has passed. */
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
    while (!turns.isEmpty() && cdn.hasRoomToPlan()) {
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

  /** Lets a task plan. It waits for its next turn if it may plan more then. */
  private void inTurn(FreshPlanner planner, Predicate<FreshPlanner> plan) {
    boolean mayPlanMore = false;
    try {
      mayPlanMore = plan.test(planner);
    } finally {
      planner.setQueued(mayPlanMore); // if not, it comes back when something has changed for it
      if (mayPlanMore) {
        turns.addLast(planner);
      }
    }
  }

  /** Returns the place of a task among those that wait for their turn, from 1; 0 if it does not. */
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

  /** Returns how many tasks wait for their turn. */
  int size() {
    return turns.size();
  }

  /** The task has ended. */
  void remove(FreshPlanner planner) {
    if (planner.isQueued()) {
      planner.setQueued(false);
      turns.remove(planner);
    }
  }
}

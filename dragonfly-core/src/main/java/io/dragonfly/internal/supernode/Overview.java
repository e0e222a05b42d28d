package io.dragonfly.internal.supernode;

import io.dragonfly.control.AdminApi;
import io.dragonfly.task.TaskId;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What operators and metrics see of the swarms. Safe for concurrent use; {@code state} is the lock.
 */
final class Overview {
  private final SwarmState state;
  private final SupernodeExecutors executors;

  Overview(SwarmState state, SupernodeExecutors executors) {
    this.state = state;
    this.executors = executors;
  }

  /**
   * What goes on with a task.
   *
   * @param wanting how many peers want pieces
   * @param holding how many take part in all
   * @param url where it comes from, if anybody who takes part has said so
   */
  record Activity(int wanting, int holding, Optional<String> url) {
    static final Activity NONE = new Activity(0, 0, Optional.empty());
  }

  /** Returns what goes on with each task. */
  Map<TaskId, Activity> activities() {
    Map<TaskId, Activity> all = new HashMap<>();
    synchronized (state) {
      for (SwarmTask task : state.tasks()) {
        Optional<String> url =
            task.access(Set.of(), Instant.MIN).map(a -> a.content().displayUrl());
        all.put(task.id(), new Activity(task.wanting, task.members().size(), url));
      }
    }
    return all;
  }

  /** Returns the peers that are known. */
  List<AdminApi.KnownPeer> peers() {
    long now = executors.nanos().getAsLong();
    long active = executors.activeNanos().getAsLong();
    synchronized (state) {
      return state.sessions().stream()
          .map(
              session ->
                  new AdminApi.KnownPeer(
                      session.peer(),
                      session.members.size(),
                      session.wanting.size(),
                      Duration.ofNanos(Math.max(0, active - session.heardNanos)),
                      state.isolation(session.id(), now)))
          .toList();
    }
  }

  /**
   * How many there are.
   *
   * @param peers peers that are known
   * @param wanting those of them that want pieces
   * @param isolated those of them that give to nobody
   * @param waiting calls that wait for something new
   */
  record Counts(int peers, int wanting, int isolated, int waiting) {}

  /** Returns how many peers there are, and what they do. */
  Counts counts() {
    synchronized (state) {
      int wanting = 0;
      int isolated = 0;
      int waiting = 0;
      for (Session session : state.sessions()) {
        wanting += session.wanting.isEmpty() ? 0 : 1;
        isolated += session.isIsolated ? 1 : 0;
        waiting += session.parked != null ? 1 : 0;
      }
      return new Counts(state.sessions().size(), wanting, isolated, waiting);
    }
  }
}

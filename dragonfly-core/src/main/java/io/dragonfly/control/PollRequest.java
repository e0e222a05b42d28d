package io.dragonfly.control;

import java.time.Duration;
import java.util.List;

/**
 * Reports results and asks for assignments. One is open for a process at a time; a second one makes
 * the first return with what there is.
 *
 * @param caller who calls
 * @param answered the {@link PollResponse#number} of the last answer that arrived, 0 before the
 *     first. Assignments of an answer that got lost are made again
 * @param reports one for each task that the peer takes part in; a task that is not named is not
 *     changed
 * @param patience how long the answer may wait for something to say
 * @param acceptsPreheats whether the caller fetches what operators of the supernode want it to have
 */
public record PollRequest(
    Caller caller,
    long answered,
    List<TaskReport> reports,
    Duration patience,
    boolean acceptsPreheats) {
  /** Copies the list. */
  public PollRequest {
    reports = List.copyOf(reports);
  }

  /** A caller that fetches what it wants itself, and nothing else. */
  public PollRequest(Caller caller, long answered, List<TaskReport> reports, Duration patience) {
    this(caller, answered, reports, patience, false);
  }

  /**
   * Returns the same call of another caller: the same peer with more to show, or as one supernode
   * knows it.
   */
  public PollRequest by(Caller by) {
    return new PollRequest(by, answered, reports, patience, acceptsPreheats);
  }
}

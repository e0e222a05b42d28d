package io.dragonfly.control;

import java.time.Duration;
import java.util.List;

/**
 * Reports results and asks for assignments. A peer has one open poll; a second one makes the
 * supernode answer the first one at once.
 *
 * @param caller the peer
 * @param answered the {@link PollResponse#number} of the last response that arrived, 0 before the
 *     first. The assignments of lost responses are repeated
 * @param reports one report for each task that the peer takes part in; tasks without a report do
 *     not change
 * @param patience how long the supernode may hold the request until there is something to say
 * @param acceptsPreheats whether the caller fetches files that operators of the supernode send to
 *     it
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

  /** Creates a request of a peer that does not accept preheats. */
  public PollRequest(Caller caller, long answered, List<TaskReport> reports, Duration patience) {
    this(caller, answered, reports, patience, false);
  }

  /**
   * Returns this request with another caller: the same peer with more proofs, or with the secret
   * for one supernode.
   */
  public PollRequest by(Caller by) {
    return new PollRequest(by, answered, reports, patience, acceptsPreheats);
  }
}

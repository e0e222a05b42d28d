package io.dragonfly.home;

import io.dragonfly.control.Outcome;
import java.time.Duration;
import java.util.List;

/**
 * What one parent, or the source, gave to a fetch.
 *
 * @param parent who
 * @param bytes bytes of the pieces that it gave
 * @param pieces how many those were
 * @param busy how long at least one of them was on its way: bytes by this time are its rate
 * @param failures what it did not give
 */
public record ParentRecord(
    Provider parent, long bytes, int pieces, Duration busy, List<Failures> failures) {
  /** Copies the list. */
  public ParentRecord {
    failures = List.copyOf(failures);
  }

  /**
   * Pieces that a parent did not give, for one kind of reason.
   *
   * @param outcome the kind
   * @param count how many
   * @param reason the last one's reason, in words
   */
  public record Failures(Outcome outcome, int count, String reason) {}
}

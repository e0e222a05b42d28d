package io.dragonfly.internal.supernode;

import io.dragonfly.internal.cdn.Access;
import io.dragonfly.peer.PeerId;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * A member's right to take the pieces of a task. Immutable.
 *
 * @param access the member's own credentials, with which the source is asked; empty for a preheat
 *     that was pushed to it
 * @param until when it ends, unless the source has confirmed it before
 * @param byTicket whether it comes from a ticket: then it ends in any case
 */
record Permission(Optional<Access> access, Instant until, boolean byTicket) {
  /** The source is asked again so long before a permission ends, and up to twice as long. */
  static final Duration LEAD = Duration.ofMinutes(5);

  /** Returns the permission that the source has given just now. */
  static Permission bySource(Access access, Instant now) {
    return new Permission(Optional.of(access), now.plus(SupernodeSettings.TICKET_LIFE), false);
  }

  boolean isValid(Instant now) {
    return now.isBefore(until);
  }

  /** Tells whether it says as much as another one: a ticket does not shorten what a source said. */
  boolean covers(Permission other) {
    return other.byTicket
        && !byTicket
        && access.map(Access::fingerprint).equals(other.access.map(Access::fingerprint))
        && !until.isBefore(other.until);
  }

  /**
   * Returns when something is to be done about it. Members that came together are not due together,
   * so that their source is not asked for all of them at once.
   */
  Instant due(PeerId member) {
    if (byTicket) {
      return until;
    }
    long spread = Math.floorMod(member.hashCode(), LEAD.toMillis());
    return until.minus(LEAD).minusMillis(spread);
  }
}

package io.dragonfly.scheduler;

import java.util.Collection;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the peer that gets a fresh piece first: each in turn, in proportion to its uplink (smooth
 * weighted round robin).
 */
final class OwnerRotation {
  private OwnerRotation() {}

  /** Returns the next of the members that match; null if none does. */
  static @Nullable Member next(Collection<Member> members, Predicate<Member> may) {
    Member best = null;
    double total = 0;
    for (Member member : members) {
      if (may.test(member)) {
        double weight = member.peer().upRate();
        total += weight;
        member.addCredit(weight);
        if (best == null || member.credit() > best.credit()) {
          best = member;
        }
      }
    }
    if (best != null) {
      best.addCredit(-total);
    }
    return best;
  }
}

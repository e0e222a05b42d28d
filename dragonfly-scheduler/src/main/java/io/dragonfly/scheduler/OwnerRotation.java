package io.dragonfly.scheduler;

import java.util.Collection;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Who is the first to get a fresh piece: each in turn, in proportion to its uplink ("smooth
 * weighted round robin").
 */
final class Owners {
  private Owners() {}

  /** Returns the next among the members that may; null if none may. */
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

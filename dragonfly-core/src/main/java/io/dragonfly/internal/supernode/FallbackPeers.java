package io.dragonfly.internal.supernode;

import io.dragonfly.control.Advice;
import io.dragonfly.internal.access.ChildAddresses;
import io.dragonfly.peer.PeerId;
import io.dragonfly.task.TaskId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Chooses the peers that one should turn to if the supernode is lost: five at most, near ones
 * first, other ones for each who asks. {@link Swarms}' lock guards it.
 */
final class FallbackPeers {
  private static final int MOST = 5;
  private static final int MOST_LOOKED_AT = 32;

  private FallbackPeers() {}

  /** Advice before its capabilities are made. */
  record Draft(boolean backToSource, List<ParentDraft> contacts) {
    static final Draft NONE = new Draft(false, List.of());

    Advice issue(TaskId task, PeerId child, ChildAddresses addresses) {
      return new Advice(
          backToSource, contacts.stream().map(c -> c.issue(task, child, addresses)).toList());
    }
  }

  /** Returns the advice to a member if it is not what it was told last. */
  static Optional<Draft> news(Member member, Instant now) {
    boolean isStale =
        !member.adviceTold
            || !now.isBefore(member.contactsRenew)
            || (member.contacts.size() < MOST && member.swarmSeen != member.task.joins)
            || isAnyGone(member);
    return isStale ? Optional.of(choose(member, now)) : Optional.empty();
  }

  private static boolean isAnyGone(Member member) {
    for (PeerId contact : member.contacts) {
      Optional<Member> found = member.task.member(contact);
      if (found.isEmpty() || found.get().session.isIsolated) {
        return true;
      }
    }
    return false;
  }

  /** Returns advice to a member. */
  static Draft choose(Member member, Instant now) {
    List<Member> chosen = choose(member);
    member.contacts = chosen.stream().map(Member::id).toList();
    member.contactsRenew = now.plus(SupernodeSettings.CAPABILITY_LIFE.dividedBy(2));
    member.swarmSeen = member.task.joins;
    member.adviceTold = true;
    List<ParentDraft> contacts =
        chosen.stream().map(c -> member.parents.contact(c.session.holder(), now)).toList();
    return new Draft(member.mayRead, contacts);
  }

  private static List<Member> choose(Member member) {
    List<Member> all = member.task.members();
    List<Member> near = new ArrayList<>();
    List<Member> far = new ArrayList<>();
    int looked = Math.min(all.size(), MOST_LOOKED_AT);
    for (int i = 0; i < looked && near.size() < MOST; i++) {
      Member other = all.get((member.task.cursor++ & Integer.MAX_VALUE) % all.size());
      if (other != member && other.session.peer().isReachable() && !other.session.isIsolated) {
        (other.session.peer().isNear(member.session.peer()) ? near : far).add(other);
      }
    }
    near.addAll(far.subList(0, Math.min(far.size(), MOST - near.size())));
    return near;
  }
}

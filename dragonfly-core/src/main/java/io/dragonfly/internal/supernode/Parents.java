package io.dragonfly.internal.supernode;

import io.dragonfly.internal.access.ChildAddresses;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The parents of one task that were described to one peer. Each is described once, and again when
 * its capability is half over, it or the peer has another address, or an answer got lost. Only the
 * last used are remembered. Not safe for concurrent use.
 */
final class Parents {
  private static final int MOST = 64;

  private final Map<PeerId, Described> described =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<PeerId, Described> eldest) {
          return size() > MOST;
        }
      };

  /** Until when the capabilities are valid that were made for one parent each. */
  private final Map<PeerId, Instant> issued =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<PeerId, Instant> eldest) {
          return size() > 2 * MOST;
        }
      };

  private int numbers;

  private record Described(int number, Peer peer, ChildAddresses child, Instant renew) {}

  /** Returns the number of a parent that was described or drafted before. */
  int number(PeerId parent) {
    Described before = described.get(parent);
    return before == null ? -1 : before.number();
  }

  /** Returns the description of a parent, if it is due. */
  Optional<ParentDraft> draft(Holder holder, ChildAddresses child, Instant now) {
    Peer parent = holder.peer();
    Described before = described.get(parent.id());
    if (before != null
        && before.peer().equals(parent)
        && before.child().equals(child)
        && now.isBefore(before.renew())) {
      return Optional.empty();
    }
    int number = before == null ? numbers++ : before.number();
    Instant renew = now.plus(SupernodeSettings.CAPABILITY_LIFE.dividedBy(2));
    described.put(parent.id(), new Described(number, parent, child, renew));
    return Optional.of(new ParentDraft(number, holder, issue(parent.id(), now)));
  }

  /** Returns a description in any case, without counting the parent as described. */
  ParentDraft contact(Holder holder, Instant now) {
    PeerId id = holder.peer().id();
    int number = number(id);
    return new ParentDraft(number < 0 ? numbers++ : number, holder, issue(id, now));
  }

  /** Describes all again when they are next needed. */
  void forget() {
    described.replaceAll((id, d) -> new Described(d.number(), d.peer(), d.child(), Instant.MIN));
  }

  private Instant issue(PeerId parent, Instant now) {
    Instant expires = now.plus(SupernodeSettings.CAPABILITY_LIFE);
    issued.put(parent, expires);
    return expires;
  }

  /**
   * Returns the parents that would still accept a capability, and until when, and forgets them. One
   * that was made within this second is left out: another one of the same second may follow it, and
   * parents could not tell the two apart.
   */
  Map<PeerId, Instant> revoke(Instant now) {
    Instant last = now.truncatedTo(ChronoUnit.SECONDS).plus(SupernodeSettings.CAPABILITY_LIFE);
    Map<PeerId, Instant> live = new LinkedHashMap<>();
    issued.forEach(
        (parent, expires) -> {
          if (now.isBefore(expires)) {
            live.put(parent, expires.isBefore(last) ? expires : last.minusSeconds(1));
          }
        });
    issued.clear();
    return live;
  }
}

package io.dragonfly.scheduler;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How one fresh piece spreads: each taker gets it from whoever is expected to have passed it on
 * first, among those that will have it by then. The data centre of the owner comes first; each
 * other one is entered by one copy.
 */
final class Spread {
  private final Swarm swarm;
  private final int piece;
  private final long bytes;
  private final long now;
  private final Member cdn;
  private final boolean isCdnIdle;
  private final List<Ring> rings = new ArrayList<>();

  Spread(Swarm swarm, int piece) {
    this.swarm = swarm;
    this.piece = piece;
    bytes = swarm.bytes(piece);
    now = swarm.fleet().now();
    cdn = swarm.cdn();
    isCdnIdle = swarm.isCdnIdle();
  }

  /** Plans the piece for its owner, unless that has it, and all others that want it. */
  void from(Member owner) {
    long due = now;
    if (!owner.has(piece)) {
      // What the CDN cache has is asked for at once: only what was asked for before comes first.
      due += Math.max(cdn.peer().upNanos(bytes), owner.peer().downNanosAssigned());
      take(owner, cdn, due);
    }
    spread(owner.idc(), owner, due);
    int number = 0;
    for (Idc idc : swarm.idcs()) {
      number++;
      if (idc != owner.idc() && !idc.members().isEmpty() && !idc.hasCopy(piece)) {
        enter(idc, number);
      }
    }
  }

  private void enter(Idc idc, int number) {
    Member entry = Owners.next(idc.entries(), this::mayTake);
    if (entry == null) {
      entry = Owners.next(idc.ring(), this::mayTake);
    }
    if (entry == null) {
      spread(idc, null, now);
      return;
    }
    int place = number * Limits.ENTRIES + idc.entries().indexOf(entry);
    Ring.Giver giver = giverFor(entry, place);
    long free = now + entry.peer().downNanos();
    long due;
    if (giver == null || (idc == cdn.idc() && isCdnIdle && cdnFinish() < giver.finish())) {
      due = Math.max(cdnFinish(), free);
      take(entry, cdn, due);
    } else {
      due = Math.max(giver.give(), free);
      take(entry, giver.member(), due);
    }
    spread(idc, entry, due);
  }

  /** Each entry has its places in the owner's ring, so that its parents are few. */
  private Ring.@Nullable Giver giverFor(Member entry, int place) {
    Ring first = rings.get(0);
    Ring.Giver giver;
    if (swarm.cdn().idc().hasTrees()) {
      int most = Limits.ENTRY_PARENTS_WITH_TREES;
      giver = first.giver(entry, most * place + piece % most);
    } else {
      giver = first.giver(entry, 2 * place);
      Ring.Giver other = rings.get(rings.size() - 1).giver(entry, 2 * place + 1);
      if (giver == null || (other != null && other.finish() < giver.finish())) {
        giver = other;
      }
    }
    return giver != null ? giver : first.bestGiver(entry);
  }

  private void spread(Idc idc, @Nullable Member first, long due) {
    Ring ring = new Ring(idc, bytes, now);
    rings.add(ring);
    if (first != null) {
      ring.startAt(first, due);
    }
    for (Member taker : ring.inOrder()) {
      if (mayTake(taker)) {
        plan(taker, ring);
      }
    }
    // Who does not pass it on comes last.
    for (Member taker : List.copyOf(idc.members())) {
      if (!taker.isCounted() && mayTake(taker)) {
        plan(taker, ring);
      }
    }
  }

  private void plan(Member taker, Ring ring) {
    Ring.Giver giver = ring.giverBefore(taker);
    long free = now + taker.peer().downNanos();
    boolean isAlone = ring.isEmpty();
    boolean mayUseCdn =
        (isAlone || (isCdnIdle && cdn.idc() == taker.idc()))
            && !taker.peer().avoidance().avoids(cdn.peer(), now);
    if (mayUseCdn && (giver == null || cdnFinish() < Math.max(giver.finish(), free))) {
      long due = Math.max(cdnFinish(), free);
      take(taker, cdn, due);
      ring.arrives(taker, due);
    } else if (giver != null) {
      long due = Math.max(giver.give(), free);
      take(taker, giver.member(), due);
      ring.arrives(taker, due);
    }
  }

  private boolean mayTake(Member member) {
    return member.lacks(piece) && !member.isFull() && !member.peer().isAbsent();
  }

  private long cdnFinish() {
    return now + Limits.CDN_FACTOR * cdn.peer().upNanos(bytes);
  }

  private void take(Member taker, Member parent, long due) {
    Take take = Take.plan(taker, piece, parent, due);
    if (!take.waitIfEarly(now)) {
      swarm.fleet().ready(taker.peer());
    }
  }
}

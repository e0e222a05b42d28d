package io.dragonfly.scheduler;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How one fresh piece spreads: each taker gets it from whoever is expected to have passed it on
 * first, among those that will have it by then. The data centre of the taker comes first; each
 * other one is entered by one copy.
 *
 * <p>The peers of a data centre stand in a ring, and each takes only from some of those before it,
 * next to it and further and further away. So it has few parents in all, and each piece still
 * reaches everybody in few steps, whoever is its owner.
 */
final class Spread {
  private static final long NEVER = Long.MAX_VALUE;

  private final Swarm swarm;
  private final int piece;
  private final long bytes;
  private final long now;
  private final Member cdn;
  private final boolean isCdnIdle;

  /** Who could give the piece to the next data centre. */
  private @Nullable Giver best;

  private record Giver(Member member, long finish) {}

  Spread(Swarm swarm, int piece) {
    this.swarm = swarm;
    this.piece = piece;
    bytes = swarm.bytes(piece);
    now = swarm.fleet().now();
    cdn = swarm.cdn();
    // What the cache sends twice, nobody else sends; what it alone has, only it can.
    isCdnIdle = swarm.fresh().isEmpty() && cdn.peer().hasRoomToPlan(0);
  }

  /** Plans the piece for its owner and all others that want it. */
  void from(Member owner) {
    take(owner, cdn, now + Math.max(cdn.peer().upNanos(bytes), owner.peer().downNanos()));
    new Ring(owner.idc(), owner).spread();
    for (Idc idc : swarm.idcs()) {
      if (idc != owner.idc() && !idc.members().isEmpty()) {
        new Ring(idc, entry(idc)).spread();
      }
    }
  }

  /** Brings the piece into a data centre; returns who has it there then. */
  private @Nullable Member entry(Idc idc) {
    Member entry = Owners.next(idc.entries(), this::mayTake);
    if (entry == null) {
      entry = Owners.next(idc.ring(), this::mayTake);
    }
    if (entry == null || best == null) {
      return null;
    }
    if (idc == cdn.idc() && isCdnIdle && cdnFinish() < best.finish) {
      take(entry, cdn, cdnFinish());
    } else {
      take(entry, best.member, Math.max(best.finish, now + entry.peer().downNanos()));
      best = new Giver(best.member, best.finish + sending(best.member));
    }
    return entry;
  }

  private boolean mayTake(Member member) {
    return member.lacks(piece) && !member.peer().isFull();
  }

  private long cdnFinish() {
    return now + Limits.CDN_FACTOR * cdn.peer().upNanos(bytes);
  }

  private long sending(Member member) {
    return (long) (bytes * 1e9 / member.peer().upRate());
  }

  private void take(Member taker, Member parent, long due) {
    Take.plan(taker, piece, parent, due);
    swarm.fleet().ready(taker.peer());
  }

  /** The peers of one data centre, from whoever has the piece first. */
  private final class Ring {
    private final Idc idc;
    private final List<Member> ring;
    private final int[] distances;

    /** When each member of the ring would have passed on its next copy. */
    private final long[] finish;

    private int root;

    Ring(Idc idc, @Nullable Member first) {
      this.idc = idc;
      ring = idc.ring();
      distances = idc.distances();
      finish = new long[ring.size()];
      Arrays.fill(finish, NEVER);
      root = first == null ? -1 : ring.indexOf(first);
      if (root >= 0) {
        has(root, now + (first == null ? 0 : first.peer().downNanos()));
      }
    }

    private void has(int place, long due) {
      Member member = ring.get(place);
      long free = Math.max(due, now + member.peer().upNanos(0));
      finish[place] = free + sending(member);
      if (best == null || finish[place] < best.finish) {
        best = new Giver(member, finish[place]);
      }
    }

    void spread() {
      int from = Math.max(0, root);
      for (int distance = root < 0 ? 0 : 1; distance < ring.size(); distance++) {
        int place = (from + distance) % ring.size();
        if (mayTake(ring.get(place))) {
          plan(ring.get(place), place, distance);
        }
      }
      // Who does not pass it on comes last, and somewhere in the ring.
      for (Member member : new ArrayList<>(idc.members())) {
        if (!member.isCounted() && mayTake(member)) {
          plan(member, ring.isEmpty() ? 0 : member.slot() % ring.size(), ring.size());
        }
      }
    }

    private void plan(Member taker, int place, int distance) {
      int giver = bestBefore(taker, place, distance);
      long free = now + taker.peer().downNanos();
      boolean mayUseCdn = (idc == cdn.idc() || root < 0) && !avoids(taker, cdn);
      if (giver >= 0 && !(mayUseCdn && isCdnIdle && cdnFinish() < Math.max(finish[giver], free))) {
        long due = Math.max(finish[giver], free);
        take(taker, ring.get(giver), due);
        finish[giver] += sending(ring.get(giver));
        arrives(taker, place, due);
      } else if (mayUseCdn && (isCdnIdle || root < 0)) {
        long due = Math.max(cdnFinish(), free);
        take(taker, cdn, due);
        arrives(taker, place, due);
      }
    }

    private void arrives(Member taker, int place, long due) {
      if (taker.isCounted()) {
        has(place, due);
      }
    }

    private int bestBefore(Member taker, int place, int distance) {
      int found = -1;
      for (int back : distances) {
        if (back > distance || back >= ring.size()) {
          break;
        }
        int giver = Math.floorMod(place - back, ring.size());
        if (finish[giver] != NEVER
            && (found < 0 || finish[giver] < finish[found])
            && !avoids(taker, ring.get(giver))) {
          found = giver;
        }
      }
      return found;
    }

    private boolean avoids(Member taker, Member parent) {
      return taker.peer().avoidance().avoids(parent.peer(), now);
    }
  }
}

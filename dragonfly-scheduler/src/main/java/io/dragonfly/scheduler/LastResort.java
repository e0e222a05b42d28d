package io.dragonfly.scheduler;

import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.Scheduler.Stall;
import org.jspecify.annotations.Nullable;

/**
 * Finds a piece for a peer that gets nothing by the usual rules: any piece that it lacks, from any
 * parent that has it and has room, or in urgent cases does not have far too much to send. Parents
 * that failed lately come last.
 */
final class LastResort {
  private final Swarm swarm;

  LastResort(Swarm swarm) {
    this.swarm = swarm;
  }

  /** Returns a take that may be assigned at once; null if no parent has anything, or time. */
  @Nullable Take take(Member taker) {
    Take take = take(taker, false);
    if (take != null) {
      if (swarm.inFlight() == 0 && hasRoom(take.parent())) {
        PeerId id = taker.peer().peer().id();
        swarm.fleet().stalled(new Stall(swarm.task(), id, describe(taker, take)));
      }
      return take;
    }
    // A parent that failed may be the only one that is left: it is asked again each second.
    return take(taker, true);
  }

  private @Nullable Take take(Member taker, boolean avoided) {
    int looked = 0;
    for (int piece = taker.firstMissing(swarm.available(), 0);
        piece >= 0 && looked < Limits.FEW;
        piece = taker.firstMissing(swarm.available(), piece + 1)) {
      looked++;
      Member parent = parent(taker, piece, avoided);
      if (parent != null) {
        taker.endTakesOf(piece);
        long due = swarm.fleet().now() + parent.peer().upNanos(swarm.bytes(piece));
        return Take.plan(taker, piece, parent, due);
      }
    }
    return null;
  }

  private @Nullable Member parent(Member taker, int piece, boolean avoided) {
    // Peers first: what the CDN cache sends twice comes later to all who wait for the rest.
    Slots holders = swarm.holders(piece);
    for (int slot = holders.next(0, null, null);
        slot >= 0;
        slot = holders.next(slot + 1, null, null)) {
      Member holder = swarm.at(slot);
      if (holder != null && may(taker, holder, avoided)) {
        return holder;
      }
    }
    Member cdn = swarm.cdn();
    return cdn.has(piece) && may(taker, cdn, avoided) ? cdn : null;
  }

  private boolean may(Member taker, Member parent, boolean avoided) {
    PeerState peer = parent.peer();
    return parent != taker
        && (hasRoom(parent) || (peer.isOpen() && taker.isUrgent(swarm.fleet().now())))
        && (avoided || !taker.peer().avoidance().avoids(peer, swarm.fleet().now()));
  }

  private static boolean hasRoom(Member parent) {
    return parent.isCdn() ? parent.peer().hasRoomToPlan() : parent.isSpare();
  }

  private String describe(Member taker, Take take) {
    PeerState cdn = swarm.cdn().peer();
    return ("piece %d from %s; it lacks %d of %d pieces, %d planned; fresh %d, peers %d;"
            + " slow %s, hidden %s, gone %s, full %s; uplink of the supernode %d bytes in %d tasks")
        .formatted(
            take.piece(),
            take.parent(),
            swarm.pieces() - taker.pieceCount(),
            swarm.pieces(),
            taker.takes().size(),
            swarm.fresh().cardinality(),
            swarm.members().size(),
            taker.peer().isSlow(),
            !taker.isReachable(),
            taker.peer().isGone(),
            taker.isFull(),
            cdn.up().backlog().bytes(),
            cdn.activeTasks());
  }
}

package io.dragonfly.scheduler;

import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.Scheduler.Stall;
import org.jspecify.annotations.Nullable;

/**
 * Finds a piece for a peer that gets nothing by the usual rules: any piece that it lacks, from any
 * parent that has it and has capacity, or in urgent cases does not have far too much to send.
 * Parents that failed recently come last.
 */
final class LastResort {
  private final Swarm swarm;

  LastResort(Swarm swarm) {
    this.swarm = swarm;
  }

  /**
   * Returns a download that can be assigned at once; null if no parent has a piece and capacity.
   */
  @Nullable PieceDownload download(Member child) {
    PieceDownload download = download(child, false);
    if (download != null) {
      if (swarm.inFlight() == 0 && hasCapacity(download.parent())) {
        PeerId id = child.peer().peer().id();
        swarm.registry().stalled(new Stall(swarm.task(), id, describe(child, download)));
      }
      return download;
    }
    // A parent that failed may be the only one left: it is asked again each second.
    return download(child, true);
  }

  private @Nullable PieceDownload download(Member child, boolean avoided) {
    int looked = 0;
    for (int piece = child.firstMissing(swarm.available(), 0);
        piece >= 0 && looked < Limits.FEW;
        piece = child.firstMissing(swarm.available(), piece + 1)) {
      looked++;
      Member parent = parent(child, piece, avoided);
      if (parent != null) {
        child.endDownloadsOf(piece);
        long due = swarm.registry().now() + parent.peer().upNanos(swarm.bytes(piece));
        return PieceDownload.plan(child, piece, parent, due);
      }
    }
    return null;
  }

  private @Nullable Member parent(Member child, int piece, boolean avoided) {
    // Peers come first: what the supernode cache sends twice delays all peers that wait for the
    // rest.
    SlotSet holders = swarm.holders(piece);
    for (int slot = holders.next(0, null, null);
        slot >= 0;
        slot = holders.next(slot + 1, null, null)) {
      Member holder = swarm.at(slot);
      if (holder != null && may(child, holder, avoided)) {
        return holder;
      }
    }
    Member cdn = swarm.cdn();
    return cdn.has(piece) && may(child, cdn, avoided) ? cdn : null;
  }

  private boolean may(Member child, Member parent, boolean avoided) {
    PeerState peer = parent.peer();
    return parent != child
        && (hasCapacity(parent) || (peer.isOpen() && child.isUrgent(swarm.registry().now())))
        && (avoided || !child.peer().backoff().avoids(peer, swarm.registry().now()));
  }

  private static boolean hasCapacity(Member parent) {
    return parent.isCdn() ? parent.peer().canPlanMore() : parent.isSpare();
  }

  private String describe(Member child, PieceDownload download) {
    PeerState cdn = swarm.cdn().peer();
    return ("piece %d from %s; it lacks %d of %d pieces, %d planned; fresh %d, peers %d;"
            + " slow %s, hidden %s, gone %s, full %s; uplink of the supernode %d bytes in %d tasks")
        .formatted(
            download.piece(),
            download.parent(),
            swarm.pieces() - child.pieceCount(),
            swarm.pieces(),
            child.downloads().size(),
            swarm.fresh().cardinality(),
            swarm.members().size(),
            child.peer().isSlow(),
            !child.isReachable(),
            child.peer().isGone(),
            child.isFull(),
            cdn.up().backlog().bytes(),
            cdn.activeTasks());
  }
}

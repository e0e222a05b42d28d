package io.dragonfly.scheduler;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Plans how one fresh piece is distributed. Each child gets it from the parent that is expected to
 * have uploaded it first. The owner's zone comes first; one copy enters each other zone.
 */
final class PieceDistribution {
  private final Swarm swarm;
  private final int piece;
  private final long bytes;
  private final long now;
  private final Member cdn;
  private final boolean isCdnIdle;
  private final List<ZoneRing> rings = new ArrayList<>();

  PieceDistribution(Swarm swarm, int piece) {
    this.swarm = swarm;
    this.piece = piece;
    bytes = swarm.bytes(piece);
    now = swarm.registry().now();
    cdn = swarm.cdn();
    isCdnIdle = swarm.isCdnIdle();
  }

  /**
   * Plans the piece for its owner, unless the owner has it, and for all other peers that want it.
   */
  void from(Member owner) {
    long due = now;
    if (!owner.has(piece)) {
      // The owner can request it at once, because the supernode cache has it: only earlier requests
      // come first.
      due += Math.max(cdn.peer().upNanos(bytes), owner.peer().downNanosAssigned());
      download(owner, cdn, due);
    }
    spread(owner.zone(), owner, due);
    int number = 0;
    for (Zone zone : swarm.zones()) {
      number++;
      if (zone != owner.zone() && !zone.members().isEmpty() && !zone.hasCopy(piece)) {
        enter(zone, number);
      }
    }
  }

  private void enter(Zone zone, int number) {
    Member entry = OwnerRotation.next(zone.entries(), this::mayDownload);
    if (entry == null) {
      entry = OwnerRotation.next(zone.ring(), this::mayDownload);
    }
    if (entry == null) {
      spread(zone, null, now);
      return;
    }
    int place = number * Limits.ENTRIES + zone.entries().indexOf(entry);
    ZoneRing.Candidate candidate = parentOfEntry(entry, place);
    long free = now + entry.peer().downNanos();
    long due;
    if (candidate == null
        || (zone == cdn.zone() && isCdnIdle && cdnFinish() < candidate.finish())) {
      due = Math.max(cdnFinish(), free);
      download(entry, cdn, due);
    } else {
      due = Math.max(candidate.addUpload(), free);
      download(entry, candidate.member(), due);
    }
    spread(zone, entry, due);
  }

  /** Each entry peer has fixed positions in the owner's ring, so that it has few parents. */
  private ZoneRing.@Nullable Candidate parentOfEntry(Member entry, int place) {
    ZoneRing first = rings.get(0);
    ZoneRing.Candidate candidate;
    if (swarm.cdn().zone().hasTrees()) {
      int most = Limits.ENTRY_PARENTS_WITH_TREES;
      candidate = first.candidate(entry, most * place + piece % most);
    } else {
      candidate = first.candidate(entry, 2 * place);
      ZoneRing.Candidate other = rings.get(rings.size() - 1).candidate(entry, 2 * place + 1);
      if (candidate == null || (other != null && other.finish() < candidate.finish())) {
        candidate = other;
      }
    }
    return candidate != null ? candidate : first.bestCandidate(entry);
  }

  private void spread(Zone zone, @Nullable Member first, long due) {
    ZoneRing ring = new ZoneRing(zone, bytes, now);
    rings.add(ring);
    if (first != null) {
      ring.startAt(first, due);
    }
    for (Member child : ring.inOrder()) {
      if (mayDownload(child)) {
        plan(child, ring);
      }
    }
    // Peers that do not upload come last.
    for (Member child : List.copyOf(zone.members())) {
      if (!child.isCounted() && mayDownload(child)) {
        plan(child, ring);
      }
    }
  }

  private void plan(Member child, ZoneRing ring) {
    ZoneRing.Candidate candidate = ring.parentOf(child);
    long free = now + child.peer().downNanos();
    boolean isAlone = ring.isEmpty();
    boolean mayUseCdn =
        (isAlone || (isCdnIdle && cdn.zone() == child.zone()))
            && !child.peer().backoff().avoids(cdn.peer(), now);
    if (mayUseCdn && (candidate == null || cdnFinish() < Math.max(candidate.finish(), free))) {
      long due = Math.max(cdnFinish(), free);
      download(child, cdn, due);
      ring.arrives(child, due);
    } else if (candidate != null) {
      long due = Math.max(candidate.addUpload(), free);
      download(child, candidate.member(), due);
      ring.arrives(child, due);
    }
  }

  private boolean mayDownload(Member member) {
    return member.lacks(piece) && !member.isFull() && !member.peer().isAbsent();
  }

  private long cdnFinish() {
    return now + Limits.CDN_FACTOR * cdn.peer().upNanos(bytes);
  }

  private void download(Member child, Member parent, long due) {
    PieceDownload download = PieceDownload.plan(child, piece, parent, due);
    if (!download.waitIfEarly(now)) {
      swarm.registry().ready(child.peer());
    }
  }
}

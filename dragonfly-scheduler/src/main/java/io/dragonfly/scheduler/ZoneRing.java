package io.dragonfly.scheduler;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The peers of one zone during the distribution of one piece. They form a ring. A peer downloads
 * only from some peers before it in the ring, so that it has few parents in total.
 *
 * <p>If there are few peers, each downloads from the one that is free first. Many peers form trees:
 * each piece starts at the root of one tree, and the peer n positions behind the root uploads the
 * piece to the peers at 2n + 1 and 2n + 2. The roots are at equal distances, so each peer uploads
 * the pieces of half of the trees, each of them twice: all uplinks are used all the time and
 * equally. If each peer chose a parent for each piece instead, most would choose peers near the
 * root, which have the piece first. Those would fall behind, and everybody after them.
 */
final class ZoneRing {
  private static final long NEVER = Long.MAX_VALUE;

  private final Zone zone;
  private final List<Member> members;
  private final long bytes;
  private final long now;

  /** For each peer the time at which its next upload would end, in nanoseconds. */
  private final long[] finish;

  private int start = -1;

  /** A peer that will have the piece. */
  final class Candidate {
    private final int place;

    private Candidate(int place) {
      this.place = place;
    }

    Member member() {
      return members.get(place);
    }

    /** Returns the time at which its next upload would end. */
    long finish() {
      return finish[place];
    }

    /** Adds an upload, and returns the time at which it ends. */
    long addUpload() {
      long given = finish[place];
      finish[place] += nanosToSend(member());
      return given;
    }
  }

  ZoneRing(Zone zone, long bytes, long now) {
    this.zone = zone;
    this.bytes = bytes;
    this.now = now;
    members = zone.ring();
    finish = new long[members.size()];
    Arrays.fill(finish, NEVER);
  }

  /** Starts the distribution at a peer. */
  void startAt(Member member, long due) {
    arrives(member, due);
    if (member.isCounted()) {
      start = member.ringPlace();
    }
  }

  /** Records when the piece arrives at a peer, which can upload it from then on. */
  void arrives(Member member, long due) {
    if (member.isCounted()) {
      long free = Math.max(due, now + member.peer().upNanos(0));
      finish[member.ringPlace()] = free + nanosToSend(member);
      if (start < 0) {
        start = member.ringPlace();
      }
    }
  }

  private long nanosToSend(Member member) {
    return (long) (bytes * 1e9 / member.peer().upRate());
  }

  /** Tells whether no peer of this zone will have the piece yet. */
  boolean isEmpty() {
    return start < 0;
  }

  /** Returns the peers, beginning with the one where the piece starts. */
  List<Member> inOrder() {
    int from = Math.max(0, start);
    List<Member> inOrder = new ArrayList<>(members.subList(from, members.size()));
    inOrder.addAll(members.subList(0, from));
    return inOrder;
  }

  /** Returns the parent from which a child is to get the piece; null if there is none. */
  @Nullable Candidate parentOf(Member child) {
    int size = members.size();
    if (size == 0 || start < 0) {
      return null;
    }
    boolean isInRing = child.isCounted();
    if (isInRing && zone.hasTrees()) {
      return parentInTree(child);
    }
    if (!isInRing && zone.hasTrees()) {
      return parentAmongLeaves(child);
    }
    int place = isInRing ? child.ringPlace() : child.slot() % size;
    int furthest = isInRing ? Math.floorMod(place - start, size) : size;
    int found = -1;
    for (int distance : child.isEntry() ? zone.entryDistances() : zone.distances()) {
      if (distance > furthest) {
        break;
      }
      int candidate = Math.floorMod(place - distance, size);
      if (isBetter(child, candidate, found)) {
        found = candidate;
      }
    }
    return found < 0 ? null : new Candidate(found);
  }

  private @Nullable Candidate parentInTree(Member child) {
    int behind = Math.floorMod(child.ringPlace() - start, members.size());
    Candidate parent = null;
    // If its parent does not get the piece, the parent's parent is next, so that not all ask the
    // root.
    while (parent == null && behind > 0) {
      behind = (behind - 1) / 2;
      parent = candidate(child, start + behind);
    }
    return parent;
  }

  /**
   * A peer outside the trees downloads from a leaf, which uploads to no other peer. The leaf is at
   * a fixed distance from the root, so there are as few parents as trees.
   */
  private @Nullable Candidate parentAmongLeaves(Member child) {
    int inner = members.size() / 2;
    int leaves = members.size() - inner;
    Candidate found = null;
    for (int tried = 0; found == null && tried < leaves; tried++) {
      found = candidate(child, start + inner + (child.slot() + tried) % leaves);
    }
    return found;
  }

  /**
   * Returns the peer at a position (modulo the number of peers) if it will have the piece; else
   * null.
   */
  @Nullable Candidate candidate(Member child, int place) {
    int at = members.isEmpty() ? 0 : Math.floorMod(place, members.size());
    return !members.isEmpty() && isBetter(child, at, -1) ? new Candidate(at) : null;
  }

  /** Returns the peer whose next upload would end first; null if no peer will have the piece. */
  @Nullable Candidate bestCandidate(Member child) {
    int found = -1;
    for (int place = 0; place < finish.length; place++) {
      if (isBetter(child, place, found)) {
        found = place;
      }
    }
    return found < 0 ? null : new Candidate(found);
  }

  private boolean isBetter(Member child, int place, int than) {
    return finish[place] != NEVER
        && (than < 0 || finish[place] < finish[than])
        && !child.peer().backoff().avoids(members.get(place).peer(), now);
  }
}

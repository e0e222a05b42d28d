package io.dragonfly.scheduler;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The peers of one data centre while one piece spreads among them. They stand in a ring, and each
 * takes only from some of those before it, so that it has few parents in all.
 *
 * <p>Few peers take from whomever is done first. Many follow trees: each piece starts at the root
 * of one, and whoever stands n places behind it passes the piece on to the two that stand 2n + 1
 * and 2n + 2 behind it. The roots stand at equal distances, so each peer passes on the pieces of
 * half of the trees, each of them twice: all uplinks are in use all the time, and none has more to
 * do than others. Whoever would choose for each piece whom to take it from prefers those near the
 * root, since they have it first, and these fall behind with everybody that waits for them.
 */
final class Ring {
  private static final long NEVER = Long.MAX_VALUE;

  private final Idc idc;
  private final List<Member> members;
  private final long bytes;
  private final long now;

  /** When each would have passed on its next copy. */
  private final long[] finish;

  private int start = -1;

  /** Somebody that will have the piece. */
  final class Giver {
    private final int place;

    private Giver(int place) {
      this.place = place;
    }

    Member member() {
      return members.get(place);
    }

    /** Returns when it would have passed on its next copy. */
    long finish() {
      return finish[place];
    }

    /** Lets it pass on one more copy, and returns when it has. */
    long give() {
      long given = finish[place];
      finish[place] += nanosToSend(member());
      return given;
    }
  }

  Ring(Idc idc, long bytes, long now) {
    this.idc = idc;
    this.bytes = bytes;
    this.now = now;
    members = idc.ring();
    finish = new long[members.size()];
    Arrays.fill(finish, NEVER);
  }

  /** The piece starts here. */
  void startAt(Member member, long due) {
    arrives(member, due);
    if (member.isCounted()) {
      start = member.ringPlace();
    }
  }

  /** The piece arrives at a member, that can pass it on then. */
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

  /** Tells whether the piece is nowhere in here yet. */
  boolean isEmpty() {
    return start < 0;
  }

  /** Returns the members from the one on where the piece starts. */
  List<Member> inOrder() {
    int from = Math.max(0, start);
    List<Member> inOrder = new ArrayList<>(members.subList(from, members.size()));
    inOrder.addAll(members.subList(0, from));
    return inOrder;
  }

  /** Returns the parent from which a taker is to get the piece; null if it has none. */
  @Nullable Giver giverBefore(Member taker) {
    int size = members.size();
    if (size == 0 || start < 0) {
      return null;
    }
    boolean isInRing = taker.isCounted();
    if (isInRing && idc.hasTrees()) {
      return giverInTree(taker);
    }
    if (!isInRing && idc.hasTrees()) {
      return giverOfLeaves(taker);
    }
    int place = isInRing ? taker.ringPlace() : taker.slot() % size;
    int furthest = isInRing ? Math.floorMod(place - start, size) : size;
    int found = -1;
    for (int distance : taker.isEntry() ? idc.entryDistances() : idc.distances()) {
      if (distance > furthest) {
        break;
      }
      int giver = Math.floorMod(place - distance, size);
      if (isBetter(taker, giver, found)) {
        found = giver;
      }
    }
    return found < 0 ? null : new Giver(found);
  }

  private @Nullable Giver giverInTree(Member taker) {
    int behind = Math.floorMod(taker.ringPlace() - start, members.size());
    Giver parent = null;
    // Should its parent not get the piece, those before that one are next: not all ask the root.
    while (parent == null && behind > 0) {
      behind = (behind - 1) / 2;
      parent = giver(taker, start + behind);
    }
    return parent;
  }

  /**
   * Who is in no tree takes a piece from one of those that pass it on to nobody: a fixed place
   * behind the root, so that its parents are as few as the trees.
   */
  private @Nullable Giver giverOfLeaves(Member taker) {
    int inner = members.size() / 2;
    int leaves = members.size() - inner;
    Giver found = null;
    for (int tried = 0; found == null && tried < leaves; tried++) {
      found = giver(taker, start + inner + (taker.slot() + tried) % leaves);
    }
    return found;
  }

  /** Returns the member at a place, counted round and round, if it will have the piece. */
  @Nullable Giver giver(Member taker, int place) {
    int at = members.isEmpty() ? 0 : Math.floorMod(place, members.size());
    return !members.isEmpty() && isBetter(taker, at, -1) ? new Giver(at) : null;
  }

  /** Returns whoever would have passed on the piece first. */
  @Nullable Giver bestGiver(Member taker) {
    int found = -1;
    for (int place = 0; place < finish.length; place++) {
      if (isBetter(taker, place, found)) {
        found = place;
      }
    }
    return found < 0 ? null : new Giver(found);
  }

  private boolean isBetter(Member taker, int place, int than) {
    return finish[place] != NEVER
        && (than < 0 || finish[place] < finish[than])
        && !taker.peer().avoidance().avoids(members.get(place).peer(), now);
  }
}

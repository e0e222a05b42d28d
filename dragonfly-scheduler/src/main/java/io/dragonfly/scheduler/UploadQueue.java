package io.dragonfly.scheduler;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the takers of one task are to take from one peer, by piece. */
final class Giving {
  private final PeerState peer;

  /** For each piece the take that was planned last; the others hang on it. */
  private final TakeTable takes = new TakeTable();

  /** Planned takes that only wait for room on the uplink. */
  private final TakeList waiting = new TakeList();

  /** This task's part of what is planned or assigned from the peer. */
  private final Load backlog = new Load();

  private final Load assigned = new Load();

  /** Whether the task stands in the peer's queue of those with takes that wait for room. */
  private boolean isQueued;

  Giving(PeerState peer) {
    this.peer = peer;
  }

  void add(Take take) {
    plan(take.bytes());
    Take next = takes.get(take.piece());
    take.nextOfPiece = next;
    if (next != null) {
      next.previousOfPiece = take;
    }
    takes.put(take);
  }

  void remove(Take take) {
    Take next = take.nextOfPiece;
    Take previous = take.previousOfPiece;
    if (next != null) {
      next.previousOfPiece = previous;
    }
    if (previous != null) {
      previous.nextOfPiece = next;
    } else if (next != null) {
      takes.put(next);
    } else {
      takes.remove(take.piece());
    }
    take.nextOfPiece = null;
    take.previousOfPiece = null;
  }

  /** The peer has a piece: it can be sent, and who was to ask for it later may ask now. */
  void pieceArrived(int piece) {
    for (Take take = takes.get(piece); take != null; take = take.nextOfPiece) {
      take.becomeReady();
      if (take.taker().agenda().isEarly(take)) {
        take.offer();
      }
    }
  }

  /** The peer is no longer to get a piece: who was to take it from here is to be told otherwise. */
  void pieceGone(int piece) {
    for (Take take = takes.get(piece); take != null; take = take.nextOfPiece) {
      if (!take.isAssigned()) {
        take.offer();
      }
    }
  }

  /** Whatever is planned is to be looked at again. */
  void reviewAll() {
    takes.forEach(
        last -> {
          for (Take take = last; take != null; take = take.nextOfPiece) {
            if (!take.isAssigned()) {
              take.offer();
            }
          }
        });
  }

  /** A take is to be offered as soon as there is room for it. */
  void awaitRoom(Take take) {
    waiting.addLast(take);
  }

  /** Offers as many of those that wait as there is room for; the others go on waiting. */
  void offerRoom(double bytes) {
    double left = bytes;
    for (Take take = waiting.first(); take != null && left > 0; take = waiting.first()) {
      // Who has no room of its own now will come as soon as it has: this room is for the next.
      left -= take.taker().hasRoom() ? take.bytes() : 0;
      take.offer();
    }
  }

  /** Tells whether a take waits for room. */
  boolean isWaiting(Take take) {
    return take.list == waiting;
  }

  /** Returns the one that has waited longest for room; null if none has. */
  @Nullable Take firstWaiting() {
    return waiting.first();
  }

  private void plan(long bytes) {
    if (backlog.isEmpty()) {
      peer.taskIsActive(true);
    }
    backlog.add(bytes);
  }

  void assign(long bytes) {
    assigned.add(bytes);
  }

  /** A take is over, or is so late that it no longer counts. */
  void leave(long bytes, boolean isAssigned) {
    if (isAssigned) {
      assigned.remove(bytes);
    }
    backlog.remove(bytes);
    if (backlog.isEmpty()) {
      peer.taskIsActive(false);
    }
  }

  /** Returns what is planned or assigned for this task. */
  Load backlog() {
    return backlog;
  }

  /** Returns what is assigned for this task and not reported yet. */
  Load assigned() {
    return assigned;
  }

  boolean isQueued() {
    return isQueued;
  }

  void setQueued(boolean queued) {
    isQueued = queued;
  }

  List<Take> of(int piece) {
    List<Take> all = new ArrayList<>();
    addAll(takes.get(piece), all);
    return all;
  }

  List<Take> all() {
    List<Take> all = new ArrayList<>();
    takes.forEach(last -> addAll(last, all));
    return all;
  }

  private static void addAll(@Nullable Take last, List<Take> all) {
    for (Take take = last; take != null; take = take.nextOfPiece) {
      all.add(take);
    }
  }
}

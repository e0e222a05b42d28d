package io.dragonfly.scheduler.simulator;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One peer's download of one file, and the requests of others that wait for its pieces. Not safe
 * for concurrent use.
 */
public final class VirtualFetch {
  private final VirtualSwarm swarm;
  private final VirtualPeer peer;
  private final VirtualTask task;
  private final BitSet has;
  private final Map<Integer, List<Transfer>> waiting = new HashMap<>();
  private int pieces;
  private long started = -1;
  private long finished = -1;
  private int inFlight;
  private boolean isRegistered;

  /** Bytes that arrived in each second of virtual time. */
  private long[] perSecond = {};

  VirtualFetch(VirtualSwarm swarm, VirtualPeer peer, VirtualTask task, BitSet has) {
    this.swarm = swarm;
    this.peer = peer;
    this.task = task;
    this.has = (BitSet) has.clone();
    pieces = has.cardinality();
  }

  /** Returns the peer that downloads. */
  public VirtualPeer peer() {
    return peer;
  }

  /** Returns the file. */
  public VirtualTask task() {
    return task;
  }

  /** Returns the seconds from the start until the file was complete; negative if it never was. */
  public double seconds() {
    return finished < 0 ? -1 : (finished - started) / 1e9;
  }

  /** Returns the virtual time at which the file was complete; negative if it never was. */
  public Duration finishedAt() {
    return Duration.ofNanos(finished);
  }

  /** Tells whether the file is complete. */
  public boolean isFinished() {
    return finished >= 0;
  }

  /** Returns the bytes that arrived in the seconds from {@code first} on, {@code end} excluded. */
  public long bytesBetween(int first, int end) {
    long bytes = 0;
    for (int second = first; second < Math.min(end, perSecond.length); second++) {
      bytes += perSecond[second];
    }
    return bytes;
  }

  BitSet pieces() {
    return has;
  }

  boolean has(int piece) {
    return has.get(piece);
  }

  void start() {
    started = swarm.timeline().now();
    finishIfComplete();
  }

  /** Records that a chunk has arrived. */
  void arrives(long time, long bytes) {
    int second = (int) (time / 1_000_000_000);
    if (second >= perSecond.length) {
      perSecond = Arrays.copyOf(perSecond, Math.max(second + 1, 2 * perSecond.length));
    }
    perSecond[second] += bytes;
  }

  void gain(int piece) {
    if (!has.get(piece)) {
      has.set(piece);
      pieces++;
      finishIfComplete();
    }
    List<Transfer> asked = waiting.remove(piece);
    if (asked != null) {
      for (Transfer transfer : asked) {
        transfer.setWaiting(false);
        peer.uplink().add(transfer);
      }
    }
  }

  /** Removes a piece that the peer has lost. */
  void lose(int piece) {
    if (has.get(piece)) {
      has.clear(piece);
      pieces--;
    }
  }

  private void finishIfComplete() {
    if (pieces == task.layout().pieces() && finished < 0) {
      finished = swarm.timeline().now();
      swarm.finished(this);
    }
  }

  /** Lets a request wait for a piece that this peer does not have yet. */
  void await(Transfer transfer) {
    transfer.setWaiting(true);
    waiting.computeIfAbsent(transfer.piece, piece -> new ArrayList<>(2)).add(transfer);
  }

  void awaitNoMore(Transfer transfer) {
    transfer.setWaiting(false);
    List<Transfer> asked = waiting.get(transfer.piece);
    if (asked != null && asked.remove(transfer) && asked.isEmpty()) {
      waiting.remove(transfer.piece);
    }
  }

  void assigned(int more) {
    inFlight += more;
  }

  void reported() {
    inFlight--;
  }

  /** Tells whether a piece is assigned to this download. */
  boolean isInFlight() {
    return inFlight > 0;
  }

  /** Tells whether the supernode knows this download, and pieces are missing. */
  boolean isActive() {
    return isRegistered && !isFinished();
  }

  boolean isRegistered() {
    return isRegistered;
  }

  void registered() {
    isRegistered = true;
  }
}

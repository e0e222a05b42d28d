package io.dragonfly.scheduler.simulator;

import io.dragonfly.control.Outcome;
import io.dragonfly.control.PieceResult;
import io.dragonfly.peer.Peer;
import io.dragonfly.spi.Scheduler.Plan;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A peer of a {@link VirtualSwarm}, or its CDN cache. It has one call open at the supernode; what
 * it has to report goes with the next one, which takes the place of the one before.
 */
public final class VirtualPeer {
  private static final int REPORTS_PER_CALL = 16;

  private final VirtualSwarm swarm;
  private final Peer peer;
  private final Uplink uplink;
  private final Downlink downlink;
  private final Link link;
  private final BitSet has;
  private final Map<Integer, List<Transfer>> waiting = new HashMap<>();
  private final Deque<Transfer> waitingLongest = new ArrayDeque<>();
  private List<PieceResult> results = new ArrayList<>();
  private boolean isReporting;
  private boolean isHeard;
  private boolean isReady;
  private boolean isDead;
  private int pieces;
  private long started;
  private long finished = -1;
  private long sent;

  VirtualPeer(VirtualSwarm swarm, Peer peer, Link link, int slots, BitSet has) {
    this.swarm = swarm;
    this.peer = peer;
    uplink = new Uplink(swarm, link.up(), slots);
    downlink = new Downlink(link.down());
    this.link = link;
    this.has = (BitSet) has.clone();
    pieces = has.cardinality();
  }

  /**
   * How fast a peer sends and receives.
   *
   * @param up bytes per second that it can send
   * @param down bytes per second that it can receive
   */
  public record Link(double up, double down) {}

  /** Returns the seconds from when it joined until it had everything; negative if it never had. */
  public double seconds() {
    return finished < 0 ? -1 : (finished - started) / 1e9;
  }

  /** Returns the bytes that it sent to others. */
  public long sentBytes() {
    return sent;
  }

  /** Tells whether it has everything. */
  public boolean isFinished() {
    return finished >= 0;
  }

  /** Tells whether it was cut off. */
  public boolean isDead() {
    return isDead;
  }

  double upRate() {
    return link.up();
  }

  double downRate() {
    return link.down();
  }

  Peer peer() {
    return peer;
  }

  Downlink downlink() {
    return downlink;
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

  void sent(long bytes) {
    sent += bytes;
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
        uplink.add(transfer);
      }
    }
  }

  private void finishIfComplete() {
    if (pieces == swarm.layout().pieces() && finished < 0) {
      finished = swarm.timeline().now();
      swarm.finished(this);
    }
  }

  /** A request for a piece has come in. */
  void asked(Transfer transfer) {
    if (isDead) {
      swarm.failLater(transfer);
    } else if (has.get(transfer.piece)) {
      uplink.add(transfer);
    } else {
      transfer.setWaiting(true);
      waiting.computeIfAbsent(transfer.piece, piece -> new ArrayList<>(2)).add(transfer);
      waitingLongest.add(transfer);
    }
  }

  /** Refuses the requests that have waited for long enough. */
  void endPatience() {
    long before = swarm.timeline().now() - Delays.PATIENCE.toNanos();
    for (Transfer first = waitingLongest.peek();
        first != null && (!first.isWaiting() || first.since <= before);
        first = waitingLongest.peek()) {
      waitingLongest.remove();
      if (first.isWaiting()) {
        waitNoMore(first);
        swarm.fail(first, Outcome.NOT_YET);
      }
    }
  }

  private void waitNoMore(Transfer transfer) {
    transfer.setWaiting(false);
    List<Transfer> asked = waiting.get(transfer.piece);
    if (asked != null && asked.remove(transfer) && asked.isEmpty()) {
      waiting.remove(transfer.piece);
    }
  }

  /** It is cut off: nothing comes from it any longer. */
  void die() {
    isDead = true;
    uplink.cut(swarm::failLater);
    waitingLongest.stream().filter(Transfer::isWaiting).forEach(swarm::failLater);
  }

  void ask(List<Plan> plans) {
    for (Plan plan : plans) {
      if (!isDead && !has.get(plan.piece())) {
        swarm.ask(this, plan);
      }
    }
    call(); // the answer has ended the call that was open
  }

  void report(PieceResult result) {
    results.add(result);
    if (results.size() >= REPORTS_PER_CALL) {
      call();
    } else if (!isReporting) {
      isReporting = true;
      swarm.timeline().after(swarm.heldNanos(), this::reportDue);
    }
  }

  private void reportDue() {
    if (isReporting) {
      call();
    }
  }

  /** Calls the supernode, with all that there is to report. */
  void call() {
    isReporting = false;
    List<PieceResult> reports = results;
    results = new ArrayList<>();
    swarm.timeline().after(swarm.callNanos(), () -> calls(reports));
  }

  private void calls(List<PieceResult> reports) {
    if (!isDead) {
      isHeard = true;
      swarm.called(this, reports);
    }
  }

  /** There may be something to tell it: at once if a call of its is open, else when one is. */
  void setReady(boolean ready) {
    isReady = ready;
  }

  boolean isReady() {
    return isReady;
  }

  boolean isHeard() {
    return isHeard;
  }

  void answered() {
    isHeard = false;
  }
}

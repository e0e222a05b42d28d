package io.dragonfly.scheduler.simulator;

import io.dragonfly.control.Outcome;
import io.dragonfly.control.PieceResult;
import io.dragonfly.peer.Peer;
import io.dragonfly.spi.Scheduler.Plan;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A peer of a {@link VirtualSwarm}, or its supernode cache. It always has one poll open at the
 * supernode. It sends its reports with the next poll, which replaces the one before.
 */
public final class VirtualPeer {
  private static final int REPORTS_PER_CALL = 16;

  private final VirtualSwarm swarm;
  private final Peer peer;
  private final Uplink uplink;
  private final Downlink downlink;
  private final Link link;

  /** Downloads by the number of the task. */
  private final List<@Nullable VirtualFetch> byTask = new ArrayList<>(1);

  private final List<VirtualFetch> fetches = new ArrayList<>(1);
  private final Deque<Transfer> waitingLongest = new ArrayDeque<>();
  private List<Report> results = new ArrayList<>();
  private boolean isReporting;
  private boolean isHeard;
  private boolean isReady;
  private boolean isDead;
  private boolean isSilent;
  private long sent;

  VirtualPeer(VirtualSwarm swarm, Peer peer, Link link, int slots) {
    this.swarm = swarm;
    this.peer = peer;
    uplink = new Uplink(swarm, link.up(), slots);
    downlink = new Downlink(link.down());
    this.link = link;
  }

  /**
   * The rates of a peer's link.
   *
   * @param up bytes per second that it can send
   * @param down bytes per second that it can receive
   */
  public record Link(double up, double down) {}

  /** The result of one assignment. */
  record Report(VirtualTask task, PieceResult result) {}

  /** Returns the downloads in the order in which they were added. */
  public List<VirtualFetch> fetches() {
    return Collections.unmodifiableList(fetches);
  }

  /** Returns the bytes that this peer uploaded. */
  public long sentBytes() {
    return sent;
  }

  /** Tells whether this peer was cut off. */
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

  Uplink uplink() {
    return uplink;
  }

  Downlink downlink() {
    return downlink;
  }

  void add(VirtualFetch fetch) {
    while (byTask.size() <= fetch.task().number()) {
      byTask.add(null);
    }
    byTask.set(fetch.task().number(), fetch);
    fetches.add(fetch);
  }

  /** Returns this peer's download of a task. */
  VirtualFetch of(VirtualTask task) {
    VirtualFetch fetch = task.number() < byTask.size() ? byTask.get(task.number()) : null;
    if (fetch == null) {
      throw new IllegalStateException(peer + " takes no part in " + task);
    }
    return fetch;
  }

  void sent(long bytes) {
    sent += bytes;
  }

  /** Receives a request for a piece. */
  void asked(Transfer transfer) {
    if (isDead) {
      swarm.failLater(transfer);
    } else if (isSilent) {
      swarm.stall(transfer);
    } else if (transfer.from.has(transfer.piece)) {
      uplink.add(transfer);
    } else {
      transfer.from.await(transfer);
      waitingLongest.add(transfer);
    }
  }

  /** Refuses requests that have waited too long. */
  void endPatience() {
    long before = swarm.timeline().now() - Delays.PATIENCE.toNanos();
    for (Transfer first = waitingLongest.peek();
        first != null && (!first.isWaiting() || first.since <= before);
        first = waitingLongest.peek()) {
      waitingLongest.remove();
      if (first.isWaiting()) {
        first.from.awaitNoMore(first);
        swarm.fail(first, Outcome.NOT_YET);
      }
    }
  }

  /** Cuts off this peer: it sends nothing from now on. */
  void die() {
    isDead = true;
    uplink.cut(swarm::failLater);
    waitingLongest.stream().filter(Transfer::isWaiting).forEach(swarm::failLater);
  }

  /**
   * Stops this peer from polling and uploading, like a stopped process, or ends that. What it is
   * downloading still arrives.
   */
  void setSilent(boolean silent) {
    isSilent = silent;
    if (!silent && !isDead) {
      call();
    }
  }

  boolean isSilent() {
    return isSilent;
  }

  void ask(List<Plan> plans) {
    for (Plan plan : plans) {
      swarm.ask(this, plan);
    }
    call(); // the response has ended the open poll
  }

  void report(Report report) {
    results.add(report);
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

  /** Polls the supernode, with all reports. */
  void call() {
    if (isSilent) {
      isReporting = false; // reports are sent with the first poll after the silence
      return;
    }
    isReporting = false;
    List<Report> reports = results;
    results = new ArrayList<>();
    swarm.timeline().after(swarm.callNanos(), () -> calls(reports));
  }

  private void calls(List<Report> reports) {
    if (!isDead) {
      isHeard = true;
      swarm.called(this, reports);
    }
  }

  /** Notifies this peer: at once if its poll is open, else when the next one opens. */
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

package io.dragonfly.scheduler.simulator;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * How a simulated swarm did. Times are virtual but where said otherwise, and count for each peer
 * that stayed from when it joined. Immutable.
 */
public final class SimulationResult {
  private final List<Double> seconds = new ArrayList<>();
  private final List<Double> overBound = new ArrayList<>();
  private final long sourceBytes;
  private final long supernodeBytes;
  private final long peerBytes;
  private final long crossIdcBytes;
  private final long failures;
  private final long assignments;
  private final Duration schedulerTime;
  private final Duration realTime;

  SimulationResult(VirtualSwarm swarm, List<Double> bounds, Duration realTime) {
    long sent = 0;
    for (VirtualPeer peer : swarm.peers()) {
      sent += peer.sentBytes();
      if (!peer.isDead()) {
        double needed = peer.fetches().get(0).seconds();
        overBound.add(needed / bounds.get(seconds.size()));
        seconds.add(needed);
      }
    }
    Collections.sort(seconds);
    Collections.sort(overBound);
    peerBytes = sent;
    sourceBytes = swarm.sourceBytes();
    supernodeBytes = swarm.cdnBytes();
    crossIdcBytes = swarm.crossedBytes();
    failures = swarm.failures();
    assignments = swarm.assignments();
    schedulerTime = swarm.schedulerTime();
    this.realTime = realTime;
  }

  /** Returns the seconds of the peer that needed longest. */
  public double lastSeconds() {
    return last(seconds);
  }

  /** Returns the seconds of the peer in the middle. */
  public double medianSeconds() {
    return median(seconds);
  }

  /** Returns the most that any peer needed, as a multiple of its own bound. */
  public double lastOverBound() {
    return last(overBound);
  }

  /** Returns what the peer in the middle needed, as a multiple of its own bound. */
  public double medianOverBound() {
    return median(overBound);
  }

  /** Returns the bytes that the supernode read from the source. */
  public long sourceBytes() {
    return sourceBytes;
  }

  /** Returns the bytes that the supernode sent to peers. */
  public long supernodeBytes() {
    return supernodeBytes;
  }

  /** Returns the bytes that peers sent to peers. */
  public long peerBytes() {
    return peerBytes;
  }

  /** Returns the bytes that went from one data centre to another. */
  public long crossIdcBytes() {
    return crossIdcBytes;
  }

  /** Returns how often a piece was asked for in vain. */
  public long failures() {
    return failures;
  }

  /** Returns how many pieces the scheduler assigned. */
  public long assignments() {
    return assignments;
  }

  /** Returns how many of them it made in a second of real time in which it did nothing else. */
  public double assignmentsPerSecond() {
    return assignments / Math.max(1e-9, schedulerTime.toNanos() / 1e9);
  }

  /** Returns the real time that the run took. */
  public Duration realTime() {
    return realTime;
  }

  private static double last(List<Double> sorted) {
    return sorted.get(sorted.size() - 1);
  }

  private static double median(List<Double> sorted) {
    return sorted.get(sorted.size() / 2);
  }
}

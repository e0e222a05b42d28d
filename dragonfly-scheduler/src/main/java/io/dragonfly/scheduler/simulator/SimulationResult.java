package io.dragonfly.scheduler.simulator;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The result of a simulation. Times are virtual unless stated otherwise. They are counted for each
 * peer that stayed, from when it joined. Immutable.
 */
public final class SimulationResult {
  private final List<Double> seconds = new ArrayList<>();
  private final List<Double> overBound = new ArrayList<>();
  private final long sourceBytes;
  private final long supernodeBytes;
  private final long peerBytes;
  private final long crossZoneBytes;
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
    crossZoneBytes = swarm.crossedBytes();
    failures = swarm.failures();
    assignments = swarm.assignments();
    schedulerTime = swarm.schedulerTime();
    this.realTime = realTime;
  }

  /** Returns the completion time of the slowest peer in seconds. */
  public double lastSeconds() {
    return last(seconds);
  }

  /** Returns the median completion time in seconds. */
  public double medianSeconds() {
    return median(seconds);
  }

  /** Returns the largest completion time as a multiple of the peer's own bound. */
  public double lastOverBound() {
    return last(overBound);
  }

  /** Returns the median completion time as a multiple of the peer's own bound. */
  public double medianOverBound() {
    return median(overBound);
  }

  /** Returns the bytes that the supernode downloaded from the source. */
  public long sourceBytes() {
    return sourceBytes;
  }

  /** Returns the bytes that the supernode uploaded to peers. */
  public long supernodeBytes() {
    return supernodeBytes;
  }

  /** Returns the bytes that peers uploaded to peers. */
  public long peerBytes() {
    return peerBytes;
  }

  /** Returns the bytes that went from one zone to another. */
  public long crossZoneBytes() {
    return crossZoneBytes;
  }

  /** Returns the number of requests for pieces that failed. */
  public long failures() {
    return failures;
  }

  /** Returns the number of pieces that the scheduler assigned. */
  public long assignments() {
    return assignments;
  }

  /** Returns the number of pieces that the scheduler assigned per second of its own real time. */
  public double assignmentsPerSecond() {
    return assignments / Math.max(1e-9, schedulerTime.toNanos() / 1e9);
  }

  /** Returns the real time of the run. */
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

package io.dragonfly.scheduler.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.scheduler.PlannedScheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Many files at once: each gets its share of what they have in common, from its first moment. */
class FairSharesTest {
  private static final int MIB = 1 << 20;
  private static final double GIGABIT = 125e6;
  private static final double HUNDRED_MEGABIT = 12.5e6;
  private static final Duration LIMIT = Duration.ofHours(1);
  private static final int WINDOW_SECONDS = 5;

  @Test
  void sixFilesForSixPeersComeSideBySide() {
    VirtualSwarm swarm = swarm(2 * MIB);
    for (int file = 0; file < 6; file++) {
      swarm.join(Duration.ZERO, swarm.addCached(30 * MIB), "", link(GIGABIT));
    }
    swarm.run(LIMIT);
    assertThat(lastSeconds(swarm)).isLessThan(1.03 * 90);
    assertEachHasHalfOfItsShare(swarm, 2 * MIB);
  }

  @Test
  void sixFilesOfOnePeerComeSideBySide() {
    VirtualSwarm swarm = swarm(GIGABIT);
    VirtualPeer peer = swarm.peer("", link(3 * MIB));
    for (int file = 0; file < 6; file++) {
      swarm.join(Duration.ZERO, swarm.addCached(24 * MIB), peer, new BitSet());
    }
    swarm.run(LIMIT);
    assertThat(lastSeconds(swarm)).isLessThan(1.03 * 48);
    assertEachHasHalfOfItsShare(swarm, GIGABIT);
  }

  @Test
  void aLateFileGetsItsShareAtOnce() {
    VirtualSwarm swarm = swarm(2 * MIB);
    for (int file = 0; file < 5; file++) {
      swarm.join(Duration.ZERO, swarm.addCached(30 * MIB), "", link(GIGABIT));
    }
    VirtualFetch late =
        swarm.join(Duration.ofSeconds(10), swarm.addCached(30 * MIB), "", link(GIGABIT));
    swarm.run(LIMIT);
    assertThat(late.bytesBetween(10, 13)).isGreaterThan(3 * 2 * MIB / 6 / 2);
    assertEachHasHalfOfItsShare(swarm, 2 * MIB);
  }

  @Test
  void aSlowPeerHoldsUpNoOtherFile() {
    VirtualSwarm swarm = swarm(2 * MIB);
    swarm.join(Duration.ZERO, swarm.addCached(4 * MIB), "", link(50e3));
    List<VirtualFetch> others = new ArrayList<>();
    for (int file = 0; file < 5; file++) {
      others.add(swarm.join(Duration.ZERO, swarm.addCached(30 * MIB), "", link(GIGABIT)));
    }
    swarm.run(LIMIT);
    assertThat(others).allMatch(fetch -> fetch.seconds() < 1.05 * 150 / (2 - 0.05));
  }

  @Test
  void aStoppedPeerHoldsUpNoOtherFile() {
    VirtualSwarm swarm = swarm(2 * MIB);
    VirtualPeer stopped = swarm.peer("", link(GIGABIT));
    swarm.join(Duration.ZERO, swarm.addCached(30 * MIB), stopped, new BitSet());
    swarm.silence(Duration.ofSeconds(3), Duration.ofMinutes(2), stopped);
    List<VirtualFetch> others = new ArrayList<>();
    for (int file = 0; file < 2; file++) {
      others.add(swarm.join(Duration.ZERO, swarm.addCached(30 * MIB), "", link(GIGABIT)));
    }
    swarm.run(LIMIT);
    assertThat(others).allMatch(fetch -> fetch.seconds() < 1.1 * 31);
  }

  /** The sizes of a real mix: small files must not wait for the large ones. */
  @Test
  void smallFilesAreSoonThereBesideLargeOnes() {
    Random random = new Random(1);
    List<Long> lengths = new ArrayList<>();
    for (int file = 0; file < 20; file++) {
      lengths.add((long) (16 * 1024 * Math.pow(64, random.nextDouble())));
    }
    for (int file = 0; file < 15; file++) {
      lengths.add((long) (MIB * Math.pow(50, random.nextDouble())));
    }
    for (int file = 0; file < 5; file++) {
      lengths.add((long) (MIB * (100 + 400 * random.nextDouble())));
    }
    Collections.shuffle(lengths, random);
    VirtualSwarm swarm = swarm(HUNDRED_MEGABIT);
    List<VirtualPeer> peers = new ArrayList<>();
    for (int peer = 0; peer < 8; peer++) {
      peers.add(swarm.peer("", link(HUNDRED_MEGABIT)));
    }
    double sum = 0;
    for (long length : lengths) {
      sum += length;
      VirtualTask task = swarm.addRead(length, Duration.ZERO, GIGABIT);
      peers.forEach(peer -> swarm.join(Duration.ZERO, task, peer, new BitSet()));
    }
    swarm.run(LIMIT);
    double[] small =
        swarm.tasks().stream()
            .filter(task -> task.lengthBytes() <= MIB)
            .flatMap(task -> task.fetches().stream())
            .mapToDouble(VirtualFetch::seconds)
            .sorted()
            .toArray();
    assertThat(small[small.length / 2]).isLessThan(2);
    assertThat(small[small.length - 1]).isLessThan(10);
    assertThat(lastSeconds(swarm)).isLessThan(1.15 * sum / HUNDRED_MEGABIT);
  }

  /** An image: what the supernode sends twice comes later to all. */
  @Test
  void twelveLayersLeaveTheSupernodeOnce() {
    VirtualSwarm swarm = swarm(HUNDRED_MEGABIT);
    List<VirtualPeer> peers = new ArrayList<>();
    for (int peer = 0; peer < 8; peer++) {
      peers.add(swarm.peer("", link(HUNDRED_MEGABIT)));
    }
    for (int layer = 0; layer < 12; layer++) {
      VirtualTask task = swarm.addRead(20 * MIB, Duration.ZERO, GIGABIT / 12);
      peers.forEach(peer -> swarm.join(Duration.ZERO, task, peer, new BitSet()));
    }
    swarm.run(LIMIT);
    double bytes = 12.0 * 20 * MIB;
    assertThat(swarm.cdnBytes() / bytes).isLessThan(1.02);
    assertThat(lastSeconds(swarm)).isLessThan(1.05 * bytes / HUNDRED_MEGABIT);
  }

  static LongStream seeds() {
    return LongStream.rangeClosed(1, 40);
  }

  /** The number of each case is its seed. */
  @ParameterizedTest
  @MethodSource("seeds")
  void eachOfManyTasksGetsHalfOfItsShareAtLeast(long seed) {
    Random random = new Random(seed);
    double cdnRate = MIB * (1 + 15 * random.nextDouble());
    VirtualSwarm swarm = swarm(cdnRate);
    List<VirtualPeer> peers = new ArrayList<>();
    for (int peer = 1 + random.nextInt(8); peer > 0; peer--) {
      peers.add(swarm.peer("", link(MIB * (2 + 20 * random.nextDouble()))));
    }
    for (int task = 2 + random.nextInt(8); task > 0; task--) {
      VirtualTask added = swarm.addCached((long) (MIB * (4 + 60 * random.nextDouble())));
      Duration at = Duration.ofMillis(random.nextInt(20_000));
      VirtualPeer peer = peers.get(random.nextInt(peers.size()));
      swarm.join(at, added, peer, new BitSet());
    }
    swarm.run(LIMIT);
    assertEachHasHalfOfItsShare(swarm, cdnRate);
  }

  /**
   * The fair share is that of water filling: the rates of all active tasks rise together until the
   * supernode's uplink or a peer's downlink is full. Each task here has one peer.
   */
  private static void assertEachHasHalfOfItsShare(VirtualSwarm swarm, double cdnRate) {
    int last = (int) lastSeconds(swarm);
    for (int from = 0; from + WINDOW_SECONDS <= last; from++) {
      int first = from;
      List<VirtualFetch> active =
          swarm.tasks().stream()
              .flatMap(task -> task.fetches().stream())
              .filter(fetch -> startSeconds(fetch) <= first)
              .filter(fetch -> endSeconds(fetch) >= first + WINDOW_SECONDS)
              .toList();
      // Tasks that are active in a part of the window take their share of it, too.
      List<VirtualFetch> some =
          swarm.tasks().stream()
              .flatMap(task -> task.fetches().stream())
              .filter(fetch -> startSeconds(fetch) < first + WINDOW_SECONDS)
              .filter(fetch -> endSeconds(fetch) > first)
              .toList();
      Map<VirtualFetch, Double> shares = shares(some, cdnRate);
      for (VirtualFetch fetch : active) {
        double share = WINDOW_SECONDS * shares.getOrDefault(fetch, 0.0);
        assertThat((double) fetch.bytesBetween(first, first + WINDOW_SECONDS))
            .as("bytes of %s in the 5 s from second %d on", fetch.task(), first)
            .isGreaterThan(share / 2);
      }
    }
  }

  private static Map<VirtualFetch, Double> shares(List<VirtualFetch> active, double cdnRate) {
    Map<VirtualFetch, Double> shares = new HashMap<>();
    List<VirtualFetch> rising = new ArrayList<>(active);
    double level = 0;
    double cdnLeft = cdnRate;
    Map<VirtualPeer, Double> left = new HashMap<>();
    active.forEach(fetch -> left.put(fetch.peer(), fetch.peer().downRate()));
    while (!rising.isEmpty()) {
      double step = cdnLeft / rising.size();
      for (VirtualFetch fetch : rising) {
        long same = rising.stream().filter(other -> other.peer() == fetch.peer()).count();
        step = Math.min(step, left.getOrDefault(fetch.peer(), 0.0) / same);
      }
      level += step;
      cdnLeft -= step * rising.size();
      for (VirtualFetch fetch : rising) {
        left.merge(fetch.peer(), -step, Double::sum);
      }
      for (VirtualFetch fetch : List.copyOf(rising)) {
        if (cdnLeft < 1 || left.getOrDefault(fetch.peer(), 0.0) < 1) {
          shares.put(fetch, level);
          rising.remove(fetch);
        }
      }
    }
    return shares;
  }

  private static double startSeconds(VirtualFetch fetch) {
    return endSeconds(fetch) - fetch.seconds();
  }

  private static double endSeconds(VirtualFetch fetch) {
    return fetch.finishedAt().toNanos() / 1e9;
  }

  private static double lastSeconds(VirtualSwarm swarm) {
    return swarm.tasks().stream()
        .flatMap(task -> task.fetches().stream())
        .mapToDouble(FairSharesTest::endSeconds)
        .max()
        .orElseThrow();
  }

  private static VirtualSwarm swarm(double cdnRate) {
    return new VirtualSwarm(PlannedScheduler::new, "", cdnRate, Delays.defaults());
  }

  private static VirtualPeer.Link link(double rate) {
    return new VirtualPeer.Link(rate, rate);
  }
}

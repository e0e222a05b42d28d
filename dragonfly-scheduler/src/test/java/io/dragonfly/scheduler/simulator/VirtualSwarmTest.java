package io.dragonfly.scheduler.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.scheduler.PlannedScheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** How long whole swarms take, in virtual time, against what their links allow at best. */
class VirtualSwarmTest {
  private static final double RATE = 100e6 / 8;
  private static final long LENGTH = 128 << 20;
  private static final double IDEAL_SECONDS = LENGTH / RATE;
  private static final Duration LIMIT = Duration.ofMinutes(20);

  private final List<VirtualFetch> peers = new ArrayList<>();
  private @Nullable VirtualTask task;

  @Test
  void equalPeersNeedHardlyLongerThanOneAlone() {
    VirtualSwarm swarm = cached("", RATE);
    join(swarm, 8, "");
    swarm.run(LIMIT);
    assertThat(slowest()).isLessThan(1.1 * IDEAL_SECONDS);
    assertThat(copies(swarm.cdnBytes())).isLessThan(1.1);
  }

  @Test
  void equalPeersFollowTheSource() {
    VirtualSwarm swarm = swarm("", RATE);
    task = swarm.addRead(LENGTH, Duration.ZERO, RATE / 2);
    join(swarm, 8, "");
    swarm.run(LIMIT);
    assertThat(slowest()).isLessThan(1.05 * 2 * IDEAL_SECONDS);
    assertThat(copies(swarm.cdnBytes())).isLessThan(1.1);
  }

  @Test
  void manyPeersHaveFewParentsAndAreStillFast() {
    VirtualSwarm swarm = cached("", RATE);
    join(swarm, 32, "");
    swarm.run(LIMIT);
    assertThat(slowest()).isLessThan(1.15 * IDEAL_SECONDS);
    assertThat(copies(swarm.cdnBytes())).isLessThan(1.2);
  }

  @Test
  void aDataCentreIsEnteredByAboutOneCopy() {
    VirtualSwarm swarm = cached("here", RATE);
    join(swarm, 4, "here");
    join(swarm, 4, "there");
    swarm.run(LIMIT);
    assertThat(slowest()).isLessThan(1.2 * IDEAL_SECONDS);
    assertThat(copies(swarm.cdnBytes())).isLessThan(1.3);
    assertThat(copies(swarm.crossedBytes())).isLessThan(1.2);
  }

  @Test
  void aSlowPeerSlowsNobodyButItself() {
    VirtualSwarm swarm = cached("", RATE);
    join(swarm, 7, "");
    VirtualFetch slow = swarm.join(Duration.ZERO, task(), "", link(RATE / 10, RATE / 10));
    swarm.run(LIMIT);
    assertThat(slowest()).isLessThan(1.15 * IDEAL_SECONDS);
    assertThat(slow.seconds()).isLessThan(1.1 * 10 * IDEAL_SECONDS);
  }

  @Test
  void aSlowUplinkSlowsNobody() {
    VirtualSwarm swarm = cached("", RATE);
    join(swarm, 7, "");
    peers.add(swarm.join(Duration.ZERO, task(), "", link(RATE / 10, RATE)));
    swarm.run(LIMIT);
    assertThat(slowest()).isLessThan(1.25 * IDEAL_SECONDS);
  }

  @Test
  void unequalPeersAreNoSlowerThanTheirLinks() {
    VirtualSwarm swarm = cached("", RATE);
    for (int i = 0; i < 12; i++) {
      peers.add(
          swarm.join(Duration.ZERO, task(), "", link(RATE * (1 + i % 3) / 2, RATE * (1 + i % 3))));
    }
    swarm.run(LIMIT);
    assertThat(slowest()).isLessThan(1.15 * IDEAL_SECONDS);
  }

  @Test
  void aFastCdnCacheIsNoReasonToSendEverythingTwice() {
    VirtualSwarm swarm = cached("", 10 * RATE);
    join(swarm, 8, "");
    swarm.run(LIMIT);
    assertThat(slowest()).isLessThan(1.1 * IDEAL_SECONDS);
    assertThat(copies(swarm.cdnBytes())).isLessThan(2);
  }

  @Test
  void theOthersFinishIfAParentDies() {
    VirtualSwarm swarm = cached("", RATE);
    join(swarm, 8, "");
    swarm.die(Duration.ofSeconds(5), peers.remove(3).peer());
    swarm.run(LIMIT);
    assertThat(slowest()).isLessThan(1.2 * IDEAL_SECONDS);
  }

  @Test
  void whoComesLaterFinishesToo() {
    VirtualSwarm swarm = cached("", RATE);
    for (int i = 0; i < 8; i++) {
      peers.add(swarm.join(Duration.ofSeconds(2 * i), task(), "", link(RATE, RATE)));
    }
    swarm.run(LIMIT);
    assertThat(slowest()).isLessThan(1.15 * IDEAL_SECONDS);
  }

  @Test
  void onePeerFeedsOthersWithoutTheCdnCache() {
    VirtualSwarm swarm = swarm("", RATE);
    task = swarm.add(LENGTH);
    BitSet all = new BitSet();
    all.set(0, 512);
    swarm.join(Duration.ZERO, task(), swarm.peer("", link(RATE, RATE)), all);
    join(swarm, 8, "");
    swarm.run(LIMIT);
    assertThat(slowest()).isLessThan(1.3 * IDEAL_SECONDS);
    assertThat(copies(swarm.cdnBytes())).isZero();
  }

  @Test
  void itIsTheSameEachTime() {
    double[] seconds = new double[2];
    for (int i = 0; i < 2; i++) {
      peers.clear();
      VirtualSwarm swarm = cached("", RATE);
      join(swarm, 5, "");
      swarm.run(LIMIT);
      seconds[i] = slowest();
    }
    assertThat(seconds[0]).isEqualTo(seconds[1]);
  }

  private static VirtualSwarm swarm(String zone, double cdnRate) {
    return new VirtualSwarm(PlannedScheduler::new, zone, cdnRate, Delays.defaults());
  }

  private VirtualSwarm cached(String zone, double cdnRate) {
    VirtualSwarm swarm = swarm(zone, cdnRate);
    task = swarm.addCached(LENGTH);
    return swarm;
  }

  private VirtualTask task() {
    return Objects.requireNonNull(task, "no task was added");
  }

  private void join(VirtualSwarm swarm, int count, String zone) {
    for (int i = 0; i < count; i++) {
      peers.add(swarm.join(Duration.ZERO, task(), zone, link(RATE, RATE)));
    }
  }

  private static VirtualPeer.Link link(double up, double down) {
    return new VirtualPeer.Link(up, down);
  }

  private static double copies(long bytes) {
    return (double) bytes / LENGTH;
  }

  private double slowest() {
    return peers.stream().mapToDouble(VirtualFetch::seconds).max().orElseThrow();
  }
}

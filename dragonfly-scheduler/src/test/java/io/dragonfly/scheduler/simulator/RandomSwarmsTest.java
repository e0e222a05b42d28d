package io.dragonfly.scheduler.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.Outcome;
import io.dragonfly.scheduler.PlannedScheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Small swarms with links of any rate, which change, with hidden and silent peers, failures and
 * losses: whatever happens, a task of which a peer lacks a piece that another can send has
 * something in flight within two seconds. The number of each case is its seed.
 */
class RandomSwarmsTest {
  private static final long SWARMS = 300;
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long MOST_IDLE_NANOS = TimeUnit.SECONDS.toNanos(2);
  private static final double LEAST_RATE = 20e3;
  private static final double MOST_RATE = 100e6;
  private static final int MOST_PEERS = 5;
  private static final int MOST_TASKS = 3;
  private static final int MOST_SECONDS = 20;

  private final Map<VirtualTask, Long> idleSince = new HashMap<>();
  private Random random = new Random(0);

  static LongStream seeds() {
    return LongStream.rangeClosed(1, SWARMS);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void noTaskIsWithoutAnAssignmentThatIsPossible(long seed) {
    random = new Random(seed);
    VirtualSwarm swarm = new VirtualSwarm(PlannedScheduler::new, "", rate(), Delays.defaults());
    tasks(swarm);
    List<VirtualPeer> peers = peers(swarm);
    for (VirtualTask task : swarm.tasks()) {
      for (VirtualPeer peer : peers) {
        if (random.nextInt(4) > 0) {
          swarm.join(soon(), task, peer, someOf(task));
        }
      }
    }
    double failing = random.nextBoolean() ? 0 : random.nextDouble() / 4;
    swarm.failSome(transfer -> fault(failing));
    look(swarm);
    swarm.run(Duration.ofHours(12));
    assertThat(swarm.peers()).allMatch(RandomSwarmsTest::isDone);
  }

  private static boolean isDone(VirtualPeer peer) {
    return peer.isDead() || peer.fetches().stream().allMatch(VirtualFetch::isFinished);
  }

  private void tasks(VirtualSwarm swarm) {
    for (int left = 1 + random.nextInt(MOST_TASKS); left > 0; left--) {
      long length = 1 + (long) Math.pow(30e6, random.nextDouble());
      VirtualTask task =
          random.nextBoolean() ? swarm.addCached(length) : swarm.addRead(length, soon(), rate());
      if (random.nextInt(4) == 0) {
        int piece = random.nextInt(task.layout().pieces());
        swarm.timeline().at(soon().toNanos(), () -> swarm.cdnLoses(task, piece));
        swarm
            .timeline()
            .at(soon().plusSeconds(MOST_SECONDS).toNanos(), () -> swarm.cdnGets(task, piece));
      }
    }
  }

  private List<VirtualPeer> peers(VirtualSwarm swarm) {
    List<VirtualPeer> peers = new ArrayList<>();
    for (int left = 1 + random.nextInt(MOST_PEERS); left > 0; left--) {
      VirtualPeer.Link link = new VirtualPeer.Link(rate(), rate());
      boolean isHidden = random.nextInt(4) == 0;
      String zone = random.nextInt(4) == 0 ? "far" : "";
      VirtualPeer peer = isHidden ? swarm.hiddenPeer(link) : swarm.peer(zone, link);
      for (int changes = random.nextInt(3); changes > 0; changes--) {
        double rate = rate();
        swarm.timeline().at(soon().toNanos(), () -> peer.downlink().setRate(rate));
      }
      if (random.nextInt(3) == 0) {
        swarm.silence(soon(), soon(), peer);
      }
      if (random.nextInt(8) == 0) {
        swarm.die(soon(), peer);
      }
      peers.add(peer);
    }
    return peers;
  }

  private double rate() {
    return LEAST_RATE * Math.pow(MOST_RATE / LEAST_RATE, random.nextDouble());
  }

  private Duration soon() {
    return Duration.ofMillis(random.nextInt(1000 * MOST_SECONDS));
  }

  private BitSet someOf(VirtualTask task) {
    BitSet some = new BitSet();
    if (random.nextInt(4) == 0) {
      some.set(0, random.nextInt(task.layout().pieces() + 1));
    }
    return some;
  }

  private Optional<Outcome> fault(double failing) {
    Outcome[] faults = {
      Outcome.NOT_YET, Outcome.REFUSED, Outcome.STALLED, Outcome.UNREACHABLE, Outcome.DROPPED
    };
    return random.nextDouble() < failing
        ? Optional.of(faults[random.nextInt(faults.length)])
        : Optional.empty();
  }

  private void look(VirtualSwarm swarm) {
    long now = swarm.timeline().now();
    for (VirtualTask task : swarm.tasks()) {
      if (isIdleThoughMoreIsPossible(swarm, task)) {
        long idle = now - idleSince.computeIfAbsent(task, t -> now);
        assertThat(idle)
            .as("nanoseconds in which nothing of %s was in flight, at %d ms", task, now / 1_000_000)
            .isLessThan(MOST_IDLE_NANOS);
      } else {
        idleSince.remove(task);
      }
    }
    swarm.timeline().after(LOOK_NANOS, () -> look(swarm));
  }

  private static boolean isIdleThoughMoreIsPossible(VirtualSwarm swarm, VirtualTask task) {
    List<VirtualFetch> alive =
        task.fetches().stream()
            .filter(fetch -> !fetch.peer().isDead() && !fetch.peer().isSilent())
            .toList();
    return alive.stream().noneMatch(VirtualFetch::isInFlight)
        && alive.stream()
            .filter(VirtualFetch::isActive)
            .anyMatch(fetch -> isAnythingFor(fetch, swarm.cdn().of(task), alive));
  }

  private static boolean isAnythingFor(
      VirtualFetch fetch, VirtualFetch cdn, List<VirtualFetch> alive) {
    BitSet available = (BitSet) cdn.pieces().clone();
    for (VirtualFetch other : alive) {
      if (other.isRegistered() && other.peer().peer().isReachable()) {
        available.or(other.pieces());
      }
    }
    available.andNot(fetch.pieces());
    return !available.isEmpty();
  }
}

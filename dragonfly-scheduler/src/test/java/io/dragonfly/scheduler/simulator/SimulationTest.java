package io.dragonfly.scheduler.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.dragonfly.rate.Rate;
import java.time.Duration;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Swarms that a few numbers describe, and what the model is made of. */
class SimulationTest {
  private static final Rate RATE = Rate.ofBytes(12_500_000);
  private static final long LENGTH = 64 << 20;
  private static final double IDEAL_SECONDS = LENGTH / 12.5e6;

  @Test
  void onePeerNeedsWhatItsLinkNeeds() {
    SimulationResult alone = swarm().peers(1).cached(true).build().run();
    assertThat(alone.lastSeconds()).isBetween(IDEAL_SECONDS, 1.02 * IDEAL_SECONDS);
    assertThat(alone.supernodeBytes()).isEqualTo(LENGTH);
    assertThat(alone.peerBytes()).isZero();
    assertThat(alone.lastOverBound()).isBetween(1.0, 1.02);
  }

  @Test
  void eachLinkOnTheWayCounts() {
    Rate half = Rate.ofBytes(RATE.bytesPerSecond() / 2);
    for (Simulation.Builder slower :
        new Simulation.Builder[] {
          swarm().supernodeRate(half), swarm().sourceRate(half), swarm().rate(half)
        }) {
      SimulationResult result = slower.peers(4).build().run();
      assertThat(result.lastSeconds()).isBetween(2 * IDEAL_SECONDS, 2.3 * IDEAL_SECONDS);
      assertThat(result.lastOverBound()).isBetween(1.0, 1.15);
    }
  }

  @Test
  void theBoundOfASlowPeerIsItsOwn() {
    SimulationResult result = swarm().peers(8).slow(0.25).build().run();
    assertThat(result.lastSeconds()).isGreaterThan(10 * IDEAL_SECONDS);
    assertThat(result.medianSeconds()).isLessThan(1.3 * IDEAL_SECONDS);
    assertThat(result.medianOverBound()).isBetween(1.0, 1.3);
    assertThat(result.lastOverBound()).isBetween(1.0, 1.3);
  }

  @Test
  void whoIsCutOffIsReplacedAndTheOthersFinish() {
    SimulationResult calm = swarm().peers(20).build().run();
    SimulationResult wild = swarm().peers(20).churn(0.3).seed(7).build().run();
    assertThat(calm.failures()).isZero();
    assertThat(wild.failures()).isPositive();
    assertThat(wild.lastOverBound()).isBetween(1.0, 2.5);
    assertThat(wild.lastSeconds())
        .isNotCloseTo(
            swarm().peers(20).churn(0.3).seed(8).build().run().lastSeconds(), within(1e-9));
  }

  @Test
  void theSameSettingsGiveTheSameResult() {
    Simulation simulation = swarm().peers(12).zones(3).stagger(Duration.ofMillis(300)).build();
    SimulationResult one = simulation.run();
    SimulationResult other = simulation.run();
    assertThat(other.lastSeconds()).isEqualTo(one.lastSeconds());
    assertThat(other.medianSeconds()).isEqualTo(one.medianSeconds());
    assertThat(other.assignments()).isEqualTo(one.assignments());
    assertThat(other.crossZoneBytes()).isEqualTo(one.crossZoneBytes()).isGreaterThan(LENGTH);
  }

  @Test
  void oneDataCentreIsEnteredByAboutOneCopy() {
    SimulationResult result = swarm().peers(24).zones(3).build().run();
    assertThat((double) result.crossZoneBytes() / LENGTH).isBetween(2.0, 2.2);
    assertThat(result.lastOverBound()).isLessThan(1.35);
  }

  @Test
  void aHundredPeersAreNotFarFromTheBound() {
    SimulationResult result = Simulation.builder().peers(100).lengthBytes(256 << 20).build().run();
    assertThat(result.lastOverBound()).isBetween(1.0, 1.3);
    assertThat(result.sourceBytes()).isEqualTo(256 << 20);
    assertThat(result.assignments()).isBetween(51_200L, 52_000L);
    assertThat(result.assignmentsPerSecond()).isPositive();
    assertThat(result.realTime()).isPositive();
  }

  /** One swarm is not enough: each additional peer changes which peers meet. */
  @Test
  void aFifthOfSlowPeersHoldsTheOthersUpForTwoFifthsOfTheTimeAtMost() {
    List<SimulationResult> results =
        IntStream.of(44, 47, 50, 53, 56)
            .mapToObj(n -> Simulation.builder().peers(n).lengthBytes(512 << 20).slow(0.2))
            .map(swarm -> swarm.build().run())
            .toList();
    assertThat(mean(results, SimulationResult::medianOverBound)).isLessThan(1.4);
    assertThat(mean(results, SimulationResult::lastOverBound)).isLessThan(1.65);
  }

  private static double mean(
      List<SimulationResult> results, ToDoubleFunction<SimulationResult> of) {
    return results.stream().mapToDouble(of).average().orElseThrow();
  }

  @Test
  void whatMakesNoSenseIsSaid() {
    assertThatThrownBy(() -> swarm().peers(0).build()).hasMessageContaining("peers is 0");
    assertThatThrownBy(() -> swarm().lengthBytes(0).build()).hasMessageContaining("size is 0");
    assertThatThrownBy(() -> swarm().slow(2).build()).hasMessageContaining("slow is 2.0");
    assertThatThrownBy(() -> Delays.defaults().withCall(Duration.ofSeconds(-1)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static Simulation.Builder swarm() {
    return Simulation.builder().lengthBytes(LENGTH).rate(RATE);
  }
}

package io.dragonfly.contract;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import io.dragonfly.rate.Rate;
import io.dragonfly.spi.RateLimiter;
import io.dragonfly.testkit.RateLimiterContract;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.platform.testkit.engine.EngineTestKit;

/** Each promise of {@link RateLimiterContract} is broken once, and the contract has to see it. */
class RateLimiterContractTest {
  private static final Map<String, UnaryOperator<SimpleLimiter>> BROKEN =
      Map.ofEntries(
          entry("aFlowIsHeldToItsRate", right -> right.countingOnly(0.8)),
          entry("whoTakesMuchPausesLong", right -> right.pausingAtMost(1_000_000_000L)),
          entry("takesOfAFewBytesCountInFull", SimpleLimiter::countingWholeKibibytes),
          entry("aPauseEndsTheDebt", SimpleLimiter::forgettingTheTime),
          entry("timeThatIsNotUsedIsNotSaved", SimpleLimiter::savingAllTime),
          entry("manyShareTheRate", SimpleLimiter::keepingThreadsApart),
          entry("withoutARateThereIsNoLimit", right -> right.takingNoRateFor(Rate.ofBytes(1000))),
          entry("takingNothingIsHarmless", SimpleLimiter::countingAtLeastAByte),
          entry(
              "whoTakesNothingLearnsHowLongThePauseIsNow", SimpleLimiter::sayingNothingForNothing),
          entry("aHigherRateHoldsAtOnce", SimpleLimiter::ignoringNewRates),
          entry("aLowerRateHoldsAtOnce", SimpleLimiter::ignoringNewRates),
          entry("settingARateOftenGivesNothingAway", SimpleLimiter::givingABurstWithEachRate),
          entry("aLimitCanBeLiftedAndSetAgain", SimpleLimiter::ignoringNewRates),
          entry("veryHighAndVeryLowRatesHoldToo", SimpleLimiter::countingInInts));

  private static UnaryOperator<SimpleLimiter> breaking = UnaryOperator.identity();

  /** Run by the test engine below, with one thing broken; not found by the build. */
  static final class Broken extends RateLimiterContract {
    @Override
    protected RateLimiter create(Optional<Rate> rate, LongSupplier nanoClock) {
      return breaking.apply(new SimpleLimiter(rate, nanoClock));
    }
  }

  /** Shows that what is broken below is right otherwise. */
  static final class Right extends RateLimiterContract {
    @Override
    protected RateLimiter create(Optional<Rate> rate, LongSupplier nanoClock) {
      return new SimpleLimiter(rate, nanoClock);
    }
  }

  static Stream<String> promises() {
    return Arrays.stream(RateLimiterContract.class.getDeclaredMethods())
        .filter(method -> method.isAnnotationPresent(Test.class))
        .map(method -> method.getName())
        .sorted();
  }

  @ParameterizedTest
  @MethodSource("promises")
  void theContractBites(String promise) {
    assertThat(BROKEN).as("a limiter that breaks it").containsKey(promise);
    breaking = BROKEN.get(promise);
    failures(Broken.class, promise, 1);
    failures(Right.class, promise, 0);
  }

  private static void failures(Class<?> contract, String promise, int expected) {
    EngineTestKit.engine("junit-jupiter")
        .selectors(selectMethod(contract, promise))
        .execute()
        .testEvents()
        .assertStatistics(statistics -> statistics.started(1).failed(expected));
  }
}

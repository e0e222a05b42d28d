package io.dragonfly.contract;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import io.dragonfly.contract.BrokenSources.WithFailures;
import io.dragonfly.contract.BrokenSources.WithRequests;
import io.dragonfly.contract.BrokenSources.WithStreams;
import io.dragonfly.spi.Source;
import io.dragonfly.testkit.SourceContract;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.platform.testkit.engine.EngineTestKit;

/** Each promise of {@link SourceContract} is broken once, and the contract has to see it. */
class SourceContractTest {
  private static final Map<String, UnaryOperator<Source>> BROKEN =
      Map.ofEntries(
          entry(
              "readsTheWholeContent", right -> new WithStreams(right, BrokenSources::flippingABit)),
          entry("readsTheRangeThatIsAskedFor", BrokenSources.ShiftsRanges::new),
          entry("readsToTheEndIfTheLengthIsUnknown", BrokenSources.ReadsNoFurtherThanItKnows::new),
          entry("readsAnEmptyContent", BrokenSources.MissesEmptyContents::new),
          entry("namesTheSameVersionWhenAskedAndWhenOpened", BrokenSources.InventsVersions::new),
          entry("refusesARangeOfAVersionThatIsGone", BrokenSources.OverlooksVersions::new),
          entry(
              "saysThatThereIsNothing", right -> new WithFailures(right, BrokenSources::asFailure)),
          entry(
              "refusesWhoHasNoAccess",
              right -> new WithRequests(right, BrokenSources.sharingCredentials())),
          entry(
              "saysThatItCannotBeReached",
              right -> new WithFailures(right, BrokenSources::asIoFailure)),
          entry(
              "failsIfTheContentEndsEarly",
              right -> new WithStreams(right, BrokenSources::takingFailuresForTheEnd)),
          entry(
              "failsIfTheContentIsLongerThanAnnounced",
              right -> new WithStreams(right, BrokenSources::takingFailuresForTheEnd)),
          entry(
              "failsIfTheContentFallsSilent",
              right -> new WithRequests(right, BrokenSources::withoutStallTimeout)),
          entry(
              "failsIfNobodyAnswers",
              right -> new WithRequests(right, BrokenSources::withoutStallTimeout)),
          entry(
              "aCloseEndsABlockedRead",
              right -> new WithStreams(right, BrokenSources::deafToClose)),
          entry("anInterruptEndsAQuestion", BrokenSources.CannotBeInterrupted::new),
          entry("closingTheSourceEndsAllThatIsOpen", BrokenSources.NeverCloses::new),
          entry("servesManyReadersAtOnce", BrokenSources.ServesOne::new));

  private static UnaryOperator<Source> breaking = UnaryOperator.identity();

  /** Run by the test engine below, with one thing broken; not found by the build. */
  static final class Broken extends FakeSourceContract {
    @Override
    protected Source create() {
      return breaking.apply(super.create());
    }

    @Override
    protected Duration patience() {
      return Duration.ofSeconds(1);
    }
  }

  static Stream<String> promises() {
    return Arrays.stream(SourceContract.class.getDeclaredMethods())
        .filter(method -> method.isAnnotationPresent(Test.class))
        .map(method -> method.getName())
        .sorted();
  }

  @ParameterizedTest
  @MethodSource("promises")
  void theContractBites(String promise) {
    assertThat(BROKEN).as("a source that breaks it").containsKey(promise);
    breaking = BROKEN.get(promise);
    EngineTestKit.engine("junit-jupiter")
        .selectors(selectMethod(Broken.class, promise))
        .execute()
        .testEvents()
        .assertStatistics(statistics -> statistics.started(1).failed(1));
  }
}

package io.dragonfly.contract;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import io.dragonfly.control.Outcome;
import io.dragonfly.spi.Scheduler;
import io.dragonfly.testkit.FirstComeScheduler;
import io.dragonfly.testkit.SchedulerContract;
import java.util.Arrays;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.platform.testkit.engine.EngineTestKit;

/** Each promise of {@link SchedulerContract} is broken once, and the contract has to see it. */
class SchedulerContractTest {
  private static final Map<String, UnaryOperator<Scheduler>> BROKEN =
      Map.ofEntries(
          entry(
              "everyoneGetsEverythingFromTheCdnCache",
              right -> new BrokenSchedulers.OverlooksPieces(right, piece -> piece == 49)),
          entry("everyoneGetsEverythingFromOnePeer", BrokenSchedulers.OverlooksHoldings::new),
          entry(
              "whoeverComesLateGetsEverything",
              right -> new BrokenSchedulers.OverlooksJoins(right, 9)),
          entry(
              "peersWithDifferentPiecesCompleteEachOther",
              right -> new BrokenSchedulers.OverlooksJoins(right, 4)),
          entry("aParentThatLeavesIsReplaced", BrokenSchedulers.OverlooksLeavers::new),
          entry(
              "whatWasToComeFromALeaverIsAssignedAgain",
              BrokenSchedulers.LeavesTakersOfLeaversAlone::new),
          entry(
              "aSilentParentIsReplaced",
              right -> new BrokenSchedulers.OverlooksOutcome(right, Outcome.UNREACHABLE)),
          entry("onlyWantedPiecesAreAssigned", BrokenSchedulers.ThinksAllWantAll::new),
          entry("whatIsNotYetAssignedFollowsTheWindow", BrokenSchedulers.KeepsTheWindow::new),
          entry("aPieceThatTheTakerHasIsNotAssigned", BrokenSchedulers.OverlooksHoldings::new),
          entry("aPieceInFlightIsNotAssignedTwice", BrokenSchedulers.RepeatsItself::new),
          entry("aPieceThatNobodyHasIsNotAssigned", BrokenSchedulers.ImaginesPieces::new),
          entry("aPeerThatCannotBeReachedIsNoParent", BrokenSchedulers.ThinksAllAreReachable::new),
          entry(
              "aFailedPieceIsAssignedElsewhereIfAnotherHasIt",
              BrokenSchedulers.InsistsOnAFailure::new),
          entry(
              "aFailedPieceIsAssignedAgainIfOnlyOneHasIt",
              right -> new BrokenSchedulers.OverlooksOutcome(right, Outcome.DROPPED)),
          entry(
              "aLostPieceIsTakenFromAnotherAndGivenBackToItsHolder",
              BrokenSchedulers.OverlooksLosses::new),
          entry("aPieceThatItsOnlyHolderLostIsNotAssigned", BrokenSchedulers.OverlooksLosses::new),
          entry("undeliveredPlansAreMadeAgain", BrokenSchedulers.OverlooksLostAnswers::new),
          entry("lostAnswersKeepNobodyFromTheEnd", BrokenSchedulers.OverlooksLostAnswers::new),
          entry("whoJoinsAgainStartsAnew", right -> new BrokenSchedulers.OverlooksJoins(right, 3)),
          entry("noMoreThanAskedForAreAssigned", BrokenSchedulers.AssignsMore::new),
          entry("readyNamesWhoeverHasSomethingNewOnce", BrokenSchedulers.CallsAllReady::new),
          entry("tasksShareAProcess", BrokenSchedulers.PrefersATask::new),
          entry("tasksOfTheSamePeersEndTogether", BrokenSchedulers.ForgetsATask::new),
          entry(
              "aTaskOfUnknownLengthIsPassedOnWhileItGrows",
              BrokenSchedulers.WaitsForTheLength::new),
          entry("nothingIsAssignedForATaskThatEnded", BrokenSchedulers.OverlooksTheEnd::new),
          entry("whatTheSchedulerDoesNotKnowIsHarmless", BrokenSchedulers.RejectsStrangers::new));

  private static UnaryOperator<Scheduler> breaking = UnaryOperator.identity();

  /** Run by the test engine below, with one thing broken; not found by the build. */
  static final class Broken extends SchedulerContract {
    @Override
    protected Scheduler create(LongSupplier nanoClock) {
      return breaking.apply(new FirstComeScheduler());
    }
  }

  static Stream<String> promises() {
    return Arrays.stream(SchedulerContract.class.getDeclaredMethods())
        .filter(method -> method.isAnnotationPresent(Test.class))
        .map(method -> method.getName())
        .sorted();
  }

  @ParameterizedTest
  @MethodSource("promises")
  void theContractBites(String promise) {
    assertThat(BROKEN).as("a scheduler that breaks it").containsKey(promise);
    breaking = BROKEN.get(promise);
    EngineTestKit.engine("junit-jupiter")
        .selectors(selectMethod(Broken.class, promise))
        .execute()
        .testEvents()
        .assertStatistics(statistics -> statistics.started(1).failed(1));
  }
}

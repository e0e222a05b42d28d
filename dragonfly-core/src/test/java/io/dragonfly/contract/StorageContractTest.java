package io.dragonfly.contract;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import io.dragonfly.internal.storage.DiskStorage;
import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StorageConfig;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.StorageContract;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.platform.testkit.engine.EngineTestKit;

/** Each promise of {@link StorageContract} is broken once, and the contract has to see it. */
class StorageContractTest {
  private interface Breaking {
    Storage apply(Storage right, StorageConfig config) throws IOException;
  }

  private static final Map<String, Breaking> BROKEN =
      Map.ofEntries(
          entry("aPieceIsInvisibleUntilItIsSealed", tasks(BrokenStorages.ShowsTooEarly::new)),
          entry(
              "anUnsealedPieceIsGoneAndItsDigestStaysKnown",
              tasks(BrokenStorages.ForgetsDigests::new)),
          entry("aSealedPieceIsNotChanged", tasks(BrokenStorages.ChangesSealed::new)),
          entry("thePiecesAreACopy", tasks(BrokenStorages.SharesItsSet::new)),
          entry("bytesComeInAnyOrderFromManyThreads", tasks(BrokenStorages.IgnoresOffsets::new)),
          entry("adjoiningBytesMayBeOfManyPieces", tasks(BrokenStorages.StacksAdjoining::new)),
          entry("aRegionHasExactlyTheBytesAskedFor", tasks(BrokenStorages.RoundsRanges::new)),
          entry("aRegionIsOfSealedPiecesOnly", files(BrokenStorages.ChecksTheFirstPiece::new)),
          entry("nothingLiesBehindTheEnd", tasks(BrokenStorages.CutsAtTheEnd::new)),
          entry("tasksAreFoundByTheirIds", (s, c) -> new BrokenStorages.FindsAnything(s)),
          entry("aTaskThatIsHeldIsNotMadeAnew", (s, c) -> new BrokenStorages.MakesAnew(s)),
          entry("tasksDoNotTouchEachOther", (s, c) -> new BrokenStorages.SharesThePlace(s)),
          entry("aDeletedTaskIsGone", (s, c) -> new BrokenStorages.KeepsDeleted(s)),
          entry(
              "anOpenRegionOutlivesItsTask",
              (s, c) -> new BrokenStorages.EmptiesDeleted(s, c.home())),
          entry("aLengthIsLearnedAtTheEnd", tasks(BrokenStorages.LearnsNothing::new)),
          entry("anEmptyContentIsDeliveredToo", tasks(BrokenStorages.DeliversNoEmptyFile::new)),
          entry(
              "theContentIsDeliveredInPlaceOfWhatWasThere",
              tasks(BrokenStorages.ReplacesNothing::new)),
          entry("whatIsNotCompleteIsNotDelivered", files(BrokenStorages.DeliversHalf::new)),
          entry("aPathThatCannotBeWrittenIsNamed", tasks(BrokenStorages.MakesDirectories::new)),
          entry(
              "aTaskThatIsGivenUpKeepsItsDigestsAndCanBeWrittenAgain",
              tasks(BrokenStorages.NeverGivesUp::new)),
          entry("whoEditsADeliveredFilePoisonsNobody", files(BrokenStorages.TrustsItsFile::new)),
          entry(
              "aContentThatDoesNotFitIsRefusedAndLeavesNothing",
              (s, c) -> {
                s.close();
                return DiskStorage.open(new StorageConfig(c.home(), 0));
              }),
          entry("eachOutputIsAFileOfItsOwn", files(BrokenStorages.LinksAll::new)),
          entry("anOutputHasTheModeThatWasAskedFor", tasks(BrokenStorages.IgnoresTheMode::new)),
          entry("anInterruptHarmsNobody", tasks(BrokenStorages.FailsWhenInterrupted::new)),
          entry(
              "whatIsSealedIsFoundByTheNextStorage", (s, c) -> new BrokenStorages.ForgetsATask(s)),
          entry("closingLetsAllGoAndTwiceIsHarmless", (s, c) -> new BrokenStorages.NeverCloses(s)));

  private static Breaking breaking = (storage, config) -> storage;
  private static final List<Storage> opened = new ArrayList<>();

  private static Breaking tasks(UnaryOperator<StoredTask> change) {
    return (storage, config) -> new BrokenStorages.WithTasks(storage, change);
  }

  private static Breaking files(BiFunction<StoredTask, Path, StoredTask> change) {
    return (storage, config) ->
        new BrokenStorages.WithTasks(storage, task -> change.apply(task, config.home()));
  }

  /** Run by the test engine below, with one thing broken; not found by the build. */
  static final class Broken extends StorageContract {
    @Override
    protected Storage open(StorageConfig config) throws IOException {
      Storage right = DiskStorage.open(config);
      opened.add(right);
      return breaking.apply(right, config);
    }
  }

  static Stream<String> promises() {
    return Arrays.stream(StorageContract.class.getDeclaredMethods())
        .filter(method -> method.isAnnotationPresent(Test.class))
        .map(method -> method.getName())
        .sorted();
  }

  @AfterEach
  void closeWhatABrokenOneLeft() throws IOException {
    for (Storage storage : opened) {
      storage.close();
    }
    opened.clear();
  }

  @ParameterizedTest
  @MethodSource("promises")
  void theContractBites(String promise) {
    assertThat(BROKEN).as("a storage that breaks it").containsKey(promise);
    breaking = BROKEN.get(promise);
    EngineTestKit.engine("junit-jupiter")
        .selectors(selectMethod(Broken.class, promise))
        .configurationParameter(LeakCheck.PATIENCE_PARAMETER, "200")
        .execute()
        .testEvents()
        .assertStatistics(statistics -> statistics.started(1).failed(1));
  }
}

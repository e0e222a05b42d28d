package io.dragonfly.transport.http.swarm;

import static io.dragonfly.transport.http.swarm.FaultyLab.LENGTH;
import static io.dragonfly.transport.http.swarm.FaultyLab.random;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.error.SourceChangedException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.transport.http.swarm.FaultyLab.Going;
import io.dragonfly.transport.http.swarm.FaultySource.Fault;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Whatever a source does, through a supernode and two peers: never a wrong file, never a hang, and
 * never the old content once a change could be seen.
 */
@ExtendWith(LeakCheck.class)
@Timeout(60)
class ConsistencyTest {
  private static final String FILE = "/file";
  private static final int SMALL = 1000;

  @TempDir Path dir;
  private FaultyLab lab;
  private final byte[] old = random(1);
  private final byte[] fresh = random(2);

  @BeforeEach
  void start() throws Exception {
    lab = new FaultyLab(dir, 2);
  }

  @AfterEach
  void close() throws Exception {
    lab.close();
  }

  private FaultySource publish(Fault fault) {
    FaultySource source = new FaultySource(fault, old.clone());
    lab.source().answers(source);
    return source;
  }

  /** The length stays the same: validator, weak tag or date alone tell of the change. */
  @ParameterizedTest
  @EnumSource(
      names = {
        "NONE",
        "NO_RANGES",
        "NO_LENGTH",
        "WEAK_TAG",
        "DATE_ALONE",
        "YOUNG_DATE",
        "BREAKS_ONCE",
        "WHOLE_FOR_RANGE"
      })
  void everyoneGetsTheFileAndTheNewOneAfterAChange(Fault fault) throws Exception {
    FaultySource source = publish(fault);
    Going first = lab.start(0, FILE);
    Going second = lab.start(1, FILE);
    assertThat(first.outcome().bytes()).isEqualTo(old);
    assertThat(second.outcome().bytes()).isEqualTo(old);
    assertThat(lab.fetch(1, FILE).bytes()).isEqualTo(old);

    source.put(fresh);

    assertThat(lab.fetch(0, FILE).bytes()).isEqualTo(fresh);
    assertThat(lab.fetch(1, FILE).bytes()).isEqualTo(fresh);
  }

  /** Where there is no validator the length alone tells of it. */
  @ParameterizedTest
  @CsvSource({
    "NO_VALIDATOR, -1000",
    "NO_VALIDATOR, 1000",
    "NO_RANGES, -1000",
    "YOUNG_DATE, 1000",
    "WEAK_TAG, -1000"
  })
  void aFileOfAnotherLengthIsTheNewOneAtOnce(Fault fault, int longer) throws Exception {
    byte[] other = Arrays.copyOf(fresh, LENGTH + longer);
    FaultySource source = publish(fault);
    assertThat(lab.fetch(0, FILE).bytes()).isEqualTo(old);
    assertThat(lab.fetch(1, FILE).bytes()).isEqualTo(old);

    source.put(other);

    assertThat(lab.fetch(0, FILE).bytes()).isEqualTo(other);
    assertThat(lab.fetch(1, FILE).bytes()).isEqualTo(other);
  }

  /** A content that small comes with the answer to the registration, and not in pieces. */
  @ParameterizedTest
  @EnumSource(names = {"NONE", "NO_RANGES", "NO_LENGTH", "WEAK_TAG", "DATE_ALONE", "YOUNG_DATE"})
  void aSmallFileIsTheNewOneAfterAChangeToo(Fault fault) throws Exception {
    byte[] small = Arrays.copyOf(old, SMALL);
    byte[] other = Arrays.copyOf(fresh, SMALL);
    FaultySource source = new FaultySource(fault, small);
    lab.source().answers(source);
    assertThat(lab.fetch(0, FILE).bytes()).isEqualTo(small);
    assertThat(lab.fetch(1, FILE).bytes()).isEqualTo(small);

    source.put(other);

    assertThat(lab.fetch(0, FILE).bytes()).isEqualTo(other);
    assertThat(lab.fetch(1, FILE).bytes()).isEqualTo(other);
  }

  @Test
  void aBreakCostsTheSourceNoSecondCopy() throws Exception {
    FaultySource source = publish(Fault.BREAKS_ONCE);
    assertThat(lab.fetch(0, FILE).bytes()).isEqualTo(old);
    assertThat(source.sent()).isLessThan(LENGTH + (128 << 10) + 10);
    assertThat(lab.source().asked())
        .anyMatch(ask -> ask.start() > 0 && ask.header("if-range").equals("\"0\""));
  }

  @Test
  void withoutAnyValidatorAllPeersOfOneReadingGetTheSameBytes() throws Exception {
    publish(Fault.NO_VALIDATOR);
    Going first = lab.start(0, FILE);
    Going second = lab.start(1, FILE);
    assertThat(first.outcome().bytes()).isEqualTo(old);
    assertThat(second.outcome().bytes()).isEqualTo(old);
  }

  @ParameterizedTest
  @EnumSource(names = {"CODED", "SHIFTED_RANGE", "OTHER_TOTAL", "BREAKS_ALWAYS"})
  void aSourceThatContradictsItselfIsNotBelieved(Fault fault) throws Exception {
    publish(fault);
    Going first = lab.start(0, FILE);
    Going second = lab.start(1, FILE);
    assertThat(first.outcome().refusal())
        .isInstanceOfAny(SourceFailedException.class, SourceChangedException.class);
    assertThat(second.outcome().refusal())
        .isInstanceOfAny(SourceFailedException.class, SourceChangedException.class);
  }

  @Test
  void bytesBehindTheAnnouncedEndReachNobody() throws Exception {
    publish(Fault.SENDS_MORE);
    // An error if they are there when the announced ones have been read, and dropped if not.
    for (Going going : List.of(lab.start(0, FILE), lab.start(1, FILE))) {
      var outcome = going.outcome();
      outcome.file().ifPresent(bytes -> assertThat(bytes).isEqualTo(old));
      outcome.failure().ifPresent(f -> assertThat(f).isInstanceOf(SourceFailedException.class));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"NONE", "WEAK_TAG", "DATE_ALONE", "YOUNG_DATE"})
  void aFileThatIsOverwrittenWhileItIsReadReachesNobody(Fault fault) throws Exception {
    FaultySource source = publish(fault);
    CountDownLatch bothAreThere = new CountDownLatch(1);
    source.atHalf(
        () -> {
          source.atHalf(() -> {});
          await(bothAreThere);
          source.overwrite(fresh);
        });
    Going first = lab.start(0, FILE);
    Going second = lab.start(1, FILE);
    bothAreThere.countDown();

    // One of them, whichever, may have come so late that it got a version of its own, all new.
    var outcomes = List.of(first.outcome(), second.outcome());
    outcomes.forEach(
        outcome -> {
          outcome.file().ifPresent(bytes -> assertThat(bytes).isEqualTo(fresh));
          outcome
              .failure()
              .ifPresent(f -> assertThat(f).isInstanceOf(SourceChangedException.class));
        });
    assertThat(outcomes).anyMatch(outcome -> outcome.failure().isPresent());
    assertThat(lab.fetch(0, FILE).bytes()).isEqualTo(fresh);
    assertThat(lab.fetch(1, FILE).bytes()).isEqualTo(fresh);
  }

  /** One peer: the question of another might get the whole file, and be the one held up. */
  @Test
  void aFileThatIsOverwrittenWhileItIsReadWithoutRangesReachesNobody() throws Exception {
    FaultySource source = publish(Fault.NO_RANGES);
    onceAtHalf(source, () -> source.overwrite(fresh));

    assertThat(lab.fetch(0, FILE).refusal()).isInstanceOf(SourceChangedException.class);
    assertThat(lab.fetch(0, FILE).bytes()).isEqualTo(fresh);
    assertThat(lab.fetch(1, FILE).bytes()).isEqualTo(fresh);
  }

  private static void onceAtHalf(FaultySource source, Runnable action) {
    source.atHalf(
        () -> {
          source.atHalf(() -> {});
          action.run();
        });
  }

  @ParameterizedTest
  @CsvSource({
    "NONE, 0",
    "NO_RANGES, 0",
    "WEAK_TAG, 0",
    "NO_VALIDATOR, 0",
    "DATE_ALONE, 0",
    "YOUNG_DATE, 0",
    "NO_RANGES, -1000",
    "NO_VALIDATOR, -1000",
    "NO_VALIDATOR, 1000",
    "YOUNG_DATE, 1000"
  })
  void aFileThatIsReplacedAndBreaksOffIsNeverMixed(Fault fault, int longer) throws Exception {
    byte[] other = Arrays.copyOf(fresh, LENGTH + longer);
    FaultySource source = publish(fault);
    source.breakAt(LENGTH / 2);
    onceAtHalf(source, () -> source.put(other));
    assertThat(lab.fetch(0, FILE).refusal()).isInstanceOf(SourceChangedException.class);
    assertThat(lab.fetch(0, FILE).bytes()).isEqualTo(other);
    assertThat(lab.fetch(1, FILE).bytes()).isEqualTo(other);
  }

  /** What is being read goes on, so that only a question at the end could show the change. */
  @ParameterizedTest
  @CsvSource({
    "NO_VALIDATOR, -1000",
    "NO_VALIDATOR, 1000",
    "NO_RANGES, 1000",
    "YOUNG_DATE, 0",
    "YOUNG_DATE, -1000"
  })
  void aFileThatIsReplacedByAnotherWhileItIsReadIsNewForWhoComesThen(Fault fault, int longer)
      throws Exception {
    byte[] other = Arrays.copyOf(fresh, LENGTH + longer);
    FaultySource source = publish(fault);
    onceAtHalf(source, () -> source.put(other));
    var first = lab.fetch(0, FILE);
    first.file().ifPresent(bytes -> assertThat(bytes).isEqualTo(old));
    first.failure().ifPresent(f -> assertThat(f).isInstanceOf(SourceChangedException.class));
    assertThat(lab.fetch(0, FILE).bytes()).isEqualTo(other);
    assertThat(lab.fetch(1, FILE).bytes()).isEqualTo(other);
  }

  @Test
  void aReplacedFileIsNewForWhoComesNowWhileOthersFinishTheOldOne() throws Exception {
    FaultySource source = publish(Fault.NONE);
    CountDownLatch replaced = new CountDownLatch(1);
    CountDownLatch half = new CountDownLatch(1);
    source.atHalf(
        () -> {
          source.atHalf(() -> {});
          half.countDown();
          await(replaced);
        });
    Going first = lab.start(0, FILE);
    assertThat(half.await(20, TimeUnit.SECONDS)).isTrue();
    // Who asks while the first question is on its way gets the answer to that one.
    Awaitility.await().until(() -> first.fetch().progress().bytes() > 0);
    source.put(fresh);
    Going second = lab.start(1, FILE);
    assertThat(second.outcome().bytes()).isEqualTo(fresh);
    replaced.countDown();
    // The source says at the end that it has another version by now, so nobody can be sure.
    var late = first.outcome();
    late.file().ifPresent(bytes -> assertThat(bytes).isEqualTo(old));
    late.failure().ifPresent(f -> assertThat(f).isInstanceOf(SourceChangedException.class));
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

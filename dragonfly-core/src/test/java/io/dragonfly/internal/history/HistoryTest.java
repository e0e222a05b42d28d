package io.dragonfly.internal.history;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.Outcome;
import io.dragonfly.error.ErrorKind;
import io.dragonfly.fetch.FetchProgress;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.home.FetchRecord;
import io.dragonfly.home.FetchStep;
import io.dragonfly.home.Provider;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import io.dragonfly.task.TaskKey;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HistoryTest {
  private static final Provider PEER = new Provider(Provider.Kind.PEER, "192.0.2.1:4001", "a");
  private static final Provider CDN = new Provider(Provider.Kind.SUPERNODE, "192.0.2.2:8002", "b");
  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  @TempDir Path home;
  private History history;

  @BeforeEach
  void open() {
    history = new History(home);
  }

  private static TaskId task(int number) {
    return new TaskId("%064x".formatted(number));
  }

  private static Task taskOf(int number) {
    Task any =
        Task.of(
            new TaskKey("0".repeat(64)),
            new SourceVersion(Optional.of("v"), OptionalLong.of(10)),
            Optional.empty(),
            "");
    return new Task(task(number), any.key(), any.layout(), any.version(), any.digest());
  }

  private FetchDraft draft(int number, Instant start) {
    FetchDraft draft =
        new FetchDraft(
            FetchRequest.builder("https://source.test:444/a?sign=x")
                .output(home.resolve("out"))
                .build(),
            start,
            0);
    draft.taskIs(taskOf(number));
    return draft;
  }

  private static FetchProgress progress() {
    return new FetchProgress(OptionalLong.of(10), 4, 3, 2, 1);
  }

  private void add(int number, Instant start) {
    history.add(draft(number, start).ended(progress(), Optional.empty(), SECOND).orElseThrow());
  }

  @Test
  void readsWhatItWrote() throws Exception {
    FetchDraft draft = draft(1, Instant.ofEpochMilli(1234567));
    draft.taken(PEER, 0, 400, SECOND, 2 * SECOND);
    draft.notTaken(PEER, 1, Outcome.UNREACHABLE, "connection refused", 3 * SECOND);
    draft.taken(CDN, 1, 300, SECOND / 2, 4 * SECOND);
    draft.taken(draft.source(), 2, 200, SECOND, 5 * SECOND);
    draft.happened(FetchStep.Kind.BACK_TO_SOURCE, "the supernode is lost", 5 * SECOND);
    Files.writeString(home.resolve("out"), "0123456789");
    FetchRecord record = draft.ended(progress(), Optional.empty(), 6 * SECOND).orElseThrow();
    history.add(record);

    FetchRecord read = history.records().get(0);

    assertThat(read.parents()).isEqualTo(record.parents());
    assertThat(read.steps()).isEqualTo(record.steps());
    assertThat(read.start()).isEqualTo(record.start());
    assertThat(read.time()).isEqualTo(Duration.ofSeconds(6));
    assertThat(read.url()).isEqualTo("https://source.test:444/a");
    assertThat(read.bytes().toString()).isEqualTo(progress().toString());
    assertThat(read.output().orElseThrow().modified())
        .hasValue(Instant.ofEpochMilli(Files.getLastModifiedTime(home.resolve("out")).toMillis()));
    assertThat(read.steps().get(0).from()).hasValue(PEER);
    assertThat(read.steps().get(0).to()).hasValue(CDN);
    assertThat(read.steps().get(0).reason()).isEqualTo("unreachable: connection refused");
    assertThat(new History(home).records()).hasSize(1);
  }

  @Test
  void keepsFailures() throws Exception {
    Optional<FetchRecord.Failure> failure =
        Optional.of(new FetchRecord.Failure(ErrorKind.NO_PROGRESS, "nothing came"));
    history.add(draft(1, Instant.EPOCH).ended(progress(), failure, SECOND).orElseThrow());

    FetchRecord read = history.records().get(0);

    assertThat(read.failure()).isEqualTo(failure);
    assertThat(read.output().orElseThrow().modified()).isEmpty();
  }

  @Test
  void aFetchThatNeverCameToATaskLeavesNoRecord() {
    FetchDraft draft =
        new FetchDraft(FetchRequest.builder("https://source.test/a").build(), Instant.EPOCH, 0);

    assertThat(draft.ended(progress(), Optional.empty(), 1)).isEmpty();
  }

  @Test
  void keepsTheLastFetchesOfATaskLatestFirst() throws Exception {
    for (int i = 0; i < 15; i++) {
      add(1, Instant.ofEpochSecond(i));
      history.write();
    }

    List<FetchRecord> records = history.records();

    assertThat(records).hasSize(History.MOST_FETCHES);
    assertThat(records.get(0).start()).isEqualTo(Instant.ofEpochSecond(14));
    assertThat(records.get(9).start()).isEqualTo(Instant.ofEpochSecond(5));
  }

  @Test
  void keepsTheLastTasks() throws Exception {
    Path foreign = Files.createDirectory(home.resolve("history")).resolve("2024.json");
    Files.writeString(foreign, "{}");
    for (int i = 0; i <= History.MOST_TASKS + 100; i++) {
      add(i, Instant.ofEpochSecond(i));
    }
    Files.setLastModifiedTime(foreign, FileTime.fromMillis(0));
    history.write();

    assertThat(foreign).exists();
    try (var files = Files.list(home.resolve("history"))) {
      assertThat(files.count()).isLessThanOrEqualTo(1 + History.MOST_TASKS + 100);
    }
  }

  @Test
  void isBoundedHoweverMuchHappens() throws Exception {
    for (int i = 0; i < 12; i++) {
      FetchDraft draft = draft(1, Instant.ofEpochSecond(i));
      for (int piece = 0; piece < 5000; piece++) {
        Provider peer = new Provider(Provider.Kind.PEER, "192.0.2.1:" + piece, "");
        draft.notTaken(peer, piece, Outcome.REFUSED, "x".repeat(1000) + piece, piece);
        draft.taken(CDN, piece, 1, 1, piece);
      }
      FetchRecord record = draft.ended(progress(), Optional.empty(), SECOND).orElseThrow();
      assertThat(record.parents()).hasSize(FetchDraft.MOST_PARENTS);
      assertThat(record.steps()).hasSize(FetchDraft.MOST_STEPS);
      assertThat(record.stepsLeftOut()).isEqualTo(5000 - FetchDraft.MOST_STEPS);
      history.add(record);
      history.write();
    }

    Path file = home.resolve("history").resolve(task(1).hex() + ".json");
    assertThat(Files.size(file)).isLessThanOrEqualTo(History.MOST_BYTES);
    assertThat(history.records()).isNotEmpty();
  }

  @Test
  void aBrokenFileIsLeftOutAndReplaced() throws Exception {
    add(1, Instant.EPOCH);
    add(2, Instant.EPOCH);
    history.write();
    Files.writeString(home.resolve("history").resolve(task(1).hex() + ".json"), "{\"format\":1,");

    assertThat(history.records()).hasSize(1);
    add(1, Instant.EPOCH);
    assertThat(history.records()).hasSize(2);
  }

  @Test
  void nobodyElseMayReadIt() throws Exception {
    add(1, Instant.EPOCH);
    history.write();

    Path directory = home.resolve("history");
    assertThat(mode(directory)).isEqualTo("rwx------");
    assertThat(mode(directory.resolve(task(1).hex() + ".json"))).isEqualTo("rw-------");
  }

  private static String mode(Path path) throws Exception {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  @Test
  void forgetsATask() throws Exception {
    add(1, Instant.EPOCH);
    add(2, Instant.EPOCH);

    history.forget(task(1));

    assertThat(history.records()).singleElement().matches(r -> r.task().equals(task(2)));
  }

  @Test
  void countsEachMomentOnceInWhichAParentWasBusy() {
    FetchDraft draft = draft(1, Instant.EPOCH);
    draft.taken(PEER, 0, 1, SECOND, 2 * SECOND);
    draft.taken(PEER, 1, 1, SECOND, 2 * SECOND + SECOND / 2);
    draft.taken(PEER, 2, 1, SECOND / 4, 9 * SECOND);

    FetchRecord record = draft.ended(progress(), Optional.empty(), SECOND).orElseThrow();

    assertThat(record.parents().get(0).busy()).isEqualTo(Duration.ofMillis(1750));
  }
}

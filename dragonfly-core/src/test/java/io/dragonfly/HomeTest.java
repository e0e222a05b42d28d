package io.dragonfly;

import static io.dragonfly.ClientFixture.PIECE;
import static io.dragonfly.ClientFixture.URI_A;
import static io.dragonfly.ClientFixture.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.error.ErrorKind;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.home.CachedTask;
import io.dragonfly.home.FetchRecord;
import io.dragonfly.home.FetchStep;
import io.dragonfly.home.Provider;
import io.dragonfly.home.Removal;
import io.dragonfly.home.Verification;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.LeakCheck;
import java.io.InputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakCheck.class)
class HomeTest {
  private static final byte[] BYTES = bytes(5 * PIECE + 7);

  @TempDir Path dir;

  private ClientFixture fixture;
  private DistributionClient client;

  @BeforeEach
  void begin() {
    fixture = new ClientFixture(dir);
    fixture.source.put(URI_A, BYTES);
    client = fixture.start(fixture.alone());
  }

  @AfterEach
  void end() throws Exception {
    fixture.close();
  }

  private FetchResult fetch() {
    return client.fetch(fixture.request().build());
  }

  private Path data(TaskId task) {
    return dir.resolve("home/tasks").resolve(task.hex()).resolve("data");
  }

  @Test
  void anEmptyPathIsNoHome() {
    assertThatThrownBy(() -> ClientConfig.builder().home(Path.of("")).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("home is empty");
    assertThatThrownBy(() -> SupernodeConfig.builder().homeDir(Path.of("")).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("homeDir is empty");
  }

  @Test
  void listsTasksWithWhereTheyCameFrom() {
    URI signed = URI.create(URI_A + "?token=secret");
    fixture.source.put(signed, BYTES);
    FetchResult result =
        client.fetch(FetchRequest.builder(signed).filter(List.of("token")).build());

    CachedTask task = client.tasks().get(0);
    assertThat(task.task().id()).isEqualTo(result.task());
    assertThat(task.task().layout().length()).hasValue(BYTES.length);
    assertThat(task.pieces()).isEqualTo(6);
    assertThat(task.piecesInAll()).hasValue(6);
    assertThat(task.isComplete()).isTrue();
    assertThat(task.inUse()).isFalse();
    assertThat(task.url()).hasValue(URI_A.toString());
    assertThat(task.lastFetch()).isPresent();
  }

  @Test
  void removesATaskAndItsHistoryButNotTheOutput() {
    TaskId task = fetch().task();

    assertThat(client.remove(task)).isEqualTo(Removal.REMOVED);

    assertThat(client.tasks()).isEmpty();
    assertThat(client.history()).isEmpty();
    assertThat(data(task).getParent()).doesNotExist();
    assertThat(fixture.output()).hasBinaryContent(BYTES);
    assertThat(client.remove(task)).isEqualTo(Removal.NOT_HELD);
    assertThat(fetch().bytesFromSource()).isEqualTo(BYTES.length);
  }

  @Test
  void removesWhatNobodyHasUsedForLong() throws Exception {
    client.close();
    client = fixture.startInFakeTime(fixture.alone());
    URI other = URI.create(URI_A + "2");
    fixture.source.put(other, BYTES);
    TaskId old = client.fetch(FetchRequest.builder(URI_A).build()).task();
    // The use ends on the client's own thread, after who waits has the result: this comes later.
    assertThat(client.tasks()).hasSize(1);
    fixture.ticker.advance(Duration.ofMinutes(2));
    TaskId young = client.fetch(FetchRequest.builder(other).build()).task();

    fixture.ticker.advance(Duration.ofSeconds(59));
    assertThat(client.removeIdle(Duration.ofMinutes(3))).isEmpty();
    fixture.ticker.advance(Duration.ofSeconds(2));
    assertThat(client.removeIdle(Duration.ofMinutes(3))).containsExactly(old);

    assertThat(client.tasks()).extracting(held -> held.task().id()).containsExactly(young);
    assertThat(client.sinceGiven()).isEmpty();
  }

  @Test
  void keepsWhatIsNotWholeForTheNextFetch() throws Exception {
    client.close();
    client = fixture.startInFakeTime(fixture.alone());
    fixture.source.stallAt(URI_A, 2 * PIECE);
    Fetch fetch = client.start(fixture.request().build());
    fixture.source.awaitStalled(URI_A);
    ClientFixture.await(() -> fetch.progress().bytes() == 2 * PIECE);
    fetch.cancel();
    fixture.source.resume(URI_A);
    ClientFixture.await(() -> !client.tasks().get(0).inUse());

    fixture.ticker.advance(Duration.ofHours(1));

    assertThat(client.removeIdle(Duration.ofMinutes(3))).isEmpty();
    assertThat(client.tasks()).hasSize(1);
  }

  @Test
  void doesNotRemoveWhatIsFetchedOrRead() throws Exception {
    fixture.source.stallAt(URI_A, 2 * PIECE);
    Fetch fetch = client.start(fixture.request().build());
    fixture.source.awaitStalled(URI_A);
    ClientFixture.await(() -> fetch.progress().bytes() == 2 * PIECE);
    CachedTask held = client.tasks().get(0);

    assertThat(held.inUse()).isTrue();
    assertThat(held.isComplete()).isFalse();
    assertThat(client.remove(held.task().id())).isEqualTo(Removal.IN_USE);
    fixture.source.resume(URI_A);
    fetch.completion().get(10, TimeUnit.SECONDS);
    ClientFixture.await(() -> client.remove(held.task().id()) == Removal.REMOVED);

    try (InputStream stream = client.open(FetchRequest.builder(URI_A).build())) {
      assertThat(stream.read()).isEqualTo(BYTES[0] & 0xff);
      assertThat(client.remove(held.task().id())).isEqualTo(Removal.IN_USE);
      assertThat(stream.readAllBytes()).hasSize(BYTES.length - 1);
    }
  }

  @Test
  void verifiesPiecesAndGivesUpTheBadOnes() throws Exception {
    TaskId task = client.fetch(FetchRequest.builder(URI_A).build()).task();
    assertThat(client.verify(task)).hasValue(new Verification(task, 6, List.of()));

    try (FileChannel file = FileChannel.open(data(task), StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.wrap(new byte[] {1, 2, 3, 4, 5, 6, 7}), 3 * PIECE + 100);
    }

    assertThat(client.verify(task)).hasValue(new Verification(task, 6, List.of(3)));
    assertThat(client.verify(task)).hasValue(new Verification(task, 5, List.of()));
    assertThat(client.tasks().get(0).pieces()).isEqualTo(5);
    FetchResult again = fetch();
    assertThat(again.bytesFromSource()).isEqualTo(PIECE);
    assertThat(fixture.output()).hasBinaryContent(BYTES);
  }

  @Test
  void aTaskThatIsNotHeldCannotBeVerified() {
    assertThat(client.verify(new TaskId("0".repeat(64)))).isEmpty();
  }

  @Test
  void tellsHowFetchesWentEvenAfterTheOutputIsGone() throws Exception {
    TaskId task = fetch().task();
    fetch();
    Files.delete(fixture.output());
    client.close();
    client = fixture.start(fixture.alone());

    List<FetchRecord> history = client.history();

    assertThat(history).hasSize(2).allMatch(record -> record.task().equals(task));
    FetchRecord first = history.get(1);
    assertThat(first.url()).isEqualTo(URI_A.toString());
    assertThat(first.output().orElseThrow().path()).isEqualTo(fixture.output().toAbsolutePath());
    assertThat(first.output().orElseThrow().length()).isEqualTo(BYTES.length);
    assertThat(first.bytes().bytesFromSource()).isEqualTo(BYTES.length);
    assertThat(first.failure()).isEmpty();
    assertThat(first.parents()).hasSize(1);
    assertThat(first.parents().get(0).parent())
        .isEqualTo(new Provider(Provider.Kind.SOURCE, "source.test", ""));
    assertThat(first.parents().get(0).bytes()).isEqualTo(BYTES.length);
    assertThat(first.parents().get(0).pieces()).isEqualTo(6);
    assertThat(history.get(0).bytes().bytesFromStore()).isEqualTo(BYTES.length);
    assertThat(history.get(0).parents()).isEmpty();
  }

  @Test
  void tellsOfAFetchThatFailedAndOfItsRetries() throws Exception {
    fixture.source.withoutValidator(URI_A).breakAt(URI_A, 3 * PIECE);
    Fetch fetch = client.start(fixture.request().build());
    assertThat(fetch.completion()).failsWithin(30, TimeUnit.SECONDS);

    FetchRecord record = client.history().get(0);

    assertThat(record.failure().orElseThrow().kind()).isEqualTo(ErrorKind.SOURCE_FAILED);
    assertThat(record.output().orElseThrow().path()).isEqualTo(fixture.output().toAbsolutePath());
    assertThat(record.output().orElseThrow().modified()).isEmpty();
    assertThat(record.bytes().bytesFromSource()).isEqualTo(3 * PIECE);
    assertThat(record.steps())
        .anySatisfy(
            step -> {
              assertThat(step.kind()).isEqualTo(FetchStep.Kind.SOURCE_RETRIED);
              assertThat(step.times()).isEqualTo(4);
              assertThat(step.reason()).contains(URI_A.toString());
            });
  }

  @Test
  void aClosedClientSaysSo() {
    client.close();

    assertThatThrownBy(() -> client.tasks()).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> client.history()).isInstanceOf(IllegalStateException.class);
  }
}

package io.dragonfly;

import static io.dragonfly.ClientFixture.PIECE;
import static io.dragonfly.ClientFixture.URI_A;
import static io.dragonfly.ClientFixture.await;
import static io.dragonfly.ClientFixture.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.contract.ForwardingStorage;
import io.dragonfly.error.FetchCancelledException;
import io.dragonfly.error.NoSpaceException;
import io.dragonfly.error.OutputException;
import io.dragonfly.error.StorageException;
import io.dragonfly.error.TimeLimitException;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchListener;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.home.Removal;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.FakeSupernode;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.MemoryStorage;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakCheck.class)
class ClientLifeTest {
  @TempDir Path dir;

  private ClientFixture fixture;

  @BeforeEach
  void begin() {
    fixture = new ClientFixture(dir);
  }

  @AfterEach
  void end() throws Exception {
    fixture.close();
  }

  private DistributionClient client() {
    return fixture.start(fixture.alone());
  }

  @Test
  void aClosedClientSaysSo() {
    DistributionClient client = client();
    client.close();
    client.close();
    FetchRequest request = fixture.request().build();
    assertThatThrownBy(() -> client.fetch(request)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> client.start(request)).isInstanceOf(IllegalStateException.class);
    FetchRequest stream = FetchRequest.builder(URI_A).build();
    assertThatThrownBy(() -> client.open(stream)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> client.prefetch(stream)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void closingEndsWhatRuns() throws Exception {
    fixture.source.put(URI_A, bytes(3 * PIECE)).stallAt(URI_A, PIECE);
    DistributionClient client = client();
    Fetch fetch = client.start(fixture.request().build());
    CompletableFuture<FetchResult> completion = fetch.completion();
    fixture.source.awaitStalled(URI_A);
    client.close();

    for (CompletableFuture<FetchResult> each : List.of(completion, fetch.completion())) {
      assertThat(each)
          .failsWithin(10, TimeUnit.SECONDS)
          .withThrowableOfType(ExecutionException.class)
          .withCauseInstanceOf(FetchCancelledException.class);
    }
    await(() -> ownThreads() == 0);
    await(() -> fixture.source.openStreams() == 0);
  }

  private static long ownThreads() {
    return ownThreads(name -> name.startsWith("dragonfly-") && !name.startsWith("dragonfly-fake"));
  }

  private static long ownThreads(Predicate<String> name) {
    return Thread.getAllStackTraces().keySet().stream().map(Thread::getName).filter(name).count();
  }

  @Test
  void anInterruptEndsTheWaitAndStays() throws Exception {
    fixture.source.put(URI_A, bytes(3 * PIECE)).stallAt(URI_A, PIECE);
    DistributionClient client = client();
    AtomicBoolean stayed = new AtomicBoolean();
    CompletableFuture<Throwable> thrown = new CompletableFuture<>();
    Thread caller =
        new Thread(
            () -> {
              try {
                client.fetch(fixture.request().build());
              } catch (RuntimeException e) {
                stayed.set(Thread.currentThread().isInterrupted());
                thrown.complete(e);
              }
            });
    caller.start();
    fixture.source.awaitStalled(URI_A);
    caller.interrupt();
    assertThat(thrown.get(10, TimeUnit.SECONDS)).isInstanceOf(FetchCancelledException.class);
    assertThat(stayed).isTrue();
    await(() -> fixture.events.seen().contains("failed"));
  }

  @Test
  void aTimeLimitEndsTheFetch() throws Exception {
    fixture.source.put(URI_A, bytes(3 * PIECE)).stallAt(URI_A, PIECE);
    DistributionClient client = fixture.startInFakeTime(fixture.alone());
    Fetch fetch = client.start(fixture.request().timeout(Duration.ofSeconds(7)).build());
    fixture.source.awaitStalled(URI_A);
    fixture.advanceUntil(() -> fetch.completion().isDone());
    assertThat(fetch.completion())
        .failsWithin(1, TimeUnit.SECONDS)
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(TimeLimitException.class)
        .withMessageContaining("the time limit of 7 s.");
  }

  @Test
  void aTimeLimitLongerThanAnyClockIsNone() {
    byte[] bytes = bytes(3 * PIECE);
    fixture.source.put(URI_A, bytes);
    Duration longest = Duration.ofSeconds(Long.MAX_VALUE);

    Fetch fetch =
        client().start(fixture.request().timeout(longest).supernodePatience(longest).build());

    assertThat(fetch.completion()).succeedsWithin(10, TimeUnit.SECONDS);
    assertThat(fixture.output()).hasBinaryContent(bytes);
  }

  @Test
  void callersCannotCompleteAFetch() throws Exception {
    fixture.source.put(URI_A, bytes(3 * PIECE)).stallAt(URI_A, PIECE);
    Fetch fetch = client().start(fixture.request().build());
    fixture.source.awaitStalled(URI_A);
    assertThat(fetch.completion().cancel(true)).isTrue();
    fixture.source.resume(URI_A);
    assertThat(fetch.completion()).succeedsWithin(10, TimeUnit.SECONDS);
  }

  @Test
  void whatHangsOnACompletionMayFetchAgain() throws Exception {
    URI other = URI.create("https://source.test/b");
    fixture.source.put(URI_A, bytes(PIECE)).put(other, bytes(PIECE + 1));
    DistributionClient client = client();
    CompletableFuture<FetchResult> second =
        client
            .start(fixture.request().build())
            .completion()
            .thenApply(first -> client.fetch(other.toString(), dir.resolve("b")));
    assertThat(second).succeedsWithin(10, TimeUnit.SECONDS);
    assertThat(dir.resolve("b")).hasBinaryContent(bytes(PIECE + 1));
  }

  @Test
  void whatHangsOnACompletionMayCloseTheClient() {
    fixture.source.put(URI_A, bytes(PIECE));
    DistributionClient client = client();
    AtomicBoolean waited = new AtomicBoolean();
    CompletableFuture<Void> closed =
        client
            .start(fixture.request().build())
            .completion()
            .thenRun(
                () -> {
                  client.close();
                  waited.set(ownThreads(name -> name.startsWith("dragonfly-io")) == 0);
                });
    assertThat(closed).succeedsWithin(60, TimeUnit.SECONDS);
    assertThat(waited).isFalse();
    await(() -> ownThreads() == 0);
  }

  @Test
  void soMayAListenerAndWhoAskedForTheSupernodes() throws Exception {
    fixture.source.put(URI_A, bytes(PIECE));
    CompletableFuture<DistributionClient> client = new CompletableFuture<>();
    CountDownLatch closed = new CountDownLatch(2);
    FetchListener closing =
        new FetchListener() {
          @Override
          public void started(FetchRequest request) {
            client.join().close();
            closed.countDown();
          }
        };
    client.complete(fixture.start(fixture.alone().listener(closing)));
    Fetch fetch = client.join().start(fixture.request().build());
    assertThat(fetch.completion()).failsWithin(60, TimeUnit.SECONDS);
    await(() -> ownThreads() == 0);

    DistributionClient second = client();
    var unused =
        second
            .silentSupernodes()
            .thenRun(
                () -> {
                  second.close();
                  closed.countDown();
                });
    assertThat(closed.await(60, TimeUnit.SECONDS)).isTrue();
    await(() -> ownThreads() == 0);
  }

  @Test
  void whoWaitsForARemovalWhileTheClientIsClosedHearsOfIt() throws Exception {
    fixture.source.put(URI_A, bytes(PIECE));
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    ForwardingStorage slow =
        new ForwardingStorage(new MemoryStorage(), task -> task) {
          @Override
          public void delete(TaskId id) throws IOException {
            begun.countDown();
            await(() -> goOn.await(10, TimeUnit.SECONDS));
            super.delete(id);
          }
        };
    DistributionClient client = fixture.start(fixture.alone().storage(slow));
    TaskId task = client.fetch(fixture.request().build()).task();
    CompletableFuture<Removal> removal = CompletableFuture.supplyAsync(() -> client.remove(task));
    assertThat(begun.await(10, TimeUnit.SECONDS)).isTrue();

    CompletableFuture<Void> closed = CompletableFuture.runAsync(client::close);
    await(() -> ownThreads(name -> name.startsWith("dragonfly-engine")) == 0);
    goOn.countDown();
    assertThat(closed).succeedsWithin(60, TimeUnit.SECONDS);
    assertThat(removal.handle((done, failure) -> failure == null ? done : failure))
        .succeedsWithin(10, TimeUnit.SECONDS);
  }

  @Test
  void whoAskedForTheSupernodesHearsOfTheEnd() throws Exception {
    FakeSupernode supernode = fixture.supernode();
    DistributionClient client = fixture.startInFakeTime(fixture.of(supernode));
    supernode.stop();
    CompletableFuture<Map<String, String>> silent = client.silentSupernodes();
    client.close();
    assertThat(silent).succeedsWithin(10, TimeUnit.SECONDS).isEqualTo(Map.of());
  }

  @Test
  void aListenerThatThrowsDoesNoHarm() {
    fixture.source.put(URI_A, bytes(PIECE));
    FetchListener broken =
        new FetchListener() {
          @Override
          public void started(FetchRequest request) {
            throw new IllegalStateException("a defect of the listener");
          }
        };
    fixture.start(fixture.alone().listener(broken)).fetch(fixture.request().build());
    assertThat(fixture.output()).exists();
  }

  @Test
  void anOutputThatCannotBeIsFoundBeforeTheSourceIsAsked() throws IOException {
    fixture.source.put(URI_A, bytes(PIECE));
    DistributionClient client = client();
    Path directory = Files.createDirectory(dir.resolve("directory"));
    for (Path bad : List.of(dir.resolve("missing/file"), directory)) {
      assertThatThrownBy(() -> client.fetch(URI_A.toString(), bad))
          .isInstanceOf(OutputException.class)
          .hasMessageContaining(
              bad.getFileName().toString().equals("file") ? "missing" : "directory");
    }
    assertThat(fixture.source.opened()).isEmpty();
    assertThat(fixture.source.probes()).isZero();
  }

  @Test
  void aHomeInUseIsNamedWithItsProcess() {
    client();
    assertThatThrownBy(this::client)
        .isInstanceOf(StorageException.class)
        .hasMessageContaining(Long.toString(ProcessHandle.current().pid()));
  }

  @Test
  void theSecretIsItsOwnersAloneAndStays() throws IOException {
    FakeSupernode supernode = fixture.supernode();
    supernode.put(URI_A, bytes(PIECE));
    for (int i = 0; i < 2; i++) {
      try (DistributionClient client = new DistributionClient(fixture.of(supernode).build())) {
        client.fetch(fixture.request().build());
      }
    }
    assertThat(supernode.registrations().get(0).caller().secret())
        .isEqualTo(supernode.registrations().get(1).caller().secret());
    Path secret = dir.resolve("home").resolve("secret");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(secret)))
        .isEqualTo("rw-------");
  }

  @Test
  void aStoreThatIsFullSaysWhatIsMissing() {
    fixture.source.put(URI_A, bytes(3 * PIECE));
    DistributionClient client =
        fixture.start(fixture.alone().storage(new MemoryStorage(2 * PIECE)));
    assertThatThrownBy(() -> client.fetch(fixture.request().build()))
        .isInstanceOf(NoSpaceException.class);
    assertThat(fixture.output()).doesNotExist();
    // The caller is told first; the stream is closed by the thread that reads it.
    await(() -> fixture.source.openStreams() == 0);
  }

  @Test
  void aStoreThatRunsFullSaysWhatIsMissing() {
    fixture.source.put(URI_A, bytes(3 << 20)).withoutLength(URI_A);
    DistributionClient client = fixture.start(fixture.alone().storage(new MemoryStorage(2 << 20)));
    assertThatThrownBy(() -> client.fetch(fixture.request().build()))
        .isInstanceOf(NoSpaceException.class);
    assertThat(fixture.output()).doesNotExist();
  }

  @Test
  void aPrefetchedContentIsThere() {
    fixture.source.put(URI_A, bytes(3 * PIECE));
    DistributionClient client = client();
    Fetch fetch = client.prefetch(FetchRequest.builder(URI_A).build());
    assertThat(fetch.completion()).succeedsWithin(10, TimeUnit.SECONDS);
    FetchResult result = client.fetch(fixture.request().build());
    assertThat(result.bytesFromStore()).isEqualTo(3 * PIECE);
  }

  @Test
  void streamsAndPrefetchesHaveNoOutput() {
    DistributionClient client = client();
    FetchRequest request = fixture.request().build();
    assertThatThrownBy(() -> client.open(request)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> client.prefetch(request)).isInstanceOf(IllegalArgumentException.class);
  }
}

package io.dragonfly;

import static io.dragonfly.ClientFixture.PIECE;
import static io.dragonfly.ClientFixture.URI_A;
import static io.dragonfly.ClientFixture.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.Queued;
import io.dragonfly.control.Queued.Reason;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.NoProgressException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.error.TimeLimitException;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.home.FetchStep;
import io.dragonfly.testkit.FakeSupernode;
import io.dragonfly.testkit.Fault;
import io.dragonfly.testkit.LeakCheck;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A fetch that waits in a queue makes no progress, and does not fail for that. */
@ExtendWith(LeakCheck.class)
class QueuedFetchTest {
  private static final Duration NO_PROGRESS = Duration.ofSeconds(60);
  private static final Duration QUEUE = Duration.ofMinutes(5);
  private static final Optional<Queued> SEVENTH = Optional.of(new Queued(Reason.SOURCE, 7, 12));

  @TempDir Path dir;

  private ClientFixture fixture;
  private FakeSupernode supernode;

  @BeforeEach
  void begin() {
    fixture = new ClientFixture(dir);
    supernode = fixture.supernode().put(URI_A, bytes(3 * PIECE)).assigningNothing();
  }

  @AfterEach
  void end() throws Exception {
    fixture.close();
  }

  private DistributionClient client() {
    return fixture.startInFakeTime(
        fixture.of(supernode).noProgressTimeout(NO_PROGRESS).queueTimeout(QUEUE));
  }

  /** Starts a fetch, and waits until it is known to be queued. */
  private Fetch startQueued(DistributionClient client) throws Exception {
    Fetch fetch = client.start(fixture.request().build());
    fixture.advanceUntil(() -> !supernode.polls().isEmpty());
    supernode.reportQueued(SEVENTH);
    fixture.advanceSlowlyUntil(() -> fetch.progress().queued().isPresent());
    return fetch;
  }

  private void stayQueued(Fetch fetch, Duration time) {
    stay(fetch, SEVENTH, time);
  }

  /** The supernode answers each poll after four seconds: with a wait, or with none. */
  private void stay(Fetch fetch, Optional<Queued> queued, Duration time) {
    for (long left = time.toSeconds(); left > 0 && !fetch.completion().isDone(); left -= 4) {
      int polls = supernode.polls().size();
      supernode.reportQueued(queued);
      fixture.advanceSlowlyUntil(
          () -> supernode.polls().size() > polls || fetch.completion().isDone());
      fixture.settle();
      fixture.ticker.advance(Duration.ofSeconds(4));
    }
  }

  private static <T extends DistributionException> T failure(Fetch fetch, Class<T> type) {
    assertThat(fetch.completion()).isCompletedExceptionally();
    Throwable failure = fetch.completion().handle((result, thrown) -> thrown).join();
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    assertThat(cause).isInstanceOf(type);
    return type.cast(cause);
  }

  @Test
  void theNoProgressTimerIsPausedWhileTheTaskIsQueued() throws Exception {
    DistributionClient client = client();
    Fetch fetch = startQueued(client);
    stayQueued(fetch, NO_PROGRESS.multipliedBy(3));

    assertThat(fetch.completion()).isNotDone();
    assertThat(fetch.progress().queued()).isEqualTo(SEVENTH);
    assertThat(fetch.progress().queuedTime()).isGreaterThan(NO_PROGRESS.multipliedBy(2));
    assertThat(fetch.progress().idle()).isLessThan(Duration.ofSeconds(15));

    supernode.reportQueued(Optional.empty());
    fixture.advanceSlowlyUntil(() -> fetch.progress().queued().isEmpty());
    supernode.assign();
    fixture.advanceSlowlyUntil(() -> fetch.completion().isDone());
    assertThat(fetch.completion()).succeedsWithin(1, TimeUnit.SECONDS);
    assertThat(fetch.completion().join().queuedTime()).isGreaterThan(NO_PROGRESS.multipliedBy(2));
    assertThat(client.history().get(0).bytes().queuedTime())
        .isEqualTo(fetch.completion().join().queuedTime());
    assertThat(client.history().get(0).steps())
        .filteredOn(step -> step.kind() == FetchStep.Kind.QUEUED)
        .singleElement()
        .satisfies(
            step -> assertThat(step.reason()).startsWith("7th of 12 downloads from this source, "));
    assertThat(client.history().get(0).steps())
        .noneMatch(
            step ->
                step.kind() == FetchStep.Kind.STALLED && step.reason().matches(".* for \\d\\d+ s"));
  }

  @Test
  void aFetchThatIsQueuedNoLongerHasTheWholeTimeForProgress() throws Exception {
    Fetch fetch = startQueued(client());
    stayQueued(fetch, NO_PROGRESS.multipliedBy(2));
    supernode.reportQueued(Optional.empty());
    fixture.advanceSlowlyUntil(() -> fetch.progress().queued().isEmpty());

    long before = fixture.ticker.getAsLong();
    stay(fetch, Optional.empty(), NO_PROGRESS.multipliedBy(2));
    assertThat(Duration.ofNanos(fixture.ticker.getAsLong() - before))
        .isBetween(NO_PROGRESS.minusSeconds(6), NO_PROGRESS.plusSeconds(5));
    assertThat(failure(fetch, NoProgressException.class))
        .hasMessageContaining("queued: 7th of 12 downloads from this source");
  }

  @Test
  void aQueueHasATimeLimitOfItsOwn() throws Exception {
    Fetch fetch = startQueued(client());
    stayQueued(fetch, QUEUE.plusSeconds(30));

    assertThat(failure(fetch, NoProgressException.class))
        .hasMessageContaining("was queued for 300 s")
        .hasMessageContaining("queued: 7th of 12 downloads from this source")
        .hasMessageContaining("queueTimeout");
  }

  @Test
  void theTimeLimitOfTheRequestHoldsAllTheSame() throws Exception {
    DistributionClient client = client();
    Fetch fetch = client.start(fixture.request().timeout(Duration.ofSeconds(90)).build());
    fixture.advanceUntil(() -> !supernode.polls().isEmpty());
    stayQueued(fetch, Duration.ofSeconds(120));

    assertThat(failure(fetch, TimeLimitException.class))
        .hasMessageContaining("It was queued: 7th of 12 downloads from this source.");
  }

  @Test
  void aSupernodeThatIsLostQueuesNothing() throws Exception {
    Fetch fetch = startQueued(client());
    stayQueued(fetch, NO_PROGRESS);
    supernode.fallSilent();

    long before = fixture.ticker.getAsLong();
    fixture.advanceUntil(() -> fetch.completion().isDone());
    assertThat(Duration.ofNanos(fixture.ticker.getAsLong() - before))
        .isLessThan(NO_PROGRESS.plusSeconds(1));
    assertThat(failure(fetch, NoProgressException.class)).hasMessageContaining("is lost");
    assertThat(fetch.progress().queued()).isEmpty();
  }

  @Test
  void aPieceThatWaitsBehindOthersOfThisClientIsQueued() {
    URI other = URI.create("https://source.test/b");
    supernode.put(other, bytes(PIECE)).assign();
    fixture.network.inject(supernode.id(), Fault.stall(), 3);
    DistributionClient client =
        fixture.startInFakeTime(fixture.of(supernode).dropTimeout(Duration.ofMinutes(10)));
    Fetch first = client.start(fixture.request().build());
    fixture.advanceUntil(() -> fixture.network.takes().size() == 3);
    fixture.network.inject(supernode.id(), Fault.stall(), 1);
    Fetch second = client.start(FetchRequest.builder(other).output(dir.resolve("second")).build());
    fixture.advanceUntil(() -> fixture.network.takes().size() == 4);
    URI last = URI.create("https://source.test/c");
    supernode.put(last, bytes(PIECE));
    Fetch third = client.start(FetchRequest.builder(last).output(dir.resolve("third")).build());

    fixture.advanceUntil(() -> third.progress().queued().isPresent());
    assertThat(third.progress().queued()).contains(Queued.of(Reason.UPLINK));
    assertThat(first.progress().queued()).isEmpty();
    assertThat(second.progress().queued()).isEmpty();

    fixture.network.heal(supernode.id());
    fixture.advanceUntil(() -> third.completion().isDone());
    assertThat(third.completion()).succeedsWithin(1, TimeUnit.SECONDS);
  }

  @Test
  void whatTheSourceAnsweredTheSupernodeSurvivesIntoTheError() throws Exception {
    Fetch fetch = client().start(fixture.request().build());
    fixture.advanceUntil(() -> !supernode.polls().isEmpty());
    supernode.sourceFails(
        supernode.task(URI_A).id(),
        new SourceFailedException("The source is busy.", 503, Optional.of(Duration.ofSeconds(7))));
    stay(fetch, Optional.empty(), NO_PROGRESS.plusSeconds(10));

    SourceFailedException failure = failure(fetch, SourceFailedException.class);
    assertThat(failure).hasMessageContaining("Nothing of").hasMessageContaining("busy");
    assertThat(failure.status()).hasValue(503);
    assertThat(failure.retryAfter()).contains(Duration.ofSeconds(7));
  }

  @Test
  void soItDoesWithoutASupernode() {
    Duration limit = Duration.ofSeconds(4);
    fixture
        .source
        .put(URI_A, bytes(PIECE))
        .fail(
            URI_A,
            new SourceFailedException(
                "The source is busy.", 503, Optional.of(limit.plusSeconds(3))));
    Fetch fetch =
        fixture
            .startInFakeTime(fixture.alone().noProgressTimeout(limit))
            .start(fixture.request().build());
    ClientFixture.await(() -> fetch.sourceTrouble().isPresent());
    fixture.advanceUntil(() -> fetch.completion().isDone());

    SourceFailedException failure = failure(fetch, SourceFailedException.class);
    assertThat(failure).hasMessageContaining("came for 4 s").hasMessageContaining("busy");
    assertThat(failure.status()).hasValue(503);
    assertThat(failure.retryAfter()).contains(Duration.ofSeconds(7));
  }
}

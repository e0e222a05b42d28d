package io.dragonfly;

import static io.dragonfly.ClientFixture.PIECE;
import static io.dragonfly.ClientFixture.URI_A;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.error.DistributionException.Retry;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchMode;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.testkit.FakeSupernode;
import io.dragonfly.testkit.LeakCheck;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whoever finds a supernode silent waits for it; those who come later know. */
@ExtendWith(LeakCheck.class)
class DownSupernodeTest {
  @TempDir Path dir;
  private ClientFixture fixture;
  private FakeSupernode supernode;
  private DistributionClient client;

  @BeforeEach
  void start() {
    fixture = new ClientFixture(dir);
    supernode = fixture.supernode();
    byte[] bytes = new byte[PIECE];
    supernode.put(URI_A, bytes);
    fixture.source.put(URI_A, bytes);
    client = fixture.startInFakeTime(fixture.of(supernode));
  }

  @AfterEach
  void stop() throws Exception {
    fixture.close();
  }

  private static FetchRequest.Builder request() {
    return FetchRequest.builder(URI_A);
  }

  private void failFirst() {
    Fetch first = client.prefetch(request().build());
    fixture.advanceUntil(() -> first.completion().isDone());
    assertUnreachable(first);
  }

  private static void assertUnreachable(Fetch fetch) {
    assertThat(fetch.completion())
        .failsWithin(10, TimeUnit.SECONDS)
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(SupernodeUnreachableException.class);
  }

  @Test
  void onlyTheFirstFetchWaitsForOneThatRefusesConnections() {
    supernode.fallSilent();
    long start = fixture.ticker.getAsLong();
    failFirst();
    assertThat(fixture.ticker.getAsLong() - start).isGreaterThan(Duration.ofSeconds(2).toNanos());

    assertUnreachable(client.prefetch(request().build())); // the time stands still
  }

  /** On a machine with far too much to do it may only look like that for many seconds. */
  @Test
  void onlyTheFirstFetchWaitsForOneThatIsStopped() {
    supernode.stop();
    long start = fixture.ticker.getAsLong();
    failFirst();
    assertThat(Duration.ofNanos(fixture.ticker.getAsLong() - start))
        .isBetween(Duration.ofSeconds(15), Duration.ofSeconds(21));

    assertUnreachable(client.prefetch(request().build()));
  }

  @Test
  void oneThatGetsAProcessorAfterTenSecondsIsNotLost() throws Exception {
    supernode.stop();
    Fetch fetch = client.prefetch(request().build());
    long start = fixture.ticker.getAsLong();
    fixture.advanceUntil(
        () -> fixture.ticker.getAsLong() - start > Duration.ofSeconds(10).toNanos());
    assertThat(fetch.completion()).isNotDone();

    supernode.goOn();

    fixture.advanceUntil(() -> fetch.completion().isDone());
    assertThat(fetch.completion()).isCompleted();
  }

  @Test
  void whoHasAnotherWayNeedNotWaitAsLong() {
    supernode.stop();
    FetchRequest hurried = request().supernodePatience(Duration.ofSeconds(3)).build();
    long start = fixture.ticker.getAsLong();
    Fetch first = client.prefetch(hurried);
    fixture.advanceUntil(() -> first.completion().isDone());
    assertUnreachable(first);
    assertThat(fixture.ticker.getAsLong() - start).isLessThan(Duration.ofSeconds(8).toNanos());

    assertUnreachable(client.prefetch(hurried));
  }

  /**
   * Two supernodes that have the content, and a client of both.
   *
   * @param first the one that it asks first
   */
  private record Two(FakeSupernode first, FakeSupernode second, DistributionClient client) {}

  private Two two() {
    FakeSupernode other = fixture.supernode().put(URI_A, new byte[PIECE]);
    DistributionClient of =
        fixture.startInFakeTime(fixture.of(supernode, other).home(dir.resolve("other")));
    Fetch seen = of.prefetch(request().build());
    fixture.advanceUntil(() -> seen.completion().isDone());
    return supernode.registrations().isEmpty()
        ? new Two(other, supernode, of)
        : new Two(supernode, other, of);
  }

  @Test
  void nobodyWaitsLongForTheFirstOfTwo() {
    Two two = two();
    two.first().stop();
    long start = fixture.ticker.getAsLong();

    Fetch fetch = two.client().prefetch(request().build());
    fixture.advanceUntil(() -> fetch.completion().isDone());

    assertThat(fetch.completion()).isCompleted();
    assertThat(fixture.ticker.getAsLong() - start).isLessThan(Duration.ofSeconds(8).toNanos());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void oneThatIsStoppedIsWaitedForAlthoughTheOtherRefuses(boolean isFirst) {
    Two two = two();
    (isFirst ? two.first() : two.second()).stop();
    (isFirst ? two.second() : two.first()).fallSilent();
    long start = fixture.ticker.getAsLong();

    Fetch fetch = two.client().prefetch(request().build());
    fixture.advanceUntil(() -> fetch.completion().isDone());

    assertUnreachable(fetch);
    assertThat(Duration.ofNanos(fixture.ticker.getAsLong() - start))
        .isBetween(Duration.ofSeconds(15), Duration.ofSeconds(21));
    assertUnreachable(two.client().prefetch(request().build())); // the time stands still
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void oneThatGoesOnIsUsedAlthoughTheOtherRefuses(boolean isFirst) {
    Two two = two();
    FakeSupernode stopped = (isFirst ? two.first() : two.second()).stop();
    (isFirst ? two.second() : two.first()).fallSilent();
    long start = fixture.ticker.getAsLong();
    Fetch fetch = two.client().prefetch(request().build());
    fixture.advanceUntil(
        () -> fixture.ticker.getAsLong() - start > Duration.ofSeconds(10).toNanos());
    assertThat(fetch.completion()).isNotDone();

    stopped.goOn();

    fixture.advanceUntil(() -> fetch.completion().isDone());
    assertThat(fetch.completion()).isCompleted();
  }

  @Test
  void whoHasAnotherWayWaitsNoLongerForTwo() {
    Two two = two();
    two.first().stop();
    two.second().fallSilent();
    long start = fixture.ticker.getAsLong();

    Fetch fetch = two.client().prefetch(request().supernodePatience(Duration.ofSeconds(3)).build());
    fixture.advanceUntil(() -> fetch.completion().isDone());

    assertUnreachable(fetch);
    assertThat(fixture.ticker.getAsLong() - start).isLessThan(Duration.ofSeconds(8).toNanos());
  }

  @Test
  void nobodyWaitsForOneThatIsNotTrusted() {
    SupernodeUnreachableException refusal =
        new SupernodeUnreachableException("another certificate", null, Retry.AFTER_A_CHANGE);
    supernode.refuse(URI_A, refusal);

    Fetch fetch = client.prefetch(request().build());

    assertThat(fetch.completion()) // the time stands still
        .failsWithin(10, TimeUnit.SECONDS)
        .withThrowableOfType(ExecutionException.class)
        .havingCause()
        .isSameAs(refusal);
    assertThat(supernode.registrations()).hasSize(1);
  }

  @Test
  void whyOneIsNotTrustedIsSaidAlthoughAnotherIsSilent() {
    FakeSupernode silent = fixture.supernode();
    silent.fallSilent();
    SupernodeUnreachableException refusal =
        new SupernodeUnreachableException("another certificate", null, Retry.AFTER_A_CHANGE);
    supernode.refuse(URI_A, refusal);
    DistributionClient other =
        fixture.startInFakeTime(fixture.of(supernode, silent).home(dir.resolve("other")));

    Fetch fetch = other.prefetch(request().build());
    fixture.advanceUntil(() -> fetch.completion().isDone());

    assertThat(fetch.completion())
        .failsWithin(10, TimeUnit.SECONDS)
        .withThrowableOfType(ExecutionException.class)
        .havingCause()
        .isSameAs(refusal);
  }

  @Test
  void oneThatIsBackIsUsedAtOnce() {
    supernode.fallSilent();
    failFirst();

    supernode.comeBack();

    Fetch fetch = client.prefetch(request().build());
    fixture.advanceSlowlyUntil(() -> fetch.completion().isDone());
    assertThat(fetch.completion().join().bytesFromSupernode()).isEqualTo(PIECE);
  }

  @Test
  void oneThatGoesOnIsFoundByItsNextQuestion() {
    supernode.stop();
    failFirst();

    supernode.goOn();

    fixture.advanceUntil(
        () -> {
          Fetch fetch = client.prefetch(request().build());
          ClientFixture.await(
              () -> {
                fixture.ticker.advance(Duration.ofMillis(2));
                return fetch.completion().isDone();
              });
          return !fetch.completion().isCompletedExceptionally();
        });
  }

  @Test
  void aSourceThatTakesLongIsNoReasonToGiveUp() throws Exception {
    supernode.answeringRegistrationsLate();
    Fetch fetch = client.prefetch(request().build());
    supernode.awaitRegistrations(1);
    fixture.advanceUntil(() -> supernode.offers().size() >= 3);

    assertThat(fetch.completion()).isNotDone();
    supernode.answerRegistrations();
    fixture.advanceSlowlyUntil(() -> fetch.completion().isDone());
    assertThat(fetch.completion()).isCompleted();
  }

  @Test
  void whatWasReadMeanwhileIsNotOfferedSinceThereIsNoTicket() throws Exception {
    supernode.fallSilent();
    failFirst();
    Fetch direct = client.prefetch(request().pattern(FetchMode.SOURCE).build());
    fixture.advanceUntil(() -> direct.completion().isDone());

    supernode.comeBack();

    fixture.advanceUntil(() -> client.silentSupernodes().join().isEmpty());
    fixture.advanceUntil(() -> !supernode.offers().isEmpty());
    assertThat(supernode.offers()).allMatch(offer -> offer.holdings().isEmpty());
  }

  @Test
  void supernodesThatDoNotAnswerAreNamed() {
    assertThat(client.silentSupernodes())
        .succeedsWithin(Duration.ofSeconds(10))
        .isEqualTo(Map.of());
    supernode.fallSilent();

    assertThat(client.silentSupernodes().join())
        .hasSize(1)
        .hasEntrySatisfying(
            supernode.address().getHostString() + ":" + supernode.address().getPort(),
            why -> assertThat(why).contains("cannot be reached"));
    client.close();
    assertThatThrownBy(client::silentSupernodes).isInstanceOf(IllegalStateException.class);
  }
}

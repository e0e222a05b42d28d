package io.dragonfly;

import static io.dragonfly.ClientFixture.PIECE;
import static io.dragonfly.ClientFixture.URI_A;
import static io.dragonfly.ClientFixture.await;
import static io.dragonfly.ClientFixture.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.Outcome;
import io.dragonfly.control.Parent;
import io.dragonfly.error.NoProgressException;
import io.dragonfly.error.NoSpaceException;
import io.dragonfly.error.SourceChangedException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.error.TimeLimitException;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.spi.ServeRequest;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.testkit.FakePieces;
import io.dragonfly.testkit.FakePublication;
import io.dragonfly.testkit.FakeSupernode;
import io.dragonfly.testkit.Fault;
import io.dragonfly.testkit.LeakCheck;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakCheck.class)
class BackToSourceTest {
  @TempDir Path dir;

  private ClientFixture fixture;
  private FakeSupernode supernode;

  @BeforeEach
  void begin() {
    fixture = new ClientFixture(dir);
    supernode = fixture.supernode();
  }

  @AfterEach
  void end() throws Exception {
    fixture.close();
  }

  /** A fetch of which one piece has come when the supernode falls silent. */
  private Fetch startAndLose(byte[] bytes, FakePublication publication) {
    supernode.put(ContentRequest.of(URI_A), publication.knowing(1));
    DistributionClient client = fixture.startInFakeTime(fixture.of(supernode));
    Fetch fetch = client.start(fixture.request().build());
    fixture.advanceUntil(() -> fetch.progress().bytes() == PIECE);
    supernode.fallSilent();
    fixture.advanceUntil(() -> fixture.events.seen().contains("supernodeLost"));
    return fetch;
  }

  @Test
  void whatIsMissingIsReadFromTheSource() throws Exception {
    byte[] bytes = bytes(3 * PIECE);
    fixture.source.put(URI_A, bytes);
    supernode.allowingBackToSource();
    Fetch fetch = startAndLose(bytes, FakePublication.of(bytes, fixture.source.version(URI_A)));
    fixture.advanceUntil(() -> fetch.completion().isDone());

    FetchResult result = fetch.completion().get();
    assertThat(fixture.output()).hasBinaryContent(bytes);
    assertThat(result.bytesFromSupernode()).isEqualTo(PIECE);
    assertThat(result.bytesFromSource()).isEqualTo(2 * PIECE);
    assertThat(fixture.source.rangesRead()).containsExactly(ByteRange.of(PIECE, 3 * PIECE));
    assertThat(fixture.events.seen()).contains("backToSource");
  }

  /** As when its process is stopped in the middle of an image, and a client waits for bytes. */
  @Test
  void oneThatAnswersNoCallAnyMoreCostsTenSecondsAtMost() throws Exception {
    byte[] bytes = bytes(3 * PIECE);
    fixture.source.put(URI_A, bytes);
    FakePublication publication = FakePublication.of(bytes, fixture.source.version(URI_A));
    supernode.put(ContentRequest.of(URI_A), publication.knowing(1)).allowingBackToSource();
    DistributionClient client = fixture.startInFakeTime(fixture.of(supernode));
    Fetch fetch = client.start(fixture.request().build());
    fixture.advanceUntil(() -> fetch.progress().bytes() == PIECE);
    long before = fixture.ticker.getAsLong();
    supernode.stop();
    fixture.advanceUntil(() -> fixture.events.seen().contains("backToSource"));

    assertThat(Duration.ofNanos(fixture.ticker.getAsLong() - before))
        .isBetween(Duration.ofSeconds(5), Duration.ofSeconds(10));
    fixture.advanceUntil(() -> fetch.completion().isDone());
    assertThat(fixture.output()).hasBinaryContent(bytes);
  }

  @Test
  void oneThatHasNothingToGiveButAnswersIsNotLost() {
    byte[] bytes = bytes(3 * PIECE);
    fixture.source.put(URI_A, bytes);
    FakePublication publication = FakePublication.of(bytes, fixture.source.version(URI_A));
    supernode.put(ContentRequest.of(URI_A), publication.knowing(1)).allowingBackToSource();
    DistributionClient client = fixture.startInFakeTime(fixture.of(supernode));
    Fetch fetch = client.start(fixture.request().build());
    fixture.advanceSlowlyUntil(() -> fetch.progress().bytes() == PIECE);
    int before = supernode.offers().size();
    long end = fixture.ticker.getAsLong() + Duration.ofSeconds(14).toNanos();
    fixture.advanceUntil(() -> fixture.ticker.getAsLong() >= end);

    assertThat(supernode.offers().size() - before).as("probes of the supernode").isBetween(2, 8);
    assertThat(fixture.events.seen()).doesNotContain("supernodeLost");
    publication.know(3);
    supernode.tellNews();
    fixture.advanceUntil(() -> fetch.completion().isDone());
    assertThat(fixture.source.rangesRead()).isEmpty();
  }

  @Test
  void aSourceThatIsNotThereIsSaid() {
    URI gopher = URI.create("gopher://source.test/file");
    FakePublication publication = FakePublication.of(bytes(3 * PIECE));
    supernode.put(ContentRequest.of(gopher), publication.knowing(1)).allowingBackToSource();
    Fetch fetch =
        fixture
            .start(fixture.of(supernode))
            .start(FetchRequest.builder(gopher).output(fixture.output()).build());
    await(() -> fetch.progress().bytes() == PIECE);
    supernode.fail(
        supernode.task(gopher).id(),
        new NoSpaceException("the supernode's disk is full", 1, 0, null));

    assertThat(fetch.completion())
        .failsWithin(10, TimeUnit.SECONDS)
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(SourceFailedException.class)
        .withMessageContaining("gopher");
  }

  @Test
  void theSourceIsLeftAloneWithoutPermission() {
    byte[] bytes = bytes(3 * PIECE);
    fixture.source.put(URI_A, bytes);
    long start = fixture.ticker.getAsLong();
    Fetch fetch = startAndLose(bytes, FakePublication.of(bytes, fixture.source.version(URI_A)));
    fixture.advanceUntil(() -> fetch.completion().isDone());

    assertThat(fetch.completion())
        .failsWithin(1, TimeUnit.SECONDS)
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(NoProgressException.class)
        .withMessageContaining("is lost")
        .withMessageContaining("--back-to-source-peers")
        .withMessageContaining("stays in the home directory");
    assertThat(Duration.ofNanos(fixture.ticker.getAsLong() - start))
        .isLessThan(Duration.ofSeconds(90)); // 60 s after the last byte
    assertThat(fixture.source.opened()).isEmpty();
  }

  @Test
  void aTimeLimitThatEndsBeforeSaysWhyToo() throws Exception {
    byte[] bytes = bytes(3 * PIECE);
    fixture.source.put(URI_A, bytes);
    supernode.put(
        ContentRequest.of(URI_A),
        FakePublication.of(bytes, fixture.source.version(URI_A)).knowing(1));
    DistributionClient client = fixture.startInFakeTime(fixture.of(supernode));
    Fetch fetch = client.start(fixture.request().timeout(Duration.ofSeconds(40)).build());
    fixture.advanceSlowlyUntil(() -> fetch.progress().bytes() == PIECE);
    supernode.fallSilent();
    fixture.advanceUntil(() -> fixture.events.seen().contains("supernodeLost"));
    fixture.advanceUntil(() -> fetch.completion().isDone());

    assertThat(fetch.completion())
        .failsWithin(1, TimeUnit.SECONDS)
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(TimeLimitException.class)
        .withMessageContaining("time limit of 40 s")
        .withMessageContaining("--back-to-source-peers");
  }

  @Test
  void theSourceIsLeftAloneWhenItsVersionCannotBeTold() {
    byte[] bytes = bytes(3 * PIECE);
    fixture.source.put(URI_A, bytes).withoutValidator(URI_A);
    supernode.allowingBackToSource();
    Fetch fetch = startAndLose(bytes, FakePublication.withoutValidator(bytes));
    fixture.advanceUntil(() -> fetch.completion().isDone());

    assertThat(fetch.completion())
        .failsWithin(1, TimeUnit.SECONDS)
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(NoProgressException.class)
        .withMessageContaining("nothing tells whether the source");
    assertThat(fixture.source.opened()).isEmpty();
  }

  @Test
  void anotherVersionAtTheSourceIsNotMixedIn() {
    byte[] bytes = bytes(3 * PIECE);
    fixture.source.put(URI_A, bytes);
    supernode.allowingBackToSource();
    FakePublication publication = FakePublication.of(bytes, fixture.source.version(URI_A));
    fixture.source.put(URI_A, bytes(3 * PIECE));
    Fetch fetch = startAndLose(bytes, publication);
    fixture.advanceUntil(() -> fetch.completion().isDone());

    assertThat(fetch.completion())
        .failsWithin(1, TimeUnit.SECONDS)
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(SourceChangedException.class);
    assertThat(fixture.output()).doesNotExist();
  }

  @Test
  void aSupernodeThatComesBackGoesOn() throws Exception {
    byte[] bytes = bytes(3 * PIECE);
    fixture.source.put(URI_A, bytes).stallAt(URI_A, 2 * PIECE);
    supernode.allowingBackToSource();
    FakePublication publication = FakePublication.of(bytes, fixture.source.version(URI_A));
    Fetch fetch = startAndLose(bytes, publication);
    fixture.advanceUntil(() -> fetch.progress().bytesFromSource() == PIECE);
    supernode.comeBack();
    publication.know(3);
    fixture.advanceUntil(
        () ->
            supernode.results().stream()
                .anyMatch(r -> r.piece() == 1 && r.outcome() == Outcome.DONE));
    fixture.source.resume(URI_A);
    fixture.advanceUntil(() -> fetch.completion().isDone());

    assertThat(fetch.completion().get().length()).isEqualTo(bytes.length);
    assertThat(fixture.output()).hasBinaryContent(bytes);
    assertThat(supernode.results())
        .anyMatch(
            r ->
                r.piece() == 1
                    && r.parent().equals(supernode.registrations().get(0).caller().id()));
  }

  @Test
  void aSupernodeThatCannotKeepTheContentSendsItsPeersToTheSource() throws Exception {
    byte[] bytes = bytes(3 * PIECE);
    fixture.source.put(URI_A, bytes);
    supernode
        .allowingBackToSource()
        .put(
            ContentRequest.of(URI_A),
            FakePublication.of(bytes, fixture.source.version(URI_A)).knowing(1));
    Fetch fetch = fixture.start(fixture.of(supernode)).start(fixture.request().build());
    await(() -> fetch.progress().bytes() == PIECE);
    supernode.fail(supernode.task(URI_A).id(), new NoSpaceException("full", 2, 1, null));

    assertThat(fetch.completion()).succeedsWithin(10, TimeUnit.SECONDS);
    assertThat(fetch.progress().bytesFromSource()).isEqualTo(2 * PIECE);
  }

  @Test
  void anotherSupernodeTakesOver() throws Exception {
    byte[] bytes = bytes(3 * PIECE);
    FakeSupernode other = fixture.supernode();
    FakePublication known = FakePublication.of(bytes).knowing(1);
    FakePublication alsoKnown = FakePublication.of(bytes).knowing(1);
    supernode.put(ContentRequest.of(URI_A), known);
    other.put(ContentRequest.of(URI_A), alsoKnown);
    DistributionClient client = fixture.startInFakeTime(fixture.of(supernode, other));
    Fetch fetch = client.start(fixture.request().build());
    fixture.advanceUntil(() -> fetch.progress().bytes() == PIECE);
    boolean isFirst = !supernode.registrations().isEmpty();
    FakeSupernode second = isFirst ? other : supernode;
    (isFirst ? alsoKnown : known).know(3);
    (isFirst ? supernode : other).fallSilent();
    fixture.advanceUntil(() -> fetch.completion().isDone());

    assertThat(fetch.completion().get().bytesFromSupernode()).isEqualTo(bytes.length);
    assertThat(second.registrations().get(0).holdings().get(0).pieces().get(0)).isTrue();
    assertThat(fixture.output()).hasBinaryContent(bytes);
  }

  @Test
  void peersThatWereNamedInAdvanceAreAskedFirst() throws Exception {
    byte[] bytes = bytes(4 * PIECE);
    PeerId contact = PeerSecret.random(new SecureRandom()).id();
    try (FakePieces pieces = new FakePieces()) {
      InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
      InetSocketAddress at =
          fixture.transport().serve(ServeRequest.piecesOnly(any, pieces)).address();
      supernode
          .namingContacts(List.of(new Parent(7, new Peer(contact, at, ""), "right")))
          .put(ContentRequest.of(URI_A), FakePublication.of(bytes));
      pieces.put(supernode.task(URI_A).id(), bytes);
      fixture.network.inject(supernode.id(), Fault.stall());
      Fetch fetch = fixture.startInFakeTime(fixture.of(supernode)).start(fixture.request().build());
      fixture.advanceUntil(() -> fixture.network.takes().size() == 4);
      supernode.fallSilent();
      fixture.advanceUntil(() -> fetch.completion().isDone());

      assertThat(fetch.completion().get().bytesFromPeers()).isEqualTo(bytes.length);
      assertThat(fixture.output()).hasBinaryContent(bytes);
      assertThat(pieces.asks()).hasSize(4).allMatch(ask -> ask.capability().equals("right"));
    }
  }

  @Test
  void aStoredPieceThatTheSupernodeKnowsOtherwiseIsTakenAgain() throws Exception {
    byte[] bytes = bytes(3 * PIECE);
    byte[] wrong = bytes.clone();
    wrong[5]++;
    fixture.source.put(URI_A, wrong).stallAt(URI_A, 2 * PIECE);
    FakePublication right = FakePublication.of(bytes, fixture.source.version(URI_A));
    try (DistributionClient alone = new DistributionClient(fixture.alone().build())) {
      Fetch fetch = alone.start(fixture.request().build());
      await(() -> fetch.progress().bytes() == 2 * PIECE);
    }
    supernode.put(ContentRequest.of(URI_A), right);
    FetchResult result = fixture.start(fixture.of(supernode)).fetch(fixture.request().build());

    assertThat(fixture.output()).hasBinaryContent(bytes);
    assertThat(result.bytesFromStore()).isEqualTo(PIECE);
    assertThat(result.bytesFromSupernode()).isEqualTo(2 * PIECE);
  }
}

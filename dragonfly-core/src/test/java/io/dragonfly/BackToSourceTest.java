package io.dragonfly;

import static io.dragonfly.ClientFixture.PIECE;
import static io.dragonfly.ClientFixture.URI_A;
import static io.dragonfly.ClientFixture.await;
import static io.dragonfly.ClientFixture.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.Outcome;
import io.dragonfly.error.NoProgressException;
import io.dragonfly.error.NoSpaceException;
import io.dragonfly.error.SourceChangedException;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.testkit.FakePublication;
import io.dragonfly.testkit.FakeSupernode;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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

  @Test
  void theSourceIsLeftAloneWithoutPermission() {
    byte[] bytes = bytes(3 * PIECE);
    fixture.source.put(URI_A, bytes);
    Fetch fetch = startAndLose(bytes, FakePublication.of(bytes, fixture.source.version(URI_A)));
    fixture.advanceUntil(() -> fetch.completion().isDone());

    assertThat(fetch.completion())
        .failsWithin(1, TimeUnit.SECONDS)
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(NoProgressException.class);
    assertThat(fixture.source.opened()).isEmpty();
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
        .withCauseInstanceOf(NoProgressException.class);
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
    FakeSupernode second = fixture.supernode();
    second.put(URI_A, bytes);
    supernode.put(ContentRequest.of(URI_A), FakePublication.of(bytes).knowing(1));
    DistributionClient client = fixture.startInFakeTime(fixture.of(supernode, second));
    Fetch fetch = client.start(fixture.request().build());
    fixture.advanceUntil(() -> fetch.progress().bytes() == PIECE);
    supernode.fallSilent();
    fixture.advanceUntil(() -> fetch.completion().isDone());

    assertThat(fetch.completion().get().bytesFromSupernode()).isEqualTo(bytes.length);
    assertThat(second.registrations().get(0).holdings().get(0).pieces().get(0)).isTrue();
    assertThat(fixture.output()).hasBinaryContent(bytes);
  }
}

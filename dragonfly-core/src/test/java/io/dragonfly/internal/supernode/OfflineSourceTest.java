package io.dragonfly.internal.supernode;

import static io.dragonfly.internal.supernode.RegistrationTest.failure;
import static io.dragonfly.internal.supernode.TestPeer.get;
import static io.dragonfly.internal.supernode.TestSupernode.FILE;
import static io.dragonfly.internal.supernode.TestSupernode.PIECE;
import static io.dragonfly.internal.supernode.TestSupernode.bytes;
import static io.dragonfly.internal.supernode.TestSupernode.sha256;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dragonfly.control.PollResponse;
import io.dragonfly.control.TaskUpdate;
import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.ContentNotFoundException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Digest;
import io.dragonfly.task.Headers;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.TaskId;
import io.dragonfly.task.Trust;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.LeakCheck;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A file that everybody could read is given for a while although its source is gone. */
@ExtendWith(LeakCheck.class)
class OfflineSourceTest {
  private static final Duration TTL = Duration.ofHours(1);

  private final byte[] content = bytes(2 * PIECE);
  private final FakeSource source = new FakeSource().put(FILE, content);
  private final TestSupernode supernode = start();

  private TestSupernode start() {
    TestSupernode.Setup setup = new TestSupernode.Setup().source(source);
    setup.offlineTtl = TTL;
    return setup.start();
  }

  @AfterEach
  void close() {
    supernode.close();
  }

  private ContentRequest named(Headers headers) {
    Optional<Digest> digest = Optional.of(sha256(content));
    return new ContentRequest(FILE, List.of(), digest, Optional.empty(), headers, Trust.PLATFORM);
  }

  private TaskId register(ContentRequest request) {
    return get(new TestPeer(supernode).register(request)).task().id();
  }

  /** Time goes on while the supernode waits before it asks once more. */
  private DistributionException refusal(ContentRequest request) {
    CompletableFuture<?> answer = new TestPeer(supernode).register(request);
    await()
        .pollInterval(Duration.ofMillis(5))
        .until(
            () -> {
              supernode.ticker.advance(Duration.ofMillis(100));
              return answer.isDone();
            });
    return (DistributionException) failure(answer);
  }

  private void passAccessTtl() {
    supernode.ticker.advance(Duration.ofSeconds(61));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 502, 503, 504})
  void isGivenToOthersForTheTimeOfTheSetting(int status) {
    TaskId task = register(named(Headers.NONE));
    source.fail(
        FILE,
        status == 0
            ? new SourceFailedException("refused", null)
            : new SourceFailedException("bad gateway", status, Optional.empty()));
    passAccessTtl();

    assertThat(register(named(Headers.NONE))).isEqualTo(task);
    assertThat(register(named(Headers.NONE.with("Authorization", "Basic any")))).isEqualTo(task);

    supernode.ticker.advance(TTL);
    assertThat(refusal(named(Headers.NONE))).isInstanceOf(SourceFailedException.class);
  }

  @Test
  void isNotGivenWhenTheSourceSaysNoOrFailsItself() {
    var unused = register(named(Headers.NONE));
    for (DistributionException no :
        List.of(
            new AccessRefusedException("no", 403, List.of()),
            new SourceFailedException("broken", 500, Optional.empty()))) {
      source.fail(FILE, no);
      passAccessTtl();
      assertThat(refusal(named(Headers.NONE))).isInstanceOf(no.getClass());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403, 404, 410})
  void isNotGivenAnyMoreOnceItsSourceHasRefusedIt(int status) {
    var unused = register(named(Headers.NONE));
    DistributionException no =
        status < 404
            ? new AccessRefusedException("no", status, List.of())
            : new ContentNotFoundException("gone", status);
    source.fail(FILE, no);
    passAccessTtl();
    assertThat(refusal(named(Headers.NONE))).isInstanceOf(no.getClass());

    source.fail(FILE, new SourceFailedException("refused", null));
    assertThat(refusal(named(Headers.NONE))).isInstanceOf(SourceFailedException.class);
  }

  @Test
  void isTakenOnByWhoHasItsPermissionConfirmedMeanwhile() {
    TestPeer peer = new TestPeer(supernode);
    TaskId task = peer.join(FILE, peer.register(named(Headers.NONE))).task().id();
    await().until(() -> supernode.storage.tasks().get(0).pieces().cardinality() == 2);
    source.fail(FILE, new SourceFailedException("refused", null));
    supernode.ticker.pass(SupernodeSettings.TICKET_LIFE.minus(Permission.LEAD));
    supernode.ticker.advance(Duration.ZERO);
    int before = source.probes();
    assertThat(peer.take(peer.answer(task, PieceSpan.ALL))).contains(0, 1);
    await().until(() -> source.probes() > before);

    // Only what is confirmed lets somebody begin to want something after the hour.
    supernode.ticker.pass(Permission.LEAD.multipliedBy(2));
    supernode.ticker.advance(Duration.ZERO);
    await()
        .until(
            () -> {
              var unused = peer.next(task, PieceSpan.NONE);
              CompletableFuture<PollResponse> wants = peer.next(task, PieceSpan.ALL);
              return !wants.isDone()
                  || get(wants).updates().stream()
                      .noneMatch(update -> update.state() == TaskUpdate.State.UNKNOWN);
            });
  }

  @Test
  void isGivenAfterALoginWasRefused() {
    Headers login = Headers.NONE.with("Authorization", "Basic mallory");
    TaskId task = register(named(Headers.NONE));
    source.fail(FILE, new AccessRefusedException("no", 401, List.of()));
    passAccessTtl();
    assertThat(refusal(named(login))).isInstanceOf(AccessRefusedException.class);

    source.fail(FILE, new SourceFailedException("refused", null));
    assertThat(register(named(Headers.NONE))).isEqualTo(task);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"PRIVATE-TOKEN", "X-JFrog-Art-Api", "X-Auth-Token", "X-Api-Key", "Cookie"})
  void isNotGivenAfterAnyHeaderThatMayBeALogin(String header) {
    Headers token = Headers.NONE.with("User-Agent", "curl").with(header, "alice");
    var unused = register(named(token));
    source.fail(FILE, new SourceFailedException("refused", null));
    passAccessTtl();

    assertThat(refusal(named(Headers.NONE))).isInstanceOf(SourceFailedException.class);
    assertThat(refusal(named(token))).isInstanceOf(SourceFailedException.class);
  }

  @Test
  void isGivenAfterHeadersThatCannotBeALogin() {
    Headers headers = Headers.NONE.with("User-Agent", "curl").with("RANGE", "bytes=0-");
    TaskId task = register(named(headers));
    source.fail(FILE, new SourceFailedException("refused", null));
    passAccessTtl();

    assertThat(register(named(Headers.NONE))).isEqualTo(task);
  }

  @Test
  void isNotGivenWithoutADigestOrAfterALogin() {
    Headers login = Headers.NONE.with("Authorization", "Basic alice");
    var unused = register(ContentRequest.of(FILE));
    var unusedToo = register(named(login));
    source.fail(FILE, new SourceFailedException("refused", null));
    passAccessTtl();

    assertThat(refusal(ContentRequest.of(FILE))).isInstanceOf(SourceFailedException.class);
    assertThat(refusal(named(login))).isInstanceOf(SourceFailedException.class);
    assertThat(refusal(named(Headers.NONE))).isInstanceOf(SourceFailedException.class);
  }
}

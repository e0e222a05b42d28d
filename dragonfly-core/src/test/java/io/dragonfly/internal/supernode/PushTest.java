package io.dragonfly.internal.supernode;

import static io.dragonfly.internal.supernode.TestPeer.content;
import static io.dragonfly.internal.supernode.TestPeer.get;
import static io.dragonfly.internal.supernode.TestSupernode.FILE;
import static io.dragonfly.internal.supernode.TestSupernode.PIECE;
import static io.dragonfly.internal.supernode.TestSupernode.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.dragonfly.control.PollRequest;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.Preheat;
import io.dragonfly.control.PreheatRequest;
import io.dragonfly.control.Push;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.spi.CallOrigin;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.LeakCheck;
import java.net.InetAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What an operator has peers fetch: who is told, and what he can do with what he is told. */
@ExtendWith(LeakCheck.class)
class PushTest {
  private static final InetAddress HERE = InetAddress.getLoopbackAddress();

  private final FakeSource source = new FakeSource();
  private final JoinRules certificates = new JoinRules(Optional.empty(), true, List.of());
  private TestSupernode supernode;

  private void start(JoinRules rules) {
    supernode = new TestSupernode.Setup().source(source).rules(rules).start();
  }

  @AfterEach
  void close() {
    supernode.close();
  }

  private SupernodeApi from(boolean certified) {
    return supernode.service.from(new CallOrigin(HERE, certified, "sha256:its-own"));
  }

  private CompletableFuture<PollResponse> poll(SupernodeApi api, TestPeer peer) {
    return api.poll(new PollRequest(peer.caller, 0, List.of(), Duration.ofSeconds(5), true));
  }

  private Preheat preheat(ContentRequest wanted) {
    Preheat begun =
        get(supernode.service.admin().preheat(new PreheatRequest.File(wanted), List.of("all")));
    await()
        .pollInterval(Duration.ofMillis(2))
        .until(
            () -> {
              supernode.ticker.advance(Duration.ofMillis(10));
              return now(begun).state().isEnd();
            });
    assertThat(now(begun).failure()).isEmpty();
    return now(begun);
  }

  private Preheat now(Preheat preheat) {
    return get(supernode.service.admin().preheat(preheat.id())).orElseThrow();
  }

  private CompletableFuture<RegisterResponse> accept(TestPeer peer, Push push) {
    RegisterRequest request =
        new RegisterRequest(
            peer.caller,
            ContentRequest.of(URI.create(push.url())),
            Optional.empty(),
            Optional.of(push.ticket()),
            List.of(),
            true);
    return from(true).register(request);
  }

  @Test
  void nobodyIsToldWhereNothingShowsWhoBelongsToTheFleet() {
    start(JoinRules.OPEN);
    source.put(FILE, bytes(3 * PIECE));
    TestPeer stranger = new TestPeer(supernode);
    CompletableFuture<PollResponse> waiting = poll(from(false), stranger);
    PreheatRequest request = new PreheatRequest.File(content(FILE, "secret"));

    assertThatThrownBy(() -> get(supernode.service.admin().preheat(request, List.of("all"))))
        .hasStackTraceContaining(CallRefusedException.class.getName())
        .hasStackTraceContaining("--join-token-file");
    assertThat(waiting).isNotDone();
    assertThat(source.opened()).isEmpty();
  }

  @Test
  void whoHasProvedNothingIsNotTold() {
    start(certificates);
    source.put(FILE, bytes(3 * PIECE)).allow(FILE, "secret");
    CompletableFuture<PollResponse> stranger = poll(from(false), new TestPeer(supernode));
    CompletableFuture<PollResponse> member = poll(from(true), new TestPeer(supernode));

    assertThat(preheat(content(FILE, "secret")).peers()).isEqualTo(1);

    assertThat(get(member).preheats()).hasSize(1);
    assertThat(stranger.isDone() && !get(stranger).preheats().isEmpty()).isFalse();
  }

  @Test
  void aPushHasATicketAndNoCredentials() {
    start(certificates);
    URI signed = URI.create("fake://host/file?signature=s3cret");
    source.put(signed, bytes(3 * PIECE)).allow(signed, "password");
    TestPeer peer = new TestPeer(supernode);
    CompletableFuture<PollResponse> waiting = poll(from(true), peer);
    preheat(content(signed, "password"));
    int probes = source.probes();
    int opened = source.opened().size();

    Push push = get(waiting).preheats().get(0);

    assertThat(push.url()).isEqualTo("fake://host/file");
    assertThat(push.toString()).doesNotContain(push.ticket(), "s3cret", "password");
    RegisterResponse answer = get(accept(peer, push));
    assertThat(answer.task().id()).isEqualTo(push.task());
    peer.join(FILE, CompletableFuture.completedFuture(answer));
    assertThat(peer.take(peer.answer(push.task(), PieceSpan.ALL))).contains(0, 1, 2);
    assertThat(source.probes()).isEqualTo(probes);
    assertThat(source.opened()).hasSize(opened);
    // It may not read the source itself, should the supernode be lost: it has nothing to ask with.
    assertThat(answer.advice().backToSource()).isFalse();
  }

  @Test
  void theTicketIsForOnePeerAndOneDay() {
    start(certificates);
    source.put(FILE, bytes(3 * PIECE)).allow(FILE, "password");
    TestPeer peer = new TestPeer(supernode);
    CompletableFuture<PollResponse> waiting = poll(from(true), peer);
    preheat(content(FILE, "password"));
    Push push = get(waiting).preheats().get(0);
    int probes = source.probes();

    assertThat(RegistrationTest.failure(accept(new TestPeer(supernode), push)))
        .isInstanceOf(CallRefusedException.class)
        .hasMessageContaining("not valid any more");
    supernode.ticker.advance(SupernodeSettings.PUSH_LIFE);
    assertThat(RegistrationTest.failure(accept(peer, push)))
        .isInstanceOf(CallRefusedException.class);
    assertThat(source.probes()).isEqualTo(probes); // not even without credentials
    assertThat(RegistrationTest.failure(peer.register(content(FILE))))
        .isInstanceOf(AccessRefusedException.class);
  }

  /** Peers fetch a few at a time, so the last of many waits long. */
  @Test
  void aPeerMayComeToAPushAfterHours() {
    start(certificates);
    source.put(FILE, bytes(3 * PIECE)).allow(FILE, "password");
    TestPeer peer = new TestPeer(supernode);
    CompletableFuture<PollResponse> waiting = poll(from(true), peer);
    preheat(content(FILE, "password"));
    Push push = get(waiting).preheats().get(0);

    supernode.ticker.pass(Duration.ofHours(23));

    peer.join(FILE, accept(peer, push));
    assertThat(peer.take(peer.answer(push.task(), PieceSpan.ALL))).contains(0, 1, 2);
  }

  @Test
  void whatIsGoneFromTheCacheIsNotReadForAPush() throws Exception {
    start(certificates);
    source.put(FILE, bytes(3 * PIECE)).allow(FILE, "password");
    TestPeer peer = new TestPeer(supernode);
    CompletableFuture<PollResponse> waiting = poll(from(true), peer);
    preheat(content(FILE, "password"));
    Push push = get(waiting).preheats().get(0);
    TaskId task = push.task();
    await().until(() -> get(supernode.service.admin().peers()).size() == 1);
    int opened = source.opened().size();

    assertThat(get(supernode.service.admin().delete(task))).isNotNull();

    assertThat(RegistrationTest.failure(accept(peer, push)))
        .isInstanceOf(CallRefusedException.class)
        .hasMessageContaining("not in the cache any more");
    assertThat(source.opened()).hasSize(opened);
  }
}

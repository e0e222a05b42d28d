package io.dragonfly.internal.supernode;

import static io.dragonfly.internal.supernode.TestPeer.get;
import static io.dragonfly.internal.supernode.TestSupernode.FILE;
import static io.dragonfly.internal.supernode.TestSupernode.PIECE;
import static io.dragonfly.internal.supernode.TestSupernode.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.dragonfly.control.AdminApi;
import io.dragonfly.control.PollRequest;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.Preheat;
import io.dragonfly.control.Preheat.State;
import io.dragonfly.control.PreheatRequest;
import io.dragonfly.control.Push;
import io.dragonfly.error.BusyException;
import io.dragonfly.error.ErrorKind;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.LeakCheck;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What an operator wants to be in the CDN cache is there before a peer asks. */
@ExtendWith(LeakCheck.class)
class PreheatsTest {
  private final FakeSource source = new FakeSource();
  private final TestSupernode supernode =
      new TestSupernode.Setup()
          .source(source)
          .rules(new JoinRules(Optional.empty(), true, List.of()))
          .start();
  private final AdminApi admin = supernode.service.admin();

  @AfterEach
  void close() {
    source.resume(FILE);
    supernode.close();
  }

  private Preheat start(URI uri) {
    return get(admin.preheat(new PreheatRequest.File(ContentRequest.of(uri)), List.of()));
  }

  private Preheat now(Preheat preheat) {
    return get(admin.preheat(preheat.id())).orElseThrow();
  }

  private Preheat end(Preheat preheat) {
    await()
        .pollInterval(Duration.ofMillis(2))
        .until(
            () -> {
              supernode.ticker.advance(Duration.ofMillis(100));
              return now(preheat).state().isEnd();
            });
    return now(preheat);
  }

  @Test
  void aFileIsReadWithoutAnyPeer() {
    source.put(FILE, bytes(3 * PIECE + 1));

    Preheat done = end(start(FILE));

    assertThat(done.state()).isEqualTo(State.DONE);
    assertThat(done.contents()).isEqualTo(1);
    assertThat(done.done()).isEqualTo(1);
    assertThat(done.bytes()).isEqualTo(3 * PIECE + 1);
    assertThat(get(admin.tasks())).hasSize(1).allMatch(task -> task.pieces() == 4);
    await().until(() -> get(admin.peers()).isEmpty());
  }

  @Test
  void aSmallFileIsReadToo() {
    source.put(FILE, bytes(10));

    assertThat(end(start(FILE)).bytes()).isEqualTo(10);
  }

  @Test
  void whatIsThereIsNotReadAgain() {
    source.put(FILE, bytes(3 * PIECE));
    end(start(FILE));
    int opened = source.opened().size();

    assertThat(end(start(FILE)).state()).isEqualTo(State.DONE);
    assertThat(source.opened()).hasSize(opened);
  }

  @Test
  void whyItFailedIsKept() {
    Preheat failed = end(start(FILE));

    assertThat(failed.state()).isEqualTo(State.FAILED);
    assertThat(failed.failure().orElseThrow().kind()).isEqualTo(ErrorKind.NOT_FOUND);
    assertThat(failed.failure().orElseThrow().message()).contains("does not exist");
  }

  @Test
  void aFileThatChangesWhileItIsReadFails() {
    source.put(FILE, bytes(3 * PIECE)).stallAt(FILE, PIECE);
    Preheat begun = start(FILE);
    await().until(() -> source.openStreams() == 1);

    source.put(FILE, bytes(4 * PIECE)).resume(FILE);

    assertThat(end(begun).failure().orElseThrow().kind()).isEqualTo(ErrorKind.SOURCE_CHANGED);
  }

  @Test
  void oneThatRunsCanBeEnded() {
    source.put(FILE, bytes(3 * PIECE)).stallAt(FILE, PIECE);
    Preheat begun = start(FILE);
    await().until(() -> now(begun).state() == State.RUNNING);

    assertThat(get(admin.cancelPreheat(begun.id())).orElseThrow().state())
        .isEqualTo(State.CANCELLED);
    assertThat(get(admin.cancelPreheat(begun.id())).orElseThrow().state())
        .isEqualTo(State.CANCELLED);
    await().until(() -> get(admin.peers()).isEmpty());
    assertThat(get(admin.cancelPreheat("00"))).isEmpty();
    assertThat(get(admin.preheat("00"))).isEmpty();
  }

  @Test
  void aNameOfNobodyIsRefused() {
    PreheatRequest request = new PreheatRequest.File(ContentRequest.of(FILE));

    assertThatThrownBy(() -> admin.preheat(request, List.of("everybody")).join())
        .hasCauseInstanceOf(IllegalArgumentException.class);
    assertThat(get(admin.preheats())).isEmpty();
  }

  @Test
  void anAnswerWithPreheatsThatGotLostIsGivenAgain() {
    source.put(FILE, bytes(10));
    TestPeer peer = new TestPeer(supernode);
    PollRequest first = new PollRequest(peer.caller, 0, List.of(), Duration.ofSeconds(5), true);
    CompletableFuture<PollResponse> lost = supernode.api.poll(first);
    PreheatRequest request = new PreheatRequest.File(ContentRequest.of(FILE));
    end(get(admin.preheat(request, List.of("all"))));
    assertThat(get(lost).preheats()).extracting(Push::url).containsExactly(FILE.toString());

    PollResponse again = get(supernode.api.poll(first));

    assertThat(again.preheats()).extracting(Push::url).containsExactly(FILE.toString());
    PollRequest last = new PollRequest(peer.caller, again.number(), List.of(), Duration.ZERO, true);
    CompletableFuture<PollResponse> none = supernode.api.poll(last);
    await()
        .until(
            () -> {
              supernode.ticker.advance(Duration.ofMillis(100));
              return none.isDone();
            });
    assertThat(get(none).preheats()).isEmpty();
  }

  @Test
  void aHundredAreRememberedAndNoMore() {
    source.put(FILE, bytes(1)).stallProbes(FILE);
    Preheat first = start(FILE);
    for (int i = 1; i < 100; i++) {
      start(FILE);
    }

    PreheatRequest more = new PreheatRequest.File(ContentRequest.of(FILE));
    assertThatThrownBy(() -> admin.preheat(more, List.of()).join())
        .hasCauseInstanceOf(BusyException.class)
        .hasMessageContaining("100 preheats have not ended");
    get(admin.cancelPreheat(first.id()));
    Preheat last = start(FILE);

    assertThat(get(admin.preheats())).hasSize(100).extracting(Preheat::id).startsWith(last.id());
    assertThat(get(admin.preheat(first.id()))).isEmpty();
  }
}

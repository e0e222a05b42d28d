package io.dragonfly.internal.supernode;

import static io.dragonfly.internal.supernode.TestPeer.content;
import static io.dragonfly.internal.supernode.TestPeer.get;
import static io.dragonfly.internal.supernode.TestPeer.holding;
import static io.dragonfly.internal.supernode.TestSupernode.FILE;
import static io.dragonfly.internal.supernode.TestSupernode.PIECE;
import static io.dragonfly.internal.supernode.TestSupernode.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.TaskUpdate;
import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.spi.Storage;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.FakeTicker;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.MemoryStorage;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a supernode knows again when it is started on the same home. */
@ExtendWith(LeakCheck.class)
class RestartTest {
  private final FakeSource source = new FakeSource();
  private final Storage storage = new MemoryStorage();
  private final PeerSecret secret = PeerSecret.random(new SecureRandom());
  private final FakeTicker ticker = new FakeTicker();
  private byte[] ticketKey = {1, 2, 3};
  private TestSupernode supernode = start();

  private TestSupernode start() {
    TestSupernode.Setup setup = new TestSupernode.Setup().source(source);
    setup.ticker = ticker;
    setup.ticketKey = ticketKey;
    setup.storage = storage;
    setup.secret = secret;
    return setup.start();
  }

  private void restart() {
    supernode.close();
    supernode = start();
  }

  @AfterEach
  void close() {
    supernode.close();
  }

  @Test
  void aCompleteTaskCostsOneQuestion() {
    source.put(FILE, bytes(3 * PIECE));
    RegisterResponse before = new TestPeer(supernode).registered(FILE);
    await().until(() -> source.openStreams() == 0);
    restart();

    TestPeer peer = new TestPeer(supernode);
    RegisterResponse after = peer.registered(FILE);
    assertThat(after.task()).isEqualTo(before.task());
    assertThat(after.digests().count()).isEqualTo(3);
    assertThat(peer.take(peer.answer(after.task().id(), PieceSpan.ALL))).contains(0, 1, 2);
    assertThat(source.probes()).isEqualTo(1 + 1); // the first at the end of the read
    assertThat(source.bytesRead()).isEqualTo(3 * PIECE);
  }

  @Test
  void anIncompleteOneGoesOnWhereItStopped() throws Exception {
    source.put(FILE, bytes(3 * PIECE)).stallAt(FILE, 2 * PIECE + 100);
    TaskId task = new TestPeer(supernode).registered(FILE).task().id();
    source.awaitStalled(FILE);
    restart();
    source.resume(FILE);

    assertThat(new TestPeer(supernode).registered(FILE).task().id()).isEqualTo(task);
    await().until(() -> source.rangesRead().contains(ByteRange.of(2 * PIECE, 3 * PIECE)));
    await().until(() -> source.probes() == 1 + 1); // the last at the end of the read
    assertThat(source.opened()).hasSize(2);
  }

  @Test
  void peersGoOnByTicketAndTheSourceIsNotAsked() throws Exception {
    source.put(FILE, bytes(3 * PIECE)).allow(FILE, "alice").stallAt(FILE, PIECE);
    TestPeer peer = new TestPeer(supernode);
    RegisterResponse before = get(peer.register(content(FILE, "alice")));
    TaskId task = before.task().id();
    source.awaitStalled(FILE);
    restart();
    source.resume(FILE);

    TestPeer again = new TestPeer(supernode, peer.caller.secret());
    assertThat(again.answer(task, PieceSpan.ALL).state()).isEqualTo(TaskUpdate.State.UNKNOWN);
    RegisterResponse after =
        again.join(FILE, again.register(content(FILE, "alice"), before.ticket(), holding(task, 0)));
    assertThat(after.task().id()).isEqualTo(task);
    await().until(() -> source.bytesRead() == 3 * PIECE);
    await().until(() -> source.probes() == 1); // at the end of the read
    assertThat(again.take(again.answer(task, PieceSpan.ALL))).doesNotContain(0);
  }

  /** It proves that the source has let this peer in; nobody else, and for no longer. */
  @Test
  void aTicketIsGoodForItsPeerAndItsHourAlone() {
    source.put(FILE, bytes(3 * PIECE)).allow(FILE, "alice");
    TestPeer peer = new TestPeer(supernode);
    String ticket = get(peer.register(content(FILE, "alice"))).ticket();
    await().until(() -> source.openStreams() == 0);
    source.revoke(FILE, "alice");
    restart();

    TestPeer again = new TestPeer(supernode, peer.caller.secret());
    assertRefused(again.register(content(FILE, "alice")));
    assertRefused(new TestPeer(supernode).register(content(FILE, "alice"), ticket));
    int probes = source.probes();
    assertThat(get(again.register(content(FILE, "alice"), ticket)).ticket()).isNotEmpty();
    assertThat(source.probes()).isEqualTo(probes);

    ticker.advance(SupernodeSettings.TICKET_LIFE);
    assertRefused(again.register(content(FILE, "alice"), ticket));
  }

  @Test
  void aSupernodeThatLostItsKeyAsksTheSource() {
    source.put(FILE, bytes(3 * PIECE)).allow(FILE, "alice");
    TestPeer peer = new TestPeer(supernode);
    String ticket = get(peer.register(content(FILE, "alice"))).ticket();
    await().until(() -> source.openStreams() == 0);
    source.revoke(FILE, "alice");
    ticketKey = new byte[] {4, 5, 6};
    restart();

    TestPeer again = new TestPeer(supernode, peer.caller.secret());
    assertRefused(again.register(content(FILE, "alice"), ticket));
  }

  private static void assertRefused(CompletableFuture<RegisterResponse> answer) {
    assertThat(answer)
        .failsWithin(10, TimeUnit.SECONDS)
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(AccessRefusedException.class);
  }

  @Test
  void aTicketIsEnoughWhereEvenTheStoreIsLost() throws Exception {
    source.put(FILE, bytes(3 * PIECE));
    TestPeer peer = new TestPeer(supernode);
    RegisterResponse before = peer.registered(FILE);
    await().until(() -> source.openStreams() == 0);
    storage.delete(before.task().id());
    restart();

    TestPeer again = new TestPeer(supernode, peer.caller.secret());
    RegisterResponse after = get(again.register(content(FILE), before.ticket()));
    assertThat(after.task()).isEqualTo(before.task());
    await().until(() -> source.bytesRead() == 6 * PIECE);
    await().until(() -> source.probes() == 2); // at the end of each read
  }

  @Test
  void peersOfferWhatTheyHoldAndGiveItToOthers() {
    source.put(FILE, bytes(3 * PIECE));
    TestPeer before = new TestPeer(supernode);
    TaskId task = before.registered(FILE).task().id();
    await().until(() -> source.openStreams() == 0);
    restart();

    TestPeer holder = before.at(supernode);
    assertThat(holder.offers(task, 0, 1, 2).unknown()).isEmpty();
    TestPeer child = new TestPeer(supernode);
    child.registered(FILE);
    child.take(child.answer(task, PieceSpan.ALL));
    assertThat(child.parents.values()).extracting(p -> p.id()).containsExactly(holder.id());
  }

  @Test
  void anIncompleteVersionWithoutValidatorStartsAnew() throws Exception {
    source.put(FILE, bytes(3 * PIECE)).withoutValidator(FILE).stallAt(FILE, PIECE);
    TestPeer peer = new TestPeer(supernode);
    RegisterResponse before = peer.registered(FILE);
    source.awaitStalled(FILE);
    restart();
    assertThat(storage.tasks()).isEmpty();
    source.resume(FILE);

    TestPeer again = new TestPeer(supernode, peer.caller.secret());
    RegisterResponse after = get(again.register(content(FILE), before.ticket()));
    assertThat(after.task().id()).isNotEqualTo(before.task().id());
    await().until(() -> source.bytesRead() == 4 * PIECE);
  }

  @Test
  void aCompleteVersionWithoutValidatorIsForItsPeersAloneAndNotForEver() {
    source.put(FILE, bytes(3 * PIECE)).withoutValidator(FILE);
    TestPeer peer = new TestPeer(supernode);
    RegisterResponse before = peer.registered(FILE);
    await().until(() -> source.openStreams() == 0);
    restart();

    TestPeer again = new TestPeer(supernode, peer.caller.secret());
    assertThat(get(again.register(content(FILE), before.ticket())).task().id())
        .isEqualTo(before.task().id());
    again.leaves(Optional.empty());
    restart();
    assertThat(new TestPeer(supernode).registered(FILE).task().id())
        .isNotEqualTo(before.task().id());
    supernode.ticker.advance(Duration.ofMinutes(10));
    await().until(() -> storage.find(before.task().id()).isEmpty());
  }

  @Test
  void aVersionWithoutValidatorIsDeletedWhenItsPeersHaveGone() {
    source.put(FILE, bytes(3 * PIECE)).withoutValidator(FILE);
    TestPeer peer = new TestPeer(supernode);
    TaskId task = peer.registered(FILE).task().id();
    await().until(() -> source.openStreams() == 0);
    peer.leaves(Optional.of(task));
    supernode.ticker.advance(Duration.ofSeconds(30));
    await().until(() -> storage.find(task).isEmpty());
  }

  @Test
  void aDamagedSmallContentIsReadAgain() throws Exception {
    byte[] content = bytes(1000);
    source.put(FILE, content);
    TaskId task = new TestPeer(supernode).registered(FILE).task().id();
    restart();
    storage.find(task).orElseThrow().unseal(0);
    assertThat(new TestPeer(supernode).registered(FILE).content()).hasValue(content);
    assertThat(source.bytesRead()).isEqualTo(2000);
    assertThat(List.copyOf(source.rangesRead())).hasSize(2);
  }
}

package io.dragonfly.internal.supernode;

import static io.dragonfly.internal.supernode.TestPeer.content;
import static io.dragonfly.internal.supernode.TestPeer.get;
import static io.dragonfly.internal.supernode.TestSupernode.FILE;
import static io.dragonfly.internal.supernode.TestSupernode.OTHER;
import static io.dragonfly.internal.supernode.TestSupernode.PIECE;
import static io.dragonfly.internal.supernode.TestSupernode.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dragonfly.contract.ForwardingStorage;
import io.dragonfly.control.AdminApi;
import io.dragonfly.control.AdminApi.CachedTask;
import io.dragonfly.control.AdminApi.Deletion;
import io.dragonfly.control.TaskUpdate;
import io.dragonfly.spi.PieceRegion;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.MemoryStorage;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the operator of a supernode sees and does. */
@ExtendWith(LeakCheck.class)
class AdministrationTest {
  private static final TaskId NOBODYS = new TaskId("ab".repeat(32));

  private final FakeSource source = new FakeSource();
  private final TestSupernode supernode = new TestSupernode.Setup().source(source).start();
  private final AdminApi admin = supernode.service.admin();

  @AfterEach
  void close() {
    supernode.close();
  }

  private TaskId read(TestPeer peer, URI uri) {
    source.put(uri, bytes(3 * PIECE));
    TaskId task = peer.registered(uri).task().id();
    await().until(() -> supernode.storage.find(task).orElseThrow().pieces().cardinality() == 3);
    await().until(() -> source.openStreams() == 0);
    return task;
  }

  private CachedTask seen(TaskId task) {
    return get(admin.tasks()).stream()
        .filter(cached -> cached.task().id().equals(task))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void seesTasksAndPeers() {
    TestPeer peer = new TestPeer(supernode);
    TaskId first = read(peer, FILE);
    supernode.ticker.advance(Duration.ofSeconds(3));
    TaskId second = read(peer, URI.create("fake://host/other?sig=secret"));

    assertThat(get(admin.tasks())).extracting(c -> c.task().id()).containsExactly(second, first);
    CachedTask cached = seen(second);
    assertThat(cached.pieces()).isEqualTo(3);
    assertThat(cached.wanting()).isEqualTo(1);
    assertThat(cached.holding()).isEqualTo(1);
    assertThat(cached.url()).hasValue("fake://host/other");
    assertThat(get(admin.peers()))
        .singleElement()
        .satisfies(
            known -> {
              assertThat(known.peer()).isEqualTo(peer.caller.peer());
              assertThat(known.tasks()).isEqualTo(2);
              assertThat(known.wanting()).isEqualTo(2);
            });
    AdminApi.Status status = get(admin.status());
    assertThat(status.tasks()).isEqualTo(2);
    assertThat(status.bytes()).isEqualTo(6 * PIECE);
    assertThat(status.peers()).isEqualTo(1);
    assertThat(status.quotaBytes()).isEmpty();
  }

  @Test
  void deletesWhatNobodyWantsAlone() {
    TestPeer peer = new TestPeer(supernode);
    TaskId task = read(peer, FILE);
    assertThat(get(admin.delete(task))).isEqualTo(Deletion.IN_USE);
    peer.take(peer.answer(task, PieceSpan.ALL));
    peer.next(task, PieceSpan.NONE); // it only gives from now on

    assertThat(get(admin.delete(task))).isEqualTo(Deletion.DELETED);
    assertThat(supernode.storage.tasks()).isEmpty();
    assertThat(get(admin.delete(task))).isEqualTo(Deletion.UNKNOWN);
    assertThat(get(admin.delete(NOBODYS))).isEqualTo(Deletion.UNKNOWN);
    assertThat(peer.answer(task, PieceSpan.NONE).state()).isEqualTo(TaskUpdate.State.UNKNOWN);
    assertThat(peer.offers(task, 0, 1, 2).unknown()).containsExactly(task);

    new TestPeer(supernode).registered(FILE);
    await().until(() -> source.bytesRead() == 6 * PIECE);
  }

  @Test
  void knowsAndDeletesWhatPeersHaveLeft() {
    TestPeer peer = new TestPeer(supernode);
    TaskId task = read(peer, FILE);
    peer.leaves(Optional.empty());
    supernode.ticker.advance(Duration.ofSeconds(31));
    await().until(() -> seen(task).holding() == 0);
    assertThat(seen(task).url()).hasValue(FILE.toString());
    assertThat(get(admin.delete(task))).isEqualTo(Deletion.DELETED);
    assertThat(supernode.storage.tasks()).isEmpty();
  }

  @Test
  void pins() {
    TaskId task = read(new TestPeer(supernode), FILE);
    assertThat(get(admin.pin(task, true))).isTrue();
    assertThat(seen(task).pinned()).isTrue();
    assertThat(get(admin.pin(task, false))).isTrue();
    assertThat(seen(task).pinned()).isFalse();
    assertThat(get(admin.pin(NOBODYS, true))).isFalse();
  }

  @Test
  void verifies() throws Exception {
    TestPeer peer = new TestPeer(supernode);
    TaskId task = read(peer, FILE);
    assertThat(get(admin.verify(task)).orElseThrow().checked()).isEqualTo(3);
    assertThat(get(admin.verify(task)).orElseThrow().bad()).isEmpty();
    assertThat(get(admin.verify(NOBODYS))).isEmpty();
  }

  @Test
  void aVerificationThatTakesLongKeepsNobodyWaiting() throws Exception {
    CountDownLatch goOn = new CountDownLatch(1);
    TestSupernode.Setup setup = new TestSupernode.Setup().source(source);
    setup.storage = new ForwardingStorage(new MemoryStorage(), task -> new SlowToRead(task, goOn));
    try (TestSupernode slow = setup.start()) {
      source.put(FILE, bytes(3 * PIECE));
      TaskId task = new TestPeer(slow).registered(FILE).task().id();
      await().until(() -> slow.storage.find(task).orElseThrow().pieces().cardinality() == 3);
      List<CompletableFuture<?>> verifications = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        verifications.add(slow.service.admin().verify(task));
      }
      source.put(OTHER, bytes(2 * PIECE));
      assertThat(new TestPeer(slow).registered(OTHER).task().layout().pieces()).isEqualTo(2);
      assertThat(verifications).noneMatch(CompletableFuture::isDone);
      goOn.countDown();
      verifications.forEach(TestPeer::get);
    }
  }

  /** Gives its pieces only when the test says so. */
  private static final class SlowToRead extends ForwardingStorage.ForwardingTask {
    private final CountDownLatch goOn;

    SlowToRead(StoredTask right, CountDownLatch goOn) {
      super(right);
      this.goOn = goOn;
    }

    @Override
    public PieceRegion region(ByteRange range) throws IOException {
      try {
        goOn.await();
      } catch (InterruptedException e) {
        throw new InterruptedIOException();
      }
      return super.region(range);
    }
  }

  @Test
  void showsNothingOfWhatPeersShowToSources() {
    source.put(OTHER, bytes(PIECE)).allow(OTHER, "Basic secret");
    get(new TestPeer(supernode).register(content(OTHER, "Basic secret")));
    assertThat(get(admin.tasks()).toString() + get(admin.peers())).doesNotContain("secret");
  }
}

package io.dragonfly.internal.supernode;

import static io.dragonfly.internal.supernode.TestPeer.get;
import static io.dragonfly.internal.supernode.TestSupernode.FILE;
import static io.dragonfly.internal.supernode.TestSupernode.PIECE;
import static io.dragonfly.internal.supernode.TestSupernode.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dragonfly.control.PollResponse;
import io.dragonfly.control.Queued;
import io.dragonfly.control.Queued.Reason;
import io.dragonfly.control.SupernodeListener;
import io.dragonfly.control.TaskUpdate;
import io.dragonfly.peer.PeerId;
import io.dragonfly.rate.Rate;
import io.dragonfly.spi.RateLimiter;
import io.dragonfly.spi.Scheduler;
import io.dragonfly.spi.Scheduler.QueuePlace;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.FirstComeScheduler;
import io.dragonfly.testkit.LeakCheck;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Each poll response says what a task waits for, for as long as it waits. */
@ExtendWith(LeakCheck.class)
class QueuedTasksTest {
  /** So many source downloads of one host run at once. */
  private static final int AT_ONCE = 3;

  private final FakeSource source = new FakeSource();
  private final FirstComeScheduler scheduler = new FirstComeScheduler();
  private final AtomicLong uploadPause = new AtomicLong();
  private SupernodeListener listener = SupernodeListener.NONE;
  private @Nullable TestSupernode supernode;

  private TestSupernode start() {
    TestSupernode.Setup setup = new TestSupernode.Setup().source(source).listener(listener);
    setup.scheduler = scheduler;
    setup.uploads =
        new RateLimiter() {
          @Override
          public long take(long bytes) {
            return uploadPause.get();
          }

          @Override
          public void setRate(Optional<Rate> rate) {}
        };
    TestSupernode started = setup.start();
    supernode = started;
    return started;
  }

  @AfterEach
  void close() {
    if (supernode != null) {
      supernode.close();
    }
    assertThat(source.openStreams()).isZero();
  }

  private static Optional<Queued> queued(Reason reason, int place, int length) {
    return Optional.of(new Queued(reason, place, length));
  }

  /** Waits until the patience of a poll has ended, and returns what the response says. */
  private static TaskUpdate afterPatience(TestPeer peer, TaskId task) {
    CompletableFuture<PollResponse> poll = peer.next(task, PieceSpan.ALL);
    assertThat(poll).isNotDone();
    peer.supernode.ticker.advance(TestPeer.PATIENCE);
    return peer.arrived(poll, task);
  }

  @Test
  void aDownloadThatWaitsForOthersOfItsSourceHasAPlace() {
    TestSupernode at = start();
    List<TestPeer> peers = new ArrayList<>();
    List<TaskId> tasks = new ArrayList<>();
    for (int i = 0; i < AT_ONCE + 2; i++) {
      URI uri = URI.create("fake://host/file" + i);
      source.put(uri, bytes(2 * PIECE + i)).stallAt(uri, 1);
      peers.add(new TestPeer(at));
      tasks.add(peers.get(i).registered(uri).task().id());
    }
    TestPeer last = peers.get(AT_ONCE + 1);
    TaskId task = tasks.get(AT_ONCE + 1);

    // At once, and not only when the patience of the poll ends.
    assertThat(last.answer(task, PieceSpan.ALL).queued()).isEqualTo(queued(Reason.SOURCE, 2, 2));
    assertThat(afterPatience(last, task).queued()).isEqualTo(queued(Reason.SOURCE, 2, 2));

    source.resume(URI.create("fake://host/file0"));
    await()
        .untilAsserted(
            () ->
                assertThat(afterPatience(last, task).queued())
                    .isEqualTo(queued(Reason.SOURCE, 1, 1)));

    source.resume(URI.create("fake://host/file1"));
    source.resume(URI.create("fake://host/file" + (AT_ONCE + 1)));
    TaskUpdate update = last.answer(task, PieceSpan.ALL);
    assertThat(last.take(update)).startsWith(0);
    assertThat(update.queued()).isEmpty();
  }

  @Test
  void aPeerWaitsForASlowSourceUntilTheSourceHasBeenSilentForItsStallTime() {
    source.put(FILE, bytes(3 * PIECE)).stallAt(FILE, PIECE + 1);
    TestPeer peer = new TestPeer(start());
    TaskId task = peer.registered(FILE).task().id();
    TaskUpdate first = peer.answer(task, PieceSpan.ALL);
    assertThat(peer.take(first)).containsExactly(0);
    assertThat(first.queued()).isEmpty();

    assertThat(afterPatience(peer, task).queued()).isEqualTo(queued(Reason.SOURCE, 0, 0));
    for (int i = 0; i < 4; i++) {
      assertThat(afterPatience(peer, task).queued()).isPresent();
    }
    CompletableFuture<PollResponse> poll = peer.next(task, PieceSpan.ALL);
    peer.supernode.ticker.advance(TestPeer.PATIENCE); // now it has been silent for 30 s
    assertThat(get(poll).updates()).isEmpty();
  }

  @Test
  void aPeerThatLacksWhatOthersHaveWaitsForAnUplink() {
    source.put(FILE, bytes(2 * PIECE));
    TestPeer peer = new TestPeer(start());
    TaskId task = peer.registered(FILE).task().id();
    await().until(() -> source.openStreams() == 0);
    scheduler.queueAll(Optional.of(new QueuePlace(3, 5)));

    assertThat(peer.answer(task, PieceSpan.ALL).queued()).isEqualTo(queued(Reason.UPLINK, 3, 5));
    uploadPause.set(1000);
    assertThat(afterPatience(peer, task).queued()).isEqualTo(queued(Reason.LIMIT, 3, 5));

    scheduler.queueAll(Optional.empty());
    TaskUpdate update = peer.answer(task, PieceSpan.ALL);
    assertThat(peer.take(update)).containsExactly(0, 1);
    assertThat(update.queued()).isEmpty();
  }

  @Test
  void theListenerIsToldOfATaskThatHadNoPlan() {
    List<String> told = new CopyOnWriteArrayList<>();
    listener =
        new SupernodeListener() {
          @Override
          public void stalled(TaskId task, PeerId peer, String state) {
            told.add(task + " " + peer + " " + state);
          }
        };
    source.put(FILE, bytes(2 * PIECE)).stallAt(FILE, 1);
    TestPeer peer = new TestPeer(start());
    TaskId task = peer.registered(FILE).task().id();
    var unused = peer.next(task, PieceSpan.ALL);

    scheduler.stall(new Scheduler.Stall(task, peer.id(), "nothing was planned"));
    peer.supernode.ticker.advance(SupernodeSettings.TICK);
    await().until(() -> !told.isEmpty());

    assertThat(told).containsExactly(task + " " + peer.id() + " nothing was planned");
  }

  @Test
  void anAnswerThatMakesWayForAnotherSaysItToo() {
    source.put(FILE, bytes(2 * PIECE)).stallAt(FILE, 1);
    TestPeer peer = new TestPeer(start());
    TaskId task = peer.registered(FILE).task().id();
    CompletableFuture<PollResponse> first = peer.next(task, PieceSpan.ALL);
    assertThat(first).isNotDone();
    var unused = peer.next(task, PieceSpan.ALL);

    assertThat(get(first).updates())
        .singleElement()
        .satisfies(u -> assertThat(u.queued()).isEqualTo(queued(Reason.SOURCE, 0, 0)));
  }
}

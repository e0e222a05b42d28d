package io.dragonfly.internal.supernode;

import static io.dragonfly.internal.supernode.TestPeer.get;
import static io.dragonfly.internal.supernode.TestSupernode.FILE;
import static io.dragonfly.internal.supernode.TestSupernode.OTHER;
import static io.dragonfly.internal.supernode.TestSupernode.PIECE;
import static io.dragonfly.internal.supernode.TestSupernode.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.dragonfly.error.NoSpaceException;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.MemoryStorage;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A supernode with room for four pieces. */
@ExtendWith(LeakCheck.class)
class EvictionTest {
  private final FakeSource source = new FakeSource();
  private final TestSupernode supernode = start();

  private TestSupernode start() {
    TestSupernode.Setup setup = new TestSupernode.Setup().source(source);
    setup.storage = new MemoryStorage(4 * PIECE);
    return setup.start();
  }

  @AfterEach
  void close() {
    supernode.close();
  }

  private TaskId taken(TestPeer peer) {
    source.put(FILE, bytes(4 * PIECE));
    TaskId task = peer.registered(FILE).task().id();
    await().until(() -> supernode.storage.find(task).orElseThrow().pieces().cardinality() == 4);
    peer.take(peer.answer(task, PieceSpan.ALL));
    awaitRead();
    return task;
  }

  /** A read is over a moment after its last piece, and until then nothing of it may go. */
  private void awaitRead() {
    await()
        .until(() -> get(supernode.service.admin().tasks()).stream().noneMatch(t -> t.reading()));
  }

  @Test
  void aTaskThatSomebodyWantsStaysAndTheNextIsRefused() {
    taken(new TestPeer(supernode));
    source.put(OTHER, bytes(2 * PIECE));
    assertThatThrownBy(() -> get(new TestPeer(supernode).register(OTHER)))
        .hasRootCauseInstanceOf(NoSpaceException.class);
    assertThat(supernode.storage.tasks()).hasSize(1);
  }

  @Test
  void aTaskThatPeersOnlyHoldMakesRoomAndTheyGoOnGivingIt() {
    TestPeer holder = new TestPeer(supernode);
    TaskId task = taken(holder);
    holder.next(task, PieceSpan.NONE);
    source.put(OTHER, bytes(2 * PIECE));
    new TestPeer(supernode).registered(OTHER);
    await().until(() -> supernode.storage.find(task).orElseThrow().pieces().isEmpty());

    TestPeer late = new TestPeer(supernode);
    // Its bytes are to be read again, and there is no room: that is not its affair.
    assertThat(late.registered(FILE).digests().count()).isEqualTo(4);
    List<Integer> pieces = late.take(late.answer(task, PieceSpan.ALL));
    assertThat(pieces).containsExactlyInAnyOrderElementsOf(IntStream.range(0, 4).boxed().toList());
    assertThat(late.parents.values()).extracting(p -> p.id()).containsOnly(holder.id());
  }

  @Test
  void whoWantsATaskThatWasGivenUpHasItReadAgain() {
    TestPeer first = new TestPeer(supernode);
    TaskId task = taken(first);
    first.leaves(Optional.empty());
    source.put(OTHER, bytes(PIECE));
    TestPeer other = new TestPeer(supernode);
    TaskId otherTask = other.registered(OTHER).task().id();
    await().until(() -> supernode.storage.find(otherTask).orElseThrow().has(0));
    awaitRead();
    other.leaves(Optional.empty());

    TestPeer again = new TestPeer(supernode);
    assertThat(again.registered(FILE).task().id()).isEqualTo(task);
    await().until(() -> supernode.storage.find(task).orElseThrow().pieces().cardinality() == 4);
    assertThat(again.take(again.answer(task, PieceSpan.ALL))).hasSize(4);
  }
}

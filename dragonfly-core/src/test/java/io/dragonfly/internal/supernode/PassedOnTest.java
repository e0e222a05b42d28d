package io.dragonfly.internal.supernode;

import static io.dragonfly.internal.supernode.TestPeer.get;
import static io.dragonfly.internal.supernode.TestSupernode.FILE;
import static io.dragonfly.internal.supernode.TestSupernode.OTHER;
import static io.dragonfly.internal.supernode.TestSupernode.PIECE;
import static io.dragonfly.internal.supernode.TestSupernode.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.dragonfly.control.PollResponse;
import io.dragonfly.error.NoSpaceException;
import io.dragonfly.internal.cdn.CdnSettings;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.MemoryStorage;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A supernode whose disk has no room: it keeps four pieces at a time in memory. */
@ExtendWith(LeakCheck.class)
class PassedOnTest {
  private static final URI THIRD = URI.create(FILE + "-third");
  private static final int PIECES = 12;
  private static final int BIG_PIECE = PieceLayout.UNKNOWN_LENGTH_PIECE;
  private static final Duration STEP = Duration.ofMillis(10);

  private final FakeSource source = new FakeSource().put(FILE, bytes(PIECES * PIECE));
  private @Nullable TestSupernode supernode;

  private TestSupernode start(long diskBytes, long ringBytes) {
    TestSupernode.Setup setup = new TestSupernode.Setup().source(source);
    setup.storage = new MemoryStorage(diskBytes);
    setup.keeping = new CdnSettings.Keeping(Long.MAX_VALUE, Duration.ZERO, ringBytes);
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

  /** A peer that takes what it is told to, as soon as it is. */
  private static final class Taker {
    private final TestPeer peer;
    private final TaskId task;
    private final Set<Integer> has = new HashSet<>();
    private @Nullable CompletableFuture<PollResponse> call;
    private PieceSpan wants = PieceSpan.ALL;
    private PieceSpan said = PieceSpan.ALL;

    Taker(TestSupernode supernode) {
      this(supernode, FILE);
    }

    Taker(TestSupernode supernode, URI uri) {
      peer = new TestPeer(supernode);
      task = peer.registered(uri).task().id();
    }

    /** Wants the next two pieces, as who reads in order does. */
    void readOn() {
      int next = has.size();
      if (call == null && next < PIECES) {
        wants = new PieceSpan(next, Math.min(PIECES, next + 2));
      }
    }

    boolean saysNothing() {
      return said.equals(PieceSpan.NONE);
    }

    boolean step() {
      CompletableFuture<PollResponse> waiting = call;
      if (waiting == null || !said.equals(wants)) {
        call = peer.next(task, wants);
        said = wants;
      } else if (waiting.isDone()) {
        call = null;
        PollResponse answer = get(waiting);
        if (answer.updates().isEmpty()) {
          peer.acknowledge(answer); // there was nothing new for a while
        } else {
          has.addAll(peer.take(peer.arrived(waiting, task)));
        }
      }
      return true;
    }
  }

  private static void awaitAll(List<Taker> children, int pieces, Runnable meanwhile) {
    await()
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(2))
        .until(
            () -> {
              children.forEach(Taker::step);
              meanwhile.run();
              return children.stream().allMatch(child -> child.has.size() == pieces);
            });
  }

  @Test
  void theSourceGivesOneCopyAndAllPeersGetIt() {
    TestSupernode full = start(PIECE, 16 * PIECE);
    List<Taker> children = List.of(new Taker(full), new Taker(full), new Taker(full));

    awaitAll(children, PIECES, () -> {});

    assertThat(source.bytesRead()).isEqualTo(PIECES * PIECE);
    assertThat(full.storage.tasks()).isEmpty();
  }

  @Test
  void aPeerThatIsStuckHoldsNobodyUp() {
    TestSupernode full = start(PIECE, 16 * PIECE);
    Taker stuck = new Taker(full);
    Taker child = new Taker(full);
    stuck.step(); // and never again

    awaitAll(List.of(child), PIECES, () -> full.ticker.advance(STEP));

    assertThat(source.bytesRead()).isEqualTo(PIECES * PIECE);
  }

  @Test
  void aReaderThatWantsAFewPiecesAtATimeCostsNoSecondCopy() {
    TestSupernode full = start(PIECE, 16 * PIECE);
    Taker reader = new Taker(full);
    reader.wants = new PieceSpan(0, 2);

    awaitAll(List.of(reader), PIECES, reader::readOn);

    assertThat(source.bytesRead()).isEqualTo(PIECES * PIECE);
  }

  @Test
  void whoComesLateGetsItFromThePeers() {
    TestSupernode full = start(PIECE, 16 * PIECE);
    Taker first = new Taker(full);
    awaitAll(List.of(first), PIECES, () -> {});
    first.step(); // says so

    Taker late = new Taker(full);
    awaitAll(List.of(first, late), PIECES, () -> {});

    assertThat(source.bytesRead()).isEqualTo(PIECES * PIECE);
    assertThat(late.peer.parents.values()).extracting(p -> p.id()).contains(first.peer.id());
  }

  @Test
  void whatNoPeerHasAnyMoreIsReadAgain() {
    TestSupernode full = start(PIECE, 16 * PIECE);
    Taker first = new Taker(full);
    awaitAll(List.of(first), PIECES, () -> {});
    Taker late = new Taker(full);
    first.peer.leaves(Optional.empty());

    awaitAll(List.of(late), PIECES, () -> full.ticker.advance(STEP));

    // The last pieces were still in memory.
    assertThat(source.bytesRead()).isBetween((long) PIECES * PIECE, (2L * PIECES - 4) * PIECE);
  }

  @Test
  void aDiskThatRunsFullInTheMiddleIsGoneOnWithoutIt() {
    source.put(FILE, bytes(8 * BIG_PIECE)).withoutLength(FILE);
    TestSupernode full = start(2L * BIG_PIECE, 16L * BIG_PIECE);
    List<Taker> children = List.of(new Taker(full), new Taker(full));

    awaitAll(children, 8, () -> {});

    // Without a length it could not be gone on with by range.
    assertThat(source.opened()).hasSize(1);
    assertThat(source.bytesRead()).isEqualTo(8L * BIG_PIECE);
    children.forEach(child -> child.peer.leaves(Optional.empty()));
    await()
        .until(
            () -> {
              full.ticker.advance(Duration.ofSeconds(10));
              return full.storage.tasks().isEmpty();
            });
  }

  @Test
  void asMuchMemoryAsThereIsHoldsAndNoMore() {
    source.put(OTHER, bytes(PIECES * PIECE)).put(THIRD, bytes(PIECES * PIECE));
    TestSupernode full = start(PIECE, 4 * PIECE);
    new Taker(full);
    new Taker(full, OTHER);
    assertThatThrownBy(() -> get(new TestPeer(full).register(THIRD)))
        .hasRootCauseInstanceOf(NoSpaceException.class);
  }

  @Test
  void tasksThatHaveNoPlaceOnTheDiskShareTheMemory() {
    TestSupernode full = start(PIECE, 16 * PIECE);
    List<Taker> children = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      URI uri = URI.create(FILE + "-" + i);
      source.put(uri, bytes(PIECES * PIECE));
      children.add(new Taker(full, uri));
      children.add(new Taker(full, uri));
    }

    awaitAll(children, PIECES, () -> full.ticker.advance(STEP));

    assertThat(source.bytesRead()).isEqualTo(8L * PIECES * PIECE);
  }

  @Test
  void whatIsOnlyHeldByPeersLeavesTheMemoryToOthers() {
    source.put(OTHER, bytes(PIECES * PIECE));
    TestSupernode full = start(PIECE, 2 * PIECE);
    Taker first = new Taker(full);
    awaitAll(List.of(first), PIECES, () -> {});
    first.wants = PieceSpan.NONE; // it goes on giving what it has
    await().until(() -> first.step() && first.saysNothing());

    Taker other = new Taker(full, OTHER);
    awaitAll(List.of(first, other), PIECES, () -> {});
    Taker late = new Taker(full);
    awaitAll(List.of(first, late), PIECES, () -> {});

    assertThat(source.bytesRead()).isEqualTo(2L * PIECES * PIECE);
    assertThat(late.peer.parents.values()).extracting(p -> p.id()).contains(first.peer.id());
  }
}

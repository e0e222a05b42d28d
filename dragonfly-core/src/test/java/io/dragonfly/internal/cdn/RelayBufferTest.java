package io.dragonfly.internal.cdn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.dragonfly.spi.PieceRegion;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Digest;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import io.dragonfly.task.TaskKey;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RelayBufferTest {
  private static final int PIECE = PieceLayout.MIN_PIECE_LENGTH;
  private static final int PIECES = 6;

  private final AtomicLong nanos = new AtomicLong();
  private final ConcurrentSkipListSet<Integer> spare = new ConcurrentSkipListSet<>();
  private final List<Integer> dropped = new CopyOnWriteArrayList<>();
  private final RelayBuffer.Demand demand =
      new RelayBuffer.Demand() {
        @Override
        public OptionalInt spare(Task of, Map<Integer, Duration> ages) {
          return ages.keySet().stream().filter(spare::contains).mapToInt(p -> p).findFirst();
        }

        @Override
        public void dropped(Task of, int piece) {
          dropped.add(piece);
        }

        @Override
        public boolean isWanted(Task of) {
          return true;
        }
      };
  private RelayBuffers rings = new RelayBuffers(2L * PIECE, nanos::get, demand);
  private RelayBuffer ring = open("a");

  private RelayBuffer open(String name) {
    Task task =
        new Task(
            new TaskId(name.repeat(64)),
            new TaskKey("b".repeat(64)),
            PieceLayout.of((long) PIECES * PIECE),
            new SourceVersion(Optional.empty(), OptionalLong.of((long) PIECES * PIECE)),
            Optional.empty());
    return rings.open(task, Optional.empty(), Optional.empty()).orElseThrow();
  }

  private static byte[] bytes(int piece) {
    byte[] bytes = new byte[PIECE];
    Arrays.fill(bytes, (byte) (piece + 1));
    return bytes;
  }

  private void put(int piece) throws IOException {
    put(ring, piece);
  }

  private static void put(RelayBuffer ring, int piece) throws IOException {
    byte[] bytes = bytes(piece);
    ring.reading().write((long) piece * PIECE, ByteBuffer.wrap(bytes, 0, 1000));
    ring.reading().write((long) piece * PIECE + 1000, ByteBuffer.wrap(bytes, 1000, PIECE - 1000));
    var sha = Digest.newSha256();
    sha.update(bytes);
    ring.reading().seal(piece, Digest.of(sha));
  }

  private CompletableFuture<Void> putSoon(int piece) {
    return putSoon(ring, piece);
  }

  private static CompletableFuture<Void> putSoon(RelayBuffer ring, int piece) {
    return CompletableFuture.runAsync(
        () -> {
          try {
            put(ring, piece);
          } catch (IOException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  private PieceRegion region(int piece) throws IOException {
    return ring.serving().region(ByteRange.of((long) piece * PIECE, (piece + 1L) * PIECE));
  }

  private byte[] read(int piece) throws IOException {
    try (PieceRegion region = region(piece)) {
      return region.readAll();
    }
  }

  @Test
  void aPieceIsThereUntilItMayGo() throws Exception {
    put(0);
    put(1);
    assertThat(read(0)).isEqualTo(bytes(0));
    assertThat(read(1)).isEqualTo(bytes(1));

    CompletableFuture<Void> third = putSoon(2);
    assertThat(ring.hasRoom()).isFalse();
    assertThat(third).isNotDone();
    spare.add(1);
    ring.moved();
    third.get(10, TimeUnit.SECONDS);

    assertThat(dropped).containsExactly(1);
    assertThat(ring.serving().pieces().stream()).containsExactly(0, 2);
    assertThat(read(2)).isEqualTo(bytes(2));
    assertThatThrownBy(() -> read(1)).hasMessageContaining("not there any more");
    assertThat(ring.reading().pieces().stream()).as("read once").containsExactly(0, 1, 2);
    assertThat(ring.serving().digest(1)).isPresent();
  }

  @Test
  void bytesThatAreBeingGivenStayUntilTheyAre() throws Exception {
    spare.addAll(List.of(0, 1));
    put(0);
    put(1);
    PieceRegion given = region(0);
    put(2); // piece 0 goes first, but its memory is not free; then piece 1
    CompletableFuture<Void> next = putSoon(3);
    assertThat(given.readAll()).isEqualTo(bytes(0));
    assertThat(next).isNotDone();
    given.close();
    next.get(10, TimeUnit.SECONDS);
    assertThat(read(2)).isEqualTo(bytes(2));
    assertThat(read(3)).isEqualTo(bytes(3));
  }

  @Test
  void whoFindsNoRoomForLongLetsTheSourceGo() throws Exception {
    put(0);
    put(1);
    CompletableFuture<Void> third = putSoon(2);
    await().until(() -> third.isDone() || nanos.addAndGet(TimeUnit.SECONDS.toNanos(2)) < 0);
    assertThatThrownBy(third::join).hasCauseInstanceOf(RelayBuffer.NoRoomException.class);
  }

  @Test
  void aRingThatRestsHasNothingUntilThereIsMemoryAgain() throws Exception {
    rings = new RelayBuffers(2L * PIECE, nanos::get, demand);
    ring = open("a");
    put(0);
    assertThat(ring.rest()).isTrue();
    assertThat(ring.rest()).as("twice").isFalse();
    assertThat(dropped).containsExactly(0);
    assertThat(ring.serving().pieces().isEmpty()).isTrue();

    assertThat(ring.hasRoom()).isTrue();
    put(1);
    assertThat(read(1)).isEqualTo(bytes(1));
  }

  @Test
  void aLateTaskHasMemoryAtOnceAndTheOthersReturnWhatIsMoreThanTheirShare() throws Exception {
    rings = new RelayBuffers(16L * PIECE, nanos::get, demand);
    List<RelayBuffer> early = List.of(open("1"), open("2"), open("3"));
    for (RelayBuffer one : early) {
      for (int piece = 0; piece < 4; piece++) {
        put(one, piece);
      }
      assertThat(one.hasRoom()).isFalse();
    }
    RelayBuffer fourth = open("4");
    put(fourth, 0);
    put(fourth, 1);
    put(fourth, 2);
    RelayBuffer fifth = open("5");
    put(fifth, 1); // 16 pieces are there

    CompletableFuture<Void> next = putSoon(fifth, 2);
    assertThat(next).isNotDone();
    spare.add(0); // of each of the others; no more than is needed to bring them to their share
    next.get(10, TimeUnit.SECONDS);

    assertThat(early).allMatch(one -> one.serving().pieces().cardinality() == 3);
    assertThat(fourth.serving().pieces().cardinality()).isEqualTo(2);
    assertThat(fifth.serving().pieces().cardinality()).isEqualTo(2);
  }

  @Test
  void theMemoryOfATaskThatEndsIsFree() throws Exception {
    rings = new RelayBuffers(4L * PIECE, nanos::get, demand);
    ring = open("a");
    RelayBuffer other = open("b");
    put(0);
    PieceRegion given = region(0);
    ring.reading().write(PIECE, ByteBuffer.wrap(new byte[1000])); // and breaks off
    put(other, 0);
    put(other, 1);

    rings.close(ring.task().id());
    RelayBuffer next = open("c");
    put(next, 0);
    CompletableFuture<Void> second = putSoon(next, 1);
    assertThat(second).as("a piece is still being given").isNotDone();
    given.close();
    second.get(10, TimeUnit.SECONDS);
  }

  @Test
  void aReadThatIsStoppedWaitsNoLonger() throws Exception {
    put(0);
    put(1);
    CompletableFuture<Void> third = putSoon(2);
    ring.stop();
    assertThatThrownBy(() -> third.get(10, TimeUnit.SECONDS))
        .hasCauseInstanceOf(RelayBuffer.NoRoomException.class);
    ring.goOn();
    spare.add(0);
    put(2);
    assertThat(read(2)).isEqualTo(bytes(2));
  }

  @Test
  void whatIsGoneIsReadAgainOnceAllHasBeenRead() throws Exception {
    List<Integer> all = new ArrayList<>();
    for (int piece = 0; piece < PIECES; piece++) {
      all.add(piece);
    }
    spare.addAll(all);
    for (int piece = 0; piece < PIECES - 1; piece++) {
      put(piece);
    }
    BitSet lost = new BitSet();
    lost.set(1);
    lost.set(4); // it is still there
    ring.readAgain(lost);
    assertThat(ring.reading().pieces().cardinality()).isEqualTo(PIECES - 1);

    put(PIECES - 1);

    assertThat(ring.reading().pieces().nextClearBit(0)).isEqualTo(1);
    assertThat(ring.reading().pieces().cardinality()).isEqualTo(PIECES - 1);
    put(1);
    assertThat(read(1)).isEqualTo(bytes(1));
    assertThat(ring.reading().pieces().cardinality()).isEqualTo(PIECES);
  }
}

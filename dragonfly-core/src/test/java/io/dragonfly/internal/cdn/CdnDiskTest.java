package io.dragonfly.internal.cdn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.dragonfly.contract.ForwardingStorage;
import io.dragonfly.error.NoSpaceException;
import io.dragonfly.error.StorageException;
import io.dragonfly.task.ByteRange;
import io.dragonfly.testkit.MemoryStorage;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** The cache's disk gets bits wrong, fails, or is full. */
class CdnDiskTest extends CdnFixture {
  @Test
  void aDamagedPieceIsReadAgain() throws Exception {
    byte[] content = bytes(4 * PIECE);
    source.put(FILE, content);
    DamagedStorage damaged = new DamagedStorage();
    cache.close();
    storage = damaged;
    cache = start();
    CdnTask task = prepare(Optional.empty());
    task.read(access("alice"), Optional.empty());
    heard.awaitCompleted();

    heard.offer(access("bob"));
    heard.clear();
    damaged.damage(2);
    task.check(2);
    await().until(() -> heard.lost().equals(List.of(2)));
    heard.awaitCompleted();
    assertThat(heard.sealed()).containsExactly(2);
    assertThat(source.rangesRead())
        .containsExactly(ByteRange.of(0, 4 * PIECE), ByteRange.of(2 * PIECE, 3 * PIECE));
    assertThat(stored(task)).isEqualTo(content);
  }

  @Test
  void aPieceThatSomebodyComplainsOfIsGivenToNobodyBeforeItWasRead() throws Exception {
    source.put(FILE, bytes(4 * PIECE));
    List<String> calls = new CopyOnWriteArrayList<>();
    cache.close();
    storage = ForwardingStorage.recordingReads(storage, calls);
    cache = start();
    CdnTask task = prepare(Optional.empty());
    task.read(access("alice"), Optional.empty());
    heard.awaitCompleted();

    task.check(2);
    assertThat(calls).startsWith("suspect 2");
    await().until(() -> calls.equals(List.of("suspect 2", "read 2")));
  }

  @Test
  void aPieceThatIsIntactIsNotReadForEachComplaint() throws Exception {
    source.put(FILE, bytes(2 * PIECE));
    DamagedStorage damaged = new DamagedStorage();
    cache.close();
    storage = damaged;
    cache = start();
    CdnTask task = prepare(Optional.empty());
    task.read(access("alice"), Optional.empty());
    heard.awaitCompleted();
    task.check(1);
    await().until(() -> damaged.regionsRead() == 1);
    for (int i = 0; i < 100; i++) {
      task.check(1);
    }
    assertThat(damaged.regionsRead()).isEqualTo(1);
    // The first check may not have ended yet: the pause counts from its end.
    await()
        .until(
            () -> {
              ticker.advance(Duration.ofSeconds(10));
              task.check(1);
              return damaged.regionsRead() >= 2;
            });
    assertThat(heard.lost()).isEmpty();
  }

  @Test
  void complaintsAboutAPieceThatIsBeingReadAgainCostNothing() throws Exception {
    byte[] content = bytes(4 * PIECE);
    source.put(FILE, content);
    DamagedStorage damaged = new DamagedStorage();
    cache.close();
    storage = damaged;
    cache = start();
    CdnTask task = prepare(Optional.empty());
    task.read(access("alice"), Optional.empty());
    heard.awaitCompleted();
    heard.offer(access("bob"));
    heard.clear();
    damaged.damage(2);
    source.stallAt(FILE, 2 * PIECE + 10);
    task.check(2);
    source.awaitStalled(FILE);

    for (int i = 0; i < 10; i++) {
      task.check(2);
    }
    source.resume(FILE);

    heard.awaitCompleted();
    assertThat(heard.lost()).containsExactly(2);
    assertThat(source.rangesRead())
        .containsExactly(ByteRange.of(0, 4 * PIECE), ByteRange.of(2 * PIECE, 3 * PIECE));
    assertThat(stored(task)).isEqualTo(content);
  }

  @Test
  void aPieceThatCannotBeWithdrawnOnTheDiskIsReadAgain() throws Exception {
    DamagedStorage damaged = new DamagedStorage();
    CdnTask task = completeOn(damaged);
    damaged.damage(2);
    damaged.failToWithdraw();
    task.check(2);
    heard.awaitCompleted();
    assertThat(heard.lost()).containsExactly(2);
    assertThat(heard.sealed()).containsExactly(2);
  }

  @Test
  void aPieceThatTheDiskCannotReadForTenSecondsIsReadAgain() throws Exception {
    DamagedStorage damaged = new DamagedStorage();
    CdnTask task = completeOn(damaged);
    damaged.makeUnreadable(2);
    int before = damaged.regionsRead();
    task.check(2);
    await().until(() -> damaged.regionsRead() == before + 1);
    assertThat(heard.lost()).isEmpty();
    // The first check may not have ended yet: the pause counts from its end.
    await()
        .until(
            () -> {
              ticker.advance(Duration.ofSeconds(10));
              task.check(2);
              return !heard.lost().isEmpty();
            });
    heard.awaitCompleted();
    assertThat(heard.lost()).containsExactly(2);
    assertThat(heard.sealed()).containsExactly(2);
  }

  private CdnTask completeOn(DamagedStorage damaged) throws Exception {
    source.put(FILE, bytes(4 * PIECE));
    cache.close();
    storage = damaged;
    cache = start();
    CdnTask task = prepare(Optional.empty());
    task.read(access("alice"), Optional.empty());
    heard.awaitCompleted();
    heard.offer(access("bob"));
    heard.clear();
    return task;
  }

  @Test
  void afterThreeDamagedPiecesAllAreVerifiedAndReadAtOnce() throws Exception {
    byte[] content = bytes(40 * PIECE);
    source.put(FILE, content);
    DamagedStorage damaged = new DamagedStorage();
    cache.close();
    storage = damaged;
    cache = start();
    CdnTask task = prepare(Optional.empty());
    task.read(access("alice"), Optional.empty());
    heard.awaitCompleted();
    for (int piece = 0; piece < 40; piece += 2) {
      damaged.damage(piece);
    }
    heard.clear();

    for (int piece : List.of(6, 2, 4)) { // nobody offers access to the source yet
      task.check(piece);
    }

    await().until(() -> heard.lost().size() == 20);
    heard.offer(access("bob"));
    await()
        .until(
            () -> {
              task.readLost();
              return task.isComplete();
            });
    assertThat(stored(task)).isEqualTo(content);
    assertThat(source.rangesRead())
        .containsExactly(ByteRange.of(0, 40 * PIECE), ByteRange.of(0, 39 * PIECE));
    assertThat(heard.lost()).hasSize(20).doesNotHaveDuplicates();
  }

  @Test
  void piecesFarApartAreReadByThemselves() throws Exception {
    byte[] content = bytes(60 * PIECE);
    source.put(FILE, content);
    DamagedStorage damaged = new DamagedStorage();
    cache.close();
    storage = damaged;
    cache = start();
    CdnTask task = prepare(Optional.empty());
    task.read(access("alice"), Optional.empty());
    heard.awaitCompleted();
    int near = SourceStretch.READ_OVER_BYTES / PIECE;
    for (int piece : List.of(1, 2 + near, 4 + 2 * near + near)) {
      damaged.damage(piece);
      task.check(piece);
    }
    await().until(() -> heard.lost().size() == 3);
    heard.offer(access("bob"));
    await()
        .until(
            () -> {
              task.readLost();
              return task.isComplete();
            });

    assertThat(stored(task)).isEqualTo(content);
    assertThat(source.rangesRead())
        .containsExactly(
            ByteRange.of(0, 60 * PIECE),
            ByteRange.of(PIECE, (3 + near) * PIECE),
            ByteRange.of((4 + 3 * near) * PIECE, (5 + 3 * near) * PIECE));
  }

  @Test
  void aPieceThatIsLostWhileOthersAreReadIsReadAfterThem() throws Exception {
    byte[] content = bytes(4 * PIECE);
    source.put(FILE, content).stallAt(FILE, 3 * PIECE);
    DamagedStorage damaged = new DamagedStorage();
    cache.close();
    storage = damaged;
    cache = start();
    CdnTask task = prepare(Optional.empty());
    heard.offer(access("bob"));
    task.read(access("alice"), Optional.empty());
    await().until(() -> heard.sealed().size() == 3);
    damaged.damage(1);
    task.check(1);
    await().until(() -> heard.lost().equals(List.of(1)));

    source.resume(FILE);

    heard.awaitCompleted();
    assertThat(stored(task)).isEqualTo(content);
  }

  @Test
  void aDamagedPieceBeforeTheRestIsFoundWhenTheWholeIsChecked() throws Exception {
    byte[] content = bytes(4 * PIECE);
    source.put(FILE, content).stallAt(FILE, 3 * PIECE);
    DamagedStorage damaged = new DamagedStorage();
    cache.close();
    storage = damaged;
    cache = start();
    CdnTask before = prepare(Optional.of(sha256(content)));
    before.read(access("alice"), Optional.empty());
    await().until(() -> heard.sealed().size() == 3);
    restart();
    damaged.damage(1);
    source.resume(FILE);
    CdnTask task = prepare(Optional.of(sha256(content)));
    task.read(access("alice"), Optional.empty());
    heard.awaitCompleted();
    assertThat(heard.lost()).containsExactly(1);
    assertThat(stored(task)).isEqualTo(content);
  }

  @Test
  void whereThereIsNoRoomNothingIsLeftBehind() {
    source.put(FILE, bytes(4 * PIECE));
    cache.close();
    storage = new MemoryStorage(2 * PIECE);
    cache = start();
    assertThatThrownBy(() -> prepare(Optional.empty())).isInstanceOf(NoSpaceException.class);
    assertThat(storage.tasks()).isEmpty();
  }

  @Test
  void aDiskThatRunsFullEndsTheRead() {
    source.put(FILE, bytes(4 * BIG_PIECE)).withoutLength(FILE);
    cache.close();
    storage = new MemoryStorage(2 * BIG_PIECE);
    cache = start();
    prepare(Optional.empty()).read(access("alice"), Optional.empty());
    assertThat(heard.awaitFailure()).isInstanceOf(NoSpaceException.class);
    assertThat(heard.sealed()).containsExactly(0, 1);
    assertThat(source.opened()).as("what does not fit is not asked for twice").hasSize(1);
    assertThat(storage.tasks()).isEmpty();
  }

  @Test
  void aContentWithoutLengthThatOutgrowsTheDiskIsReadOnce() {
    byte[] content = bytes(6 * BIG_PIECE);
    source.put(FILE, content).withoutLength(FILE);
    cache.close();
    storage = new MemoryStorage(2 * BIG_PIECE);
    keeping = new CdnSettings.Keeping(Long.MAX_VALUE, Duration.ZERO, 4L * BIG_PIECE);
    cache = start();
    CdnTask task = prepare(Optional.of(sha256(content)));
    task.read(access("alice"), Optional.empty());
    heard.awaitCompleted(); // the digest of the whole was right

    assertThat(task.isPassedOn()).isTrue();
    assertThat(task.pieces().cardinality()).isEqualTo(6);
    assertThat(heard.sealed()).containsExactly(0, 1, 2, 3, 4, 5);
    assertThat(source.opened()).hasSize(1);
  }

  @Test
  void aStoreThatFailsEndsTheRead() {
    source.put(FILE, bytes(4 * PIECE));
    DamagedStorage damaged = new DamagedStorage();
    cache.close();
    storage = damaged;
    cache = start();
    CdnTask task = prepare(Optional.empty());
    damaged.fail(new IOException("I/O error"));
    task.read(access("alice"), Optional.empty());
    assertThat(heard.awaitFailure())
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("I/O error");
  }
}

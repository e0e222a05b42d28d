package io.dragonfly.internal.cdn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.dragonfly.contract.ForwardingStorage;
import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.ContentNotFoundException;
import io.dragonfly.error.DigestMismatchException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.NoSpaceException;
import io.dragonfly.error.SourceChangedException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.error.StorageException;
import io.dragonfly.rate.Rate;
import io.dragonfly.spi.PieceRegion;
import io.dragonfly.spi.RateLimiter;
import io.dragonfly.spi.SourceConfig;
import io.dragonfly.spi.SourceContent;
import io.dragonfly.spi.SourceRequest;
import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Digest;
import io.dragonfly.task.Headers;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.task.Task;
import io.dragonfly.task.Trust;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.FakeTicker;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.MemoryStorage;
import io.dragonfly.testkit.UnlimitedRates;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakCheck.class)
class CdnCacheTest {
  private static final URI FILE = URI.create("fake://host/file");
  private static final int PIECE = PieceLayout.MIN_PIECE_LENGTH;
  private static final int BIG_PIECE = PieceLayout.UNKNOWN_LENGTH_PIECE;

  private final FakeTicker ticker = new FakeTicker();
  private final FakeSource source = new FakeSource();
  private final Sources sources = new Sources(Map.of("fake", source), new SourceConfig("test"));
  private RateLimiter reads = new UnlimitedRates().create(Optional.empty());
  private final RecordingListener heard = new RecordingListener();
  private Storage storage = new MemoryStorage();
  private CdnSettings.Keeping keeping = CdnSettings.Keeping.ALL;
  private CdnCache cache = start();

  private CdnCache start() {
    CdnSettings settings =
        CdnSettings.of(Duration.ofSeconds(30), Duration.ofSeconds(60), reads, keeping);
    CdnCache.Time time = new CdnCache.Time(ticker.clock(), ticker, ticker.timer());
    return new CdnCache(storage, sources, settings, time, heard);
  }

  private void restart() {
    cache.close();
    cache = start();
  }

  @AfterEach
  void close() {
    cache.close();
    sources.close();
    assertThat(source.openStreams()).isZero();
  }

  @Test
  void readsPiecesInOrderAndTellsTheirDigests() throws Exception {
    byte[] content = bytes(3 * PIECE + 7);
    source.put(FILE, content);
    CdnTask task = prepare(Optional.empty());
    task.read(access("alice"), Optional.empty());
    heard.awaitCompleted();

    assertThat(heard.sealed()).containsExactly(0, 1, 2, 3);
    assertThat(heard.digest(3)).isEqualTo(sha256(part(content, 3 * PIECE, content.length)));
    assertThat(stored(task)).isEqualTo(content);
    assertThat(heard.content()).isEmpty();
    assertThat(source.rangesRead()).containsExactly(ByteRange.of(0, content.length));
  }

  @Test
  void takesOverAContentThatIsOpen() throws Exception {
    source.put(FILE, bytes(2 * PIECE));
    CdnTask task = prepare(Optional.empty());
    task.read(access("alice"), Optional.of(source.open(request())));
    heard.awaitCompleted();
    task.read(access("bob"), Optional.of(source.open(request())));
    assertThat(source.rangesRead()).containsExactly(ByteRange.of(0, 2 * PIECE));
    assertThat(source.openStreams()).isZero();
  }

  @Test
  void readsNoFasterThanItsLimiterLets() {
    AtomicLong pause = new AtomicLong(Duration.ofHours(1).toNanos());
    AtomicLong taken = new AtomicLong();
    reads =
        new RateLimiter() {
          @Override
          public long take(long bytes) {
            taken.addAndGet(bytes);
            return pause.get();
          }

          @Override
          public void setRate(Optional<Rate> rate) {}
        };
    restart();
    source.put(FILE, bytes(2 * PIECE));
    prepare(Optional.empty()).read(access("alice"), Optional.empty());
    await().until(() -> taken.get() > 0);
    assertThat(source.bytesRead()).isLessThanOrEqualTo(16 << 10);
    pause.set(0); // the limit is lifted
    heard.awaitCompleted();
    assertThat(taken).hasValue(2 * PIECE);
  }

  @Test
  @Timeout(30)
  void aReadThatPausesEndsWithItsCache() {
    reads =
        new RateLimiter() {
          @Override
          public long take(long bytes) {
            return Duration.ofHours(1).toNanos();
          }

          @Override
          public void setRate(Optional<Rate> rate) {}
        };
    restart();
    source.put(FILE, bytes(2 * PIECE));
    prepare(Optional.empty()).read(access("alice"), Optional.empty());
    await().until(() -> source.bytesRead() > 0);
    long start = System.nanoTime();
    cache.close();
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(9));
    assertThat(source.openStreams()).isZero();
  }

  @Test
  void goesOnByRangeWhereAReadBrokeOff() throws Exception {
    byte[] content = bytes(4 * PIECE);
    source.put(FILE, content).breakAt(FILE, 2 * PIECE + 10);
    CdnTask task = prepare(Optional.empty());
    task.read(access("alice"), Optional.empty());
    await().until(() -> ticker.timersSet() == 1);
    source.heal(FILE);
    ticker.advance(Duration.ofMillis(100));
    heard.awaitCompleted();

    assertThat(heard.retried()).isZero();
    assertThat(stored(task)).isEqualTo(content);
    assertThat(source.rangesRead())
        .containsExactly(ByteRange.of(0, 2 * PIECE + 10), ByteRange.of(2 * PIECE, 4 * PIECE));
  }

  @Test
  void pausesLongerEachTimeAndGivesUpWhenItGetsNoFurther() {
    source.put(FILE, bytes(2 * PIECE)).breakAt(FILE, PIECE);
    CdnTask task = prepare(Optional.empty());
    task.read(access("alice"), Optional.empty());
    for (long pause = 100; heard.failure().isEmpty(); pause = Math.min(2 * pause, 5000)) {
      await().until(() -> ticker.timersSet() == 1 || heard.failure().isPresent());
      // Not longer, or the next read may or may not come within this step too.
      ticker.advance(Duration.ofMillis(pause));
    }
    assertThat(heard.failure().orElseThrow()).isInstanceOf(SourceFailedException.class);
    assertThat(Duration.between(FakeTicker.START, ticker.clock().instant()))
        .isBetween(Duration.ofSeconds(55), Duration.ofSeconds(65));
    assertThat(source.opened()).hasSize(17);
    assertThat(heard.retried()).isEqualTo(14); // neither of the first two, nor of the last
    // What was read of a version that can be told from others is kept.
    assertThat(storage.find(task.task().id()).orElseThrow().has(0)).isTrue();
  }

  @Test
  void doesAsTheSourceSaysAboutWhenToComeBack() {
    source.put(FILE, bytes(2 * PIECE));
    CdnTask task = prepare(Optional.empty());
    source.fail(FILE, new SourceFailedException("busy", 503, Optional.of(Duration.ofSeconds(7))));
    task.read(access("alice"), Optional.empty());
    await().until(() -> ticker.timersSet() == 1);
    source.heal(FILE);
    ticker.advance(Duration.ofMillis(6999));
    assertThat(source.opened()).hasSize(1);
    ticker.advance(Duration.ofMillis(1));
    heard.awaitCompleted();
  }

  @Test
  void anAnswerThatWillNotChangeEndsTheReadAtOnce() {
    source.put(FILE, bytes(2 * PIECE));
    for (DistributionException failure :
        List.of(
            new SourceFailedException("no", 410, Optional.empty()),
            new SourceFailedException("later", 503, Optional.of(Duration.ofHours(1))),
            new ContentNotFoundException("gone"),
            new AccessRefusedException("no", 403, List.of()))) {
      source.fail(FILE, failure);
      CdnTask task = prepare(Optional.empty());
      task.read(access("alice"), Optional.empty());
      assertThat(heard.awaitFailure()).isSameAs(failure);
      source.heal(FILE);
      task.release(false);
      heard.clear();
    }
  }

  @Test
  void aDefectOfASourceEndsTheReadToo() {
    source.put(FILE, bytes(2 * PIECE));
    CdnTask task = prepare(Optional.empty());
    source.fail(FILE, new IllegalStateException("a defect"));
    task.read(access("alice"), Optional.empty());
    assertThat(heard.awaitFailure()).isInstanceOf(SourceFailedException.class);
  }

  @Test
  void goesOnWithAnothersCredentialsWhenTheFirstOnesEnd() throws Exception {
    source.put(FILE, bytes(3 * PIECE)).allow(FILE, "alice").allow(FILE, "bob");
    source.breakAt(FILE, PIECE);
    CdnTask task = prepare(Optional.empty());
    task.read(access("alice"), Optional.empty());
    await().until(() -> ticker.timersSet() == 1);
    source.heal(FILE).revoke(FILE, "alice");
    heard.offer(access("carol"), access("bob"));
    ticker.advance(Duration.ofMillis(100));
    heard.awaitCompleted();
    assertThat(source.opened())
        .extracting(r -> r.content().headers().first("Authorization").orElseThrow())
        .containsExactly("alice", "alice", "carol", "bob");
  }

  @Test
  void aVersionThatChangedEndsForAllAndIsDeleted() {
    source.put(FILE, bytes(3 * PIECE)).changeAt(FILE, PIECE, bytes(3 * PIECE));
    CdnTask task = prepare(Optional.empty());
    task.read(access("alice"), Optional.empty());
    await().until(() -> ticker.timersSet() == 1);
    ticker.advance(Duration.ofMillis(100));
    assertThat(heard.awaitFailure()).isInstanceOf(SourceChangedException.class);
    assertThat(storage.find(task.task().id())).isEmpty();
  }

  @Test
  void aContentThatIsOverwrittenWhileItIsReadNeverGetsItsLastPiece() {
    byte[] other = bytes(3 * PIECE);
    Arrays.fill(other, (byte) 7);
    for (boolean tellsLength : new boolean[] {true, false}) {
      int piece = tellsLength ? PIECE : BIG_PIECE;
      source.put(FILE, bytes(3 * piece)).overwriteAt(FILE, piece, Arrays.copyOf(other, 3 * piece));
      if (!tellsLength) {
        source.withoutLength(FILE);
      }
      CdnTask task = prepare(Optional.empty());
      task.read(access("alice"), Optional.empty());
      assertThat(heard.awaitFailure()).isInstanceOf(SourceChangedException.class);
      assertThat(heard.sealed()).containsExactly(0, 1);
      assertThat(storage.find(task.task().id())).isEmpty();
      heard.clear();
    }
  }

  @Test
  void aWeakValidatorTellsThatAContentWasOverwritten() throws Exception {
    source.put(FILE, bytes(3 * PIECE)).withWeakValidator(FILE);
    byte[] other = bytes(3 * PIECE);
    other[0]++;
    source.overwriteAt(FILE, 2 * PIECE, other);
    prepare(Optional.empty()).read(access("alice"), Optional.empty());
    await().until(() -> heard.failure().isPresent());
    assertThat(heard.failure().orElseThrow()).isInstanceOf(SourceChangedException.class);
    assertThat(heard.sealed()).containsExactly(0, 1);
  }

  @Test
  void theLastQuestionIsAskedAgainUntilItIsAnswered() throws Exception {
    byte[] content = bytes(3 * PIECE);
    source.put(FILE, content).stallAt(FILE, 2 * PIECE + 1);
    CdnTask task = prepare(Optional.empty());
    task.read(access("alice"), Optional.empty());
    source.awaitStalled(FILE);
    source.fail(FILE, new SourceFailedException("busy", 503, Optional.empty())).resume(FILE);
    await().until(() -> ticker.timersSet() == 1);
    assertThat(heard.sealed()).containsExactly(0, 1);
    source.heal(FILE);
    ticker.advance(Duration.ofMillis(100));
    heard.awaitCompleted();
    assertThat(stored(task)).isEqualTo(content);
    assertThat(source.rangesRead()).containsExactly(ByteRange.of(0, 3 * PIECE));
    assertThat(source.questions()).isEqualTo(2);
  }

  @Test
  void whoeverStillHasAccessIsAskedForTheLastQuestion() throws Exception {
    byte[] other = bytes(3 * PIECE);
    Arrays.fill(other, (byte) 7);
    source.put(FILE, bytes(3 * PIECE)).allow(FILE, "alice").allow(FILE, "bob");
    source.overwriteAt(FILE, PIECE, other).stallAt(FILE, 2 * PIECE);
    CdnTask task = prepare(Optional.empty());
    task.read(access("alice"), Optional.empty());
    source.awaitStalled(FILE);
    heard.offer(access("carol"), access("bob"));
    source.revoke(FILE, "alice").resume(FILE);
    assertThat(heard.awaitFailure()).isInstanceOf(SourceChangedException.class);
    assertThat(source.questions()).isEqualTo(3);
  }

  @Test
  void aUrlThatWorksOnceIsReadAllTheSame() throws Exception {
    for (RuntimeException end :
        List.of(
            new AccessRefusedException("expired", 403, List.of()),
            new ContentNotFoundException("gone"),
            new SourceFailedException("no such ticket", 400, Optional.empty()))) {
      byte[] content = bytes(3 * PIECE);
      source.put(FILE, content).stallAt(FILE, 2 * PIECE + 1);
      CdnTask task = prepare(Optional.empty());
      task.read(access("alice"), Optional.empty());
      source.awaitStalled(FILE);
      source.fail(FILE, end).resume(FILE);
      heard.awaitCompleted();
      assertThat(stored(task)).isEqualTo(content);
      source.heal(FILE);
      heard.clear();
    }
  }

  @Test
  void aContentWithADigestNeedsNoLastQuestion() throws Exception {
    byte[] content = bytes(3 * PIECE);
    source.put(FILE, content);
    prepare(Optional.of(sha256(content))).read(access("alice"), Optional.empty());
    heard.awaitCompleted();
    assertThat(source.questions()).isZero();
  }

  @Test
  void aVersionWithoutValidatorIsReadAgainAndCompared() throws Exception {
    byte[] content = bytes(3 * PIECE);
    source.put(FILE, content).withoutValidator(FILE).breakAt(FILE, 2 * PIECE);
    CdnTask task = prepare(Optional.empty());
    task.read(access("alice"), Optional.empty());
    await().until(() -> ticker.timersSet() == 1);
    source.heal(FILE);
    ticker.advance(Duration.ofMillis(100));
    heard.awaitCompleted();
    assertThat(heard.sealed()).containsExactly(0, 1, 2);
    assertThat(stored(task)).isEqualTo(content);
    assertThat(source.rangesRead())
        .containsExactly(ByteRange.of(0, 2 * PIECE), ByteRange.of(0, 3 * PIECE));
  }

  @Test
  void otherBytesOfTheSameLengthEndAVersionWithoutValidator() {
    byte[] other = bytes(3 * PIECE);
    other[PIECE + 5]++;
    source.put(FILE, bytes(3 * PIECE)).withoutValidator(FILE).changeAt(FILE, 2 * PIECE, other);
    CdnTask task = prepare(Optional.empty());
    task.read(access("alice"), Optional.empty());
    await().until(() -> ticker.timersSet() == 1);
    ticker.advance(Duration.ofMillis(100));
    assertThat(heard.awaitFailure()).isInstanceOf(SourceChangedException.class);
    assertThat(heard.sealed()).containsExactly(0, 1);
    assertThat(storage.find(task.task().id())).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 5, 1 << 20, (2 << 20) + 1})
  void aLengthThatTheSourceDoesNotTellIsLearned(int length) throws Exception {
    byte[] content = bytes(length);
    source.put(FILE, content).withoutLength(FILE);
    CdnTask task = prepare(Optional.empty());
    assertThat(task.task().layout().isLengthKnown()).isFalse();
    task.read(access("alice"), Optional.empty());
    heard.awaitCompleted();
    assertThat(task.task().layout().length()).hasValue(length);
    assertThat(heard.sealed()).hasSize((length + BIG_PIECE - 1) / BIG_PIECE);
    assertThat(stored(task)).isEqualTo(content);
    assertThat(heard.content().isPresent()).isEqualTo(length <= CdnTask.SMALL_BYTES);
  }

  @Test
  void aSourceThatTellsNothingIsReadAgainFromTheBeginning() throws Exception {
    byte[] content = bytes(3 * BIG_PIECE);
    source.put(FILE, content).withoutLength(FILE).withoutValidator(FILE);
    source.breakAt(FILE, 2 * BIG_PIECE + 1);
    CdnTask task = prepare(Optional.empty());
    task.read(access("alice"), Optional.empty());
    await().until(() -> ticker.timersSet() == 1);
    source.heal(FILE);
    ticker.advance(Duration.ofMillis(100));
    heard.awaitCompleted();
    assertThat(stored(task)).isEqualTo(content);
  }

  @ParameterizedTest
  @ValueSource(strings = {Digest.SHA256, Digest.MD5})
  void theDigestOfTheWholeIsCheckedBeforeTheLastPieceIsSealed(String algorithm) throws Exception {
    byte[] content = bytes(3 * PIECE);
    source.put(FILE, content);
    CdnTask right = prepare(Optional.of(digest(algorithm, content)));
    right.read(access("alice"), Optional.empty());
    heard.awaitCompleted();
    assertThat(stored(right)).isEqualTo(content);

    heard.clear();
    CdnTask wrong = prepare(Optional.of(digest(algorithm, bytes(1))));
    wrong.read(access("alice"), Optional.empty());
    assertThat(heard.awaitFailure()).isInstanceOf(DigestMismatchException.class);
    assertThat(heard.sealed()).containsExactly(0, 1);
    assertThat(storage.find(wrong.task().id())).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2 << 20, (2 << 20) + 1})
  void soItIsWhereTheLengthIsUnknown(int length) throws Exception {
    byte[] content = bytes(length);
    source.put(FILE, content).withoutLength(FILE);
    CdnTask right = prepare(Optional.of(sha256(content)));
    right.read(access("alice"), Optional.empty());
    heard.awaitCompleted();
    assertThat(stored(right)).isEqualTo(content);

    heard.clear();
    CdnTask wrong = prepare(Optional.of(sha256(bytes(3))));
    wrong.read(access("alice"), Optional.empty());
    assertThat(heard.awaitFailure()).isInstanceOf(DigestMismatchException.class);
    assertThat(heard.sealed()).hasSize((length - 1) / BIG_PIECE);
  }

  @Test
  void theDigestOfTheWholeSurvivesAReadThatBreaksOff() throws Exception {
    byte[] content = bytes(4 * PIECE);
    source.put(FILE, content).breakAt(FILE, 2 * PIECE + 100);
    CdnTask task = prepare(Optional.of(sha256(content)));
    task.read(access("alice"), Optional.empty());
    await().until(() -> ticker.timersSet() == 1);
    source.heal(FILE);
    ticker.advance(Duration.ofMillis(100));
    heard.awaitCompleted();
    assertThat(stored(task)).isEqualTo(content);
    assertThat(source.bytesRead()).isEqualTo(4 * PIECE + 100);
  }

  @Test
  void theDigestOfTheWholeSurvivesARestart() throws Exception {
    byte[] content = bytes(4 * PIECE);
    source.put(FILE, content).stallAt(FILE, 2 * PIECE + 100);
    CdnTask before = prepare(Optional.of(sha256(content)));
    before.read(access("alice"), Optional.empty());
    await().until(() -> source.bytesRead() == 2 * PIECE + 100);
    restart();
    source.resume(FILE);
    assertThat(cache.recover()).containsExactly(before.task());
    CdnTask task = prepare(Optional.of(sha256(content)));
    assertThat(task.pieces().cardinality()).isEqualTo(2);
    task.read(access("alice"), Optional.empty());
    heard.awaitCompleted();
    assertThat(stored(task)).isEqualTo(content);
    assertThat(source.bytesRead()).isEqualTo(4 * PIECE + 100);
  }

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

  @Test
  void aReadThatIsStoppedKeepsWhatItHas() throws Exception {
    source.put(FILE, bytes(3 * PIECE)).stallAt(FILE, PIECE);
    CdnTask task = prepare(Optional.empty());
    task.read(access("alice"), Optional.empty());
    await().until(() -> heard.sealed().equals(List.of(0)));
    task.stop();
    heard.awaitStopped();
    assertThat(source.openStreams()).isZero();
    task.stop();
    source.resume(FILE);
    task.read(access("bob"), Optional.empty());
    heard.awaitCompleted();
    assertThat(source.rangesRead())
        .containsExactly(ByteRange.of(0, PIECE), ByteRange.of(PIECE, 3 * PIECE));
  }

  @Test
  void aReadThatIsStoppedWhileItPausesOrAsksEndsToo() throws Exception {
    source.put(FILE, bytes(3 * PIECE)).breakAt(FILE, PIECE);
    CdnTask task = prepare(Optional.empty());
    task.read(access("alice"), Optional.empty());
    await().until(() -> ticker.timersSet() == 1);
    task.stop();
    heard.awaitStopped();
    assertThat(ticker.timersSet()).isZero();

    heard.clear();
    source.heal(FILE).stallQuestions(FILE);
    task.read(access("alice"), Optional.empty());
    source.awaitStalled(FILE);
    task.stop();
    heard.awaitStopped();
  }

  @Test
  void whoComesWhileAReadIsBeingStoppedGetsAnotherOne() throws Exception {
    source.put(FILE, bytes(3 * PIECE)).stallAt(FILE, PIECE);
    CdnTask task = prepare(Optional.empty());
    heard.onSealed(
        () -> {
          // On the read's own thread, so the read cannot have ended yet.
          task.stop();
          task.read(access("bob"), Optional.empty());
        });
    task.read(access("alice"), Optional.empty());
    await().until(() -> source.opened().size() == 2);
    source.resume(FILE);
    heard.awaitCompleted();
    assertThat(heard.isStopped()).isFalse();
  }

  @Test
  void theLastWhoLetsATaskGoStopsItsRead() {
    source.put(FILE, bytes(3 * PIECE)).stallAt(FILE, PIECE);
    CdnTask one = prepare(Optional.empty());
    CdnTask two = prepare(Optional.empty());
    assertThat(two).isSameAs(one);
    one.read(access("alice"), Optional.empty());
    await().until(() -> source.bytesRead() == PIECE);
    one.release(true);
    assertThat(source.openStreams()).isEqualTo(1);
    two.release(true);
    heard.awaitStopped();
    assertThat(storage.find(one.task().id())).isEmpty();
  }

  @Test
  void aSourceThatSendsMoreOrLessThanItSaidIsNotBelieved() {
    SourceVersion lies = new SourceVersion(Optional.of("\"v\""), OptionalLong.of(2 * PIECE));
    for (int length : new int[] {2 * PIECE - 1, 2 * PIECE + 1}) {
      source.put(FILE, bytes(length));
      CdnTask task = cache.prepare(Task.of(request().content().key(), lies, Optional.empty(), ""));
      task.read(
          access("alice"),
          Optional.of(new SourceContent(lies, new ByteArrayInputStream(bytes(length)))));
      await().until(() -> ticker.timersSet() == 1);
      assertThat(task.isComplete()).isFalse();
      ticker.advance(Duration.ofMillis(100));
      assertThat(heard.awaitFailure()).isInstanceOf(SourceChangedException.class);
      heard.clear();
    }
  }

  private CdnTask prepare(Optional<Digest> digest) {
    ContentRequest content =
        new ContentRequest(FILE, List.of(), digest, Optional.empty(), Headers.NONE, Trust.PLATFORM);
    return cache.prepare(Task.of(content.key(), source.version(FILE), digest, "once"));
  }

  private static Access access(String user) {
    ContentRequest content =
        ContentRequest.of(FILE).withHeaders(Headers.NONE.with("Authorization", user));
    return new Access(content, true, user);
  }

  private static SourceRequest request() {
    return new SourceRequest(ContentRequest.of(FILE), Duration.ofSeconds(30), true);
  }

  private byte[] stored(CdnTask task) throws IOException {
    StoredTask stored = storage.find(task.task().id()).orElseThrow();
    long length = task.task().layout().length().getAsLong();
    try (PieceRegion region = stored.region(ByteRange.of(0, length))) {
      return region.readAll();
    }
  }

  static byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  private static byte[] part(byte[] content, int from, int to) {
    return Arrays.copyOfRange(content, from, to);
  }

  private static Digest sha256(byte[] bytes) {
    return digest(Digest.SHA256, bytes);
  }

  private static Digest digest(String algorithm, byte[] bytes) {
    MessageDigest digest = Digest.newMessageDigest(algorithm);
    digest.update(bytes);
    return Digest.of(digest);
  }
}

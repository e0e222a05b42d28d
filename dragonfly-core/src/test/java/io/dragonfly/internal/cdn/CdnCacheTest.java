package io.dragonfly.internal.cdn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.ContentNotFoundException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.internal.loop.ActiveClock;
import io.dragonfly.rate.Rate;
import io.dragonfly.spi.RateLimiter;
import io.dragonfly.task.ByteRange;
import io.dragonfly.testkit.FakeTicker;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How sources are read. */
class CdnCacheTest extends CdnFixture {
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
  void givesUpNoSourceWhileThisProcessCannotRun() {
    active = ActiveClock.of(ticker, new FakeTicker().timer()); // which never beats
    restart();
    source.put(FILE, bytes(2 * PIECE)).breakAt(FILE, PIECE);
    CdnTask task = prepare(Optional.empty());
    task.read(access("alice"), Optional.empty());
    for (int i = 0; i < 30; i++) {
      await().until(() -> ticker.timersSet() == 1 || heard.failure().isPresent());
      ticker.advance(Duration.ofSeconds(5));
    }
    await().until(() -> ticker.timersSet() == 1 || heard.failure().isPresent());
    assertThat(heard.failure()).isEmpty();
    source.heal(FILE);
    ticker.advance(Duration.ofSeconds(5));
    heard.awaitCompleted();
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
    source.heal(FILE).stallProbes(FILE);
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
}

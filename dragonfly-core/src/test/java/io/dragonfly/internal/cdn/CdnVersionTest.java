package io.dragonfly.internal.cdn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.ContentNotFoundException;
import io.dragonfly.error.DigestMismatchException;
import io.dragonfly.error.SourceChangedException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.spi.SourceContent;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Digest;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.task.Task;
import java.io.ByteArrayInputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A version is read as it is, or not at all. */
class CdnVersionTest extends CdnFixture {
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
    assertThat(source.probes()).isEqualTo(2);
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
    assertThat(source.probes()).isEqualTo(3);
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
    assertThat(source.probes()).isZero();
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
    source.awaitStalled(FILE);
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
}

package io.dragonfly;

import static io.dragonfly.ClientFixture.PIECE;
import static io.dragonfly.ClientFixture.URI_A;
import static io.dragonfly.ClientFixture.await;
import static io.dragonfly.ClientFixture.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.ContentNotFoundException;
import io.dragonfly.error.DigestMismatchException;
import io.dragonfly.error.NoProgressException;
import io.dragonfly.error.OutputException;
import io.dragonfly.error.SourceChangedException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.error.TimeLimitException;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Digest;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.LiveFiles;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakCheck.class)
class SourceFetchTest {
  @TempDir Path dir;

  private ClientFixture fixture;

  @BeforeEach
  void begin() {
    fixture = new ClientFixture(dir);
  }

  @AfterEach
  void end() throws Exception {
    fixture.close();
  }

  private DistributionClient client() {
    return fixture.start(fixture.alone());
  }

  private static Digest sha256(byte[] bytes) {
    MessageDigest sha = Digest.newSha256();
    sha.update(bytes);
    return Digest.of(sha);
  }

  @Test
  void anErrorOfASourceInTheMiddleEndsTheFetch() throws Exception {
    fixture.source.put(URI_A, bytes(3 * PIECE)).stallAt(URI_A, PIECE);
    Fetch fetch = client().start(fixture.request().build());
    fixture.source.awaitStalled(URI_A);
    fixture.source.fail(URI_A, new NoClassDefFoundError("plugin/Missing")).breakAt(URI_A, PIECE);
    fixture.source.resume(URI_A);
    assertThat(fetch.completion())
        .failsWithin(20, TimeUnit.SECONDS)
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(SourceFailedException.class)
        .withMessageContaining("plugin/Missing");
  }

  @Test
  void theSourceIsAskedOnceForTheWhole() {
    byte[] bytes = bytes(20 * PIECE + 3);
    fixture.source.put(URI_A, bytes);
    FetchResult result = client().fetch(fixture.request().build());

    assertThat(fixture.output()).hasBinaryContent(bytes);
    assertThat(result.bytesFromSource()).isEqualTo(bytes.length);
    assertThat(fixture.source.rangesRead()).containsExactly(ByteRange.of(0, bytes.length));
    assertThat(fixture.source.probes()).isEqualTo(1); // whether it is still the same version
    await(() -> fixture.source.openStreams() == 0);
  }

  @Test
  void aContentThatIsOverwrittenWhileItIsReadIsNotDelivered() throws Exception {
    byte[] others = new byte[10 * PIECE];
    fixture.source.put(URI_A, bytes(10 * PIECE)).overwriteAt(URI_A, 3 * PIECE, others);
    DistributionClient client = client();
    assertThatThrownBy(() -> client.fetch(fixture.request().build()))
        .isInstanceOf(SourceChangedException.class);
    assertThat(fixture.output()).doesNotExist();
    await(() -> LiveFiles.named("data", dir.resolve("home")).isEmpty());

    client.fetch(fixture.request().build());
    assertThat(fixture.output()).hasBinaryContent(others);
  }

  @Test
  void soItIsWithARange() {
    fixture
        .source
        .put(URI_A, bytes(10 * PIECE))
        .overwriteAt(URI_A, 3 * PIECE, new byte[10 * PIECE]);
    FetchRequest request = fixture.request().range(ByteRange.of(2 * PIECE, 5 * PIECE)).build();
    assertThatThrownBy(() -> client().fetch(request)).isInstanceOf(SourceChangedException.class);
    assertThat(fixture.output()).doesNotExist();
  }

  @Test
  void theLastQuestionIsAskedAgainUntilItIsAnswered() throws Exception {
    byte[] bytes = bytes(3 * PIECE);
    fixture.source.put(URI_A, bytes).stallAt(URI_A, 2 * PIECE + 1);
    Fetch fetch = client().start(fixture.request().build());
    fixture.source.awaitStalled(URI_A);
    fixture
        .source
        .fail(URI_A, new SourceFailedException("busy", 503, Optional.empty()))
        .resume(URI_A);
    await(() -> fixture.source.probes() >= 2);
    fixture.source.heal(URI_A);
    assertThat(fetch.completion()).succeedsWithin(10, TimeUnit.SECONDS);
    assertThat(fixture.output()).hasBinaryContent(bytes);
    assertThat(fixture.source.bytesRead()).isEqualTo(3 * PIECE);
  }

  @Test
  void aSourceThatNeverAnswersTheLastQuestionIsGivenUp() throws Exception {
    fixture.source.put(URI_A, bytes(3 * PIECE)).stallAt(URI_A, 2 * PIECE + 1);
    DistributionClient client = client();
    Fetch fetch = client.start(fixture.request().build());
    fixture.source.awaitStalled(URI_A);
    fixture
        .source
        .fail(URI_A, new SourceFailedException("busy", 503, Optional.empty()))
        .resume(URI_A);
    assertThat(fetch.completion())
        .failsWithin(30, TimeUnit.SECONDS)
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(SourceFailedException.class);
    assertThat(fixture.output()).doesNotExist();

    fixture.source.heal(URI_A);
    FetchResult later = client.fetch(fixture.request().build());
    assertThat(later.bytesFromStore()).isEqualTo(3 * PIECE);
  }

  @Test
  void aUrlThatWorksOnceIsFetchedAllTheSame() throws Exception {
    byte[] bytes = bytes(3 * PIECE);
    fixture.source.put(URI_A, bytes).stallAt(URI_A, 2 * PIECE + 1);
    Fetch fetch = client().start(fixture.request().build());
    fixture.source.awaitStalled(URI_A);
    fixture.source.fail(URI_A, new AccessRefusedException("expired", 403, List.of())).resume(URI_A);
    assertThat(fetch.completion()).succeedsWithin(10, TimeUnit.SECONDS);
    assertThat(fixture.output()).hasBinaryContent(bytes);
  }

  @Test
  void aFetchIsCancelledAlsoDuringTheLastQuestion() throws Exception {
    fixture.source.put(URI_A, bytes(3 * PIECE)).stallAt(URI_A, 2 * PIECE + 1);
    DistributionClient client = client();
    Fetch fetch = client.start(fixture.request().build());
    fixture.source.awaitStalled(URI_A);
    fixture.source.stallProbes(URI_A).pass(URI_A);
    await(() -> fixture.source.probes() == 1);
    fetch.cancel();
    assertThat(fetch.completion()).failsWithin(10, TimeUnit.SECONDS);
    long before = System.nanoTime();
    client.close();
    assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(5));
    assertThat(fixture.output()).doesNotExist();
  }

  @Test
  void anEmptyContentIsAnEmptyFile() {
    fixture.source.put(URI_A, new byte[0]);
    client().fetch(fixture.request().build());
    assertThat(fixture.output()).isEmptyFile();
  }

  @Test
  void theLengthMayBeUnknown() {
    for (int length : new int[] {0, 1, 1 << 20, (2 << 20) + 17}) {
      byte[] bytes = bytes(length);
      fixture.source.put(URI_A, bytes).withoutLength(URI_A);
      Path output = dir.resolve("out" + length);
      FetchResult result =
          clientAt("home" + length).fetch(FetchRequest.builder(URI_A).output(output).build());
      assertThat(output).hasBinaryContent(bytes);
      assertThat(result.bytesFromSource()).isEqualTo(length);
    }
  }

  private DistributionClient clientAt(String home) {
    return fixture.start(fixture.alone().home(dir.resolve(home)));
  }

  @Test
  void itGoesOnFromTheByteThatWasReached() {
    byte[] bytes = bytes(10 * PIECE);
    fixture.source.put(URI_A, bytes).breakAt(URI_A, 3 * PIECE + 1000);
    Fetch fetch = client().start(fixture.request().build());
    await(() -> fixture.source.opened().size() >= 2);
    fixture.source.heal(URI_A);

    assertThat(fetch.completion()).succeedsWithin(10, TimeUnit.SECONDS);
    assertThat(fixture.output()).hasBinaryContent(bytes);
    assertThat(fixture.source.bytesRead()).isEqualTo(bytes.length);
  }

  /** In fake time, and with nothing but failures to end it. */
  private Fetch startPatiently(Duration patience) {
    return fixture
        .startInFakeTime(fixture.alone().noProgressTimeout(patience).sourceStallTimeout(patience))
        .start(fixture.request().build());
  }

  @Test
  void aSourceThatIsStartedAgainIsWaitedFor() {
    byte[] bytes = bytes(10 * PIECE);
    fixture.source.put(URI_A, bytes).breakAt(URI_A, 3 * PIECE + 1000);
    Fetch fetch = startPatiently(Duration.ofHours(1));
    fixture.advanceUntil(() -> fixture.source.opened().size() >= 8);
    fixture.source.heal(URI_A);
    fixture.advanceUntil(() -> fetch.completion().isDone());

    assertThat(fetch.completion()).succeedsWithin(1, TimeUnit.SECONDS);
    assertThat(fixture.output()).hasBinaryContent(bytes);
  }

  /** As when whoever reads a stream pauses, and the source drops the connection meanwhile. */
  @Test
  void aFailureAfterALongPauseIsTheFirstOfItsKind() throws Exception {
    byte[] bytes = bytes(3 * PIECE);
    fixture.source.put(URI_A, bytes).stallAt(URI_A, PIECE + 5);
    Fetch fetch = startPatiently(Duration.ofHours(1));
    fixture.source.awaitStalled(URI_A);
    fixture.ticker.advance(Duration.ofMinutes(2));
    fixture.source.breakAt(URI_A, PIECE + 5).resume(URI_A);
    fixture.advanceUntil(() -> fixture.source.opened().size() >= 2);
    fixture.source.heal(URI_A);
    fixture.advanceUntil(() -> fetch.completion().isDone());

    assertThat(fetch.completion()).succeedsWithin(1, TimeUnit.SECONDS);
    assertThat(fixture.output()).hasBinaryContent(bytes);
  }

  @Test
  void aSourceThatFailsInTheMiddleForLongIsGivenUpForItsReason() {
    fixture.source.put(URI_A, bytes(10 * PIECE)).breakAt(URI_A, 3 * PIECE + 1000);
    Fetch fetch = startPatiently(Duration.ofMinutes(2));
    fixture.advanceUntil(() -> fetch.completion().isDone());

    assertThat(fetch.completion())
        .failsWithin(1, TimeUnit.SECONDS)
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(SourceFailedException.class);
    assertThat(fixture.source.opened()).hasSizeGreaterThan(8);
  }

  @Test
  void withoutAValidatorWhatWasReadIsReadAgainAndCompared() {
    byte[] bytes = bytes(10 * PIECE);
    fixture.source.put(URI_A, bytes).withoutValidator(URI_A).breakAt(URI_A, 3 * PIECE + 1000);
    Fetch fetch = client().start(fixture.request().build());
    await(() -> fixture.source.opened().size() >= 2);
    fixture.source.heal(URI_A);

    assertThat(fetch.completion()).succeedsWithin(10, TimeUnit.SECONDS);
    assertThat(fixture.output()).hasBinaryContent(bytes);
  }

  @Test
  void aSourceThatNeverGetsFurtherIsGivenUpAfterFiveTries() {
    fixture
        .source
        .put(URI_A, bytes(10 * PIECE))
        .withoutValidator(URI_A)
        .breakAt(URI_A, 3 * PIECE + 1000);
    Fetch fetch = client().start(fixture.request().build());

    assertThat(fetch.completion())
        .failsWithin(30, TimeUnit.SECONDS)
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(SourceFailedException.class);
    assertThat(fixture.source.opened()).hasSize(5);
    assertThat(fixture.output()).doesNotExist();
  }

  @Test
  void anOutputThatIsALinkIsWrittenWhereItLeads() throws Exception {
    byte[] bytes = bytes(2 * PIECE);
    fixture.source.put(URI_A, bytes);
    Path real = Files.writeString(dir.resolve("real"), "old");
    Path link = Files.createSymbolicLink(dir.resolve("link"), real);
    Path dangling = Files.createSymbolicLink(dir.resolve("dangling"), dir.resolve("nothing"));
    DistributionClient client = client();

    client.fetch(fixture.request().output(link).build());

    assertThat(link).isSymbolicLink();
    assertThat(real).hasBinaryContent(bytes);
    assertThatThrownBy(() -> client.fetch(fixture.request().output(dangling).build()))
        .isInstanceOf(OutputException.class);
    assertThat(dangling).isSymbolicLink();
  }

  @Test
  void withoutAValidatorOtherBytesAreAChange() {
    byte[] bytes = bytes(10 * PIECE);
    byte[] others = bytes.clone();
    others[5]++;
    fixture
        .source
        .put(URI_A, bytes)
        .withoutValidator(URI_A)
        .changeAt(URI_A, 3 * PIECE + 1000, others);
    assertThatThrownBy(() -> client().fetch(fixture.request().build()))
        .isInstanceOf(SourceChangedException.class);
    assertThat(fixture.output()).doesNotExist();
  }

  @Test
  void aChangedVersionEndsTheFetch() {
    fixture
        .source
        .put(URI_A, bytes(10 * PIECE))
        .changeAt(URI_A, 3 * PIECE + 1000, bytes(10 * PIECE + 1));
    assertThatThrownBy(() -> client().fetch(fixture.request().build()))
        .isInstanceOf(SourceChangedException.class)
        .hasMessageContaining("is \"version-2\", %d bytes", 10 * PIECE + 1)
        .hasMessageNotContaining("Optional");
    assertThat(fixture.output()).doesNotExist();
  }

  @Test
  void anotherClientOfTheSameHomeGoesOnFromItsPieces() throws Exception {
    byte[] bytes = bytes(10 * PIECE);
    fixture.source.put(URI_A, bytes).stallAt(URI_A, 4 * PIECE + 5);
    try (DistributionClient first = new DistributionClient(fixture.alone().build())) {
      Fetch fetch = first.start(fixture.request().build());
      await(() -> fetch.progress().bytes() == 4 * PIECE);
    }
    fixture.source.resume(URI_A);
    long before = fixture.source.bytesRead();
    FetchResult result = client().fetch(fixture.request().build());

    assertThat(fixture.output()).hasBinaryContent(bytes);
    assertThat(result.bytesFromStore()).isEqualTo(4 * PIECE);
    assertThat(result.bytesFromSource()).isEqualTo(6 * PIECE);
    assertThat(fixture.source.bytesRead() - before).isEqualTo(6 * PIECE);
  }

  @Test
  void aContentThatIsThereIsAskedForButNotReadAgain() {
    fixture.source.put(URI_A, bytes(3 * PIECE));
    DistributionClient client = client();
    client.fetch(fixture.request().build());
    FetchResult result = client.fetch(fixture.request().build());

    assertThat(result.bytesFromStore()).isEqualTo(3 * PIECE);
    assertThat(fixture.source.probes()).isEqualTo(2);
    assertThat(fixture.source.bytesRead()).isEqualTo(3 * PIECE);
  }

  @Test
  void aNewVersionReplacesTheOldOneInTheStore() {
    fixture.source.put(URI_A, bytes(3 * PIECE));
    DistributionClient client = client();
    client.fetch(fixture.request().build());
    byte[] changed = bytes(3 * PIECE + 1);
    fixture.source.put(URI_A, changed);
    client.fetch(fixture.request().build());

    assertThat(fixture.output()).hasBinaryContent(changed);
    await(() -> LiveFiles.named("data", dir.resolve("home")).size() == 1);
  }

  @Test
  void aRangeIsAllThatIsRead() {
    byte[] bytes = bytes(10 * PIECE);
    fixture.source.put(URI_A, bytes);
    FetchResult result =
        client().fetch(fixture.request().range(ByteRange.of(PIECE + 1, 3 * PIECE)).build());

    assertThat(fixture.output()).hasBinaryContent(Arrays.copyOfRange(bytes, PIECE + 1, 3 * PIECE));
    assertThat(result.length()).isEqualTo(2 * PIECE - 1);
    assertThat(fixture.source.rangesRead()).containsExactly(ByteRange.of(PIECE, 3 * PIECE));
  }

  @Test
  void theOutputHasTheModeThatWasAskedFor() throws Exception {
    assumeThat(dir.getFileSystem().supportedFileAttributeViews()).contains("posix");
    Set<PosixFilePermission> mode = PosixFilePermissions.fromString("rwxrwx--x");
    fixture.source.put(URI_A, bytes(3 * PIECE));
    DistributionClient client = client();
    for (Optional<ByteRange> range :
        List.of(Optional.<ByteRange>empty(), Optional.of(ByteRange.of(1, PIECE)))) {
      FetchRequest.Builder request = fixture.request().outputMode(mode);
      range.ifPresent(request::range);
      client.fetch(request.build());
      assertThat(Files.getPosixFilePermissions(fixture.output())).isEqualTo(mode);
    }
    assertThatThrownBy(() -> FetchRequest.builder(URI_A).outputMode(mode).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("outputMode");
  }

  @Test
  void theDigestThatWasAskedForIsChecked() {
    byte[] bytes = bytes(3 * PIECE);
    fixture.source.put(URI_A, bytes);
    FetchResult result =
        client().fetch(fixture.request().digest(sha256(bytes)).verifyFile(true).build());
    assertThat(result.digest()).contains(sha256(bytes));
  }

  @Test
  void otherBytesThanThoseAskedForAreNotDelivered() throws Exception {
    fixture.source.put(URI_A, bytes(3 * PIECE));
    DistributionClient client = client();
    assertThatThrownBy(() -> client.fetch(fixture.request().digest(sha256(new byte[0])).build()))
        .isInstanceOf(DigestMismatchException.class)
        .hasMessageContaining(sha256(new byte[0]).toString());
    assertThat(fixture.output()).doesNotExist();
    await(() -> LiveFiles.named("data", dir.resolve("home")).isEmpty());
  }

  @Test
  void aDigestIsCheckedAlsoOverPiecesOfAnEarlierProcess() {
    byte[] bytes = bytes(6 * PIECE);
    fixture.source.put(URI_A, bytes).stallAt(URI_A, 4 * PIECE + 5);
    FetchRequest request = fixture.request().digest(sha256(bytes)).build();
    try (DistributionClient first = new DistributionClient(fixture.alone().build())) {
      Fetch fetch = first.start(request);
      await(() -> fetch.progress().bytes() == 4 * PIECE);
    }
    fixture.source.resume(URI_A);
    assertThat(client().fetch(request).digest()).contains(sha256(bytes));
  }

  @Test
  void refusalsAreTyped() {
    DistributionClient client = client();
    assertThatThrownBy(() -> client.fetch(fixture.request().build()))
        .isInstanceOf(ContentNotFoundException.class);
    fixture.source.put(URI_A, bytes(10)).allow(URI_A, "Basic x");
    assertThatThrownBy(() -> client.fetch(fixture.request().build()))
        .isInstanceOf(AccessRefusedException.class);
  }

  @Test
  void aSourceThatFailsIsTriedAgainButNotForEver() {
    fixture
        .source
        .put(URI_A, bytes(10))
        .fail(URI_A, new SourceFailedException("500", 500, Optional.empty()));
    DistributionClient client = fixture.startInFakeTime(fixture.alone());
    Fetch fetch = client.start(fixture.request().build());
    fixture.advanceUntil(() -> fetch.completion().isDone());

    assertThat(fetch.completion())
        .failsWithin(1, TimeUnit.SECONDS)
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(SourceFailedException.class);
    assertThat(fixture.source.opened()).hasSize(4);
  }

  @Test
  void whatMakesNoSenseToTryAgainIsNotTried() {
    fixture
        .source
        .put(URI_A, bytes(10))
        .fail(URI_A, new SourceFailedException("400", 400, Optional.empty()));
    assertThatThrownBy(() -> client().fetch(fixture.request().build()))
        .isInstanceOf(SourceFailedException.class);
    assertThat(fixture.source.opened()).hasSize(1);
  }

  @Test
  void aSourceThatWantsToBeLeftAloneForLongIsGivenUp() {
    fixture
        .source
        .put(URI_A, bytes(10))
        .fail(URI_A, new SourceFailedException("503", 503, Optional.of(Duration.ofHours(1))));
    assertThatThrownBy(() -> client().fetch(fixture.request().build()))
        .isInstanceOf(SourceFailedException.class);
    assertThat(fixture.source.opened()).hasSize(1);
  }

  @Test
  void aSourceThatFallsSilentEndsTheFetch() throws Exception {
    fixture.source.put(URI_A, bytes(3 * PIECE)).stallAt(URI_A, PIECE + 5);
    DistributionClient client =
        fixture.startInFakeTime(fixture.alone().sourceStallTimeout(Duration.ofHours(1)));
    Fetch fetch = client.start(fixture.request().build());
    fixture.source.awaitStalled(URI_A);
    fixture.advanceUntil(() -> fetch.completion().isDone());
    assertThat(fetch.completion())
        .failsWithin(1, TimeUnit.SECONDS)
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(NoProgressException.class)
        .withMessageContaining("came for 60 s from the source. Try again later");
    await(() -> fixture.source.openStreams() == 0);
  }

  @Test
  void twoFetchesOfOneContentShareOneDownload() throws Exception {
    byte[] bytes = bytes(6 * PIECE);
    fixture.source.put(URI_A, bytes).stallAt(URI_A, 3 * PIECE);
    DistributionClient client = client();
    Fetch first = client.start(fixture.request().build());
    fixture.source.awaitStalled(URI_A);
    Path other = dir.resolve("other");
    Fetch second = client.start(fixture.request().output(other).build());
    await(() -> second.progress().bytes() == 3 * PIECE);
    first.cancel();
    fixture.source.resume(URI_A);

    assertThat(second.completion()).succeedsWithin(10, TimeUnit.SECONDS);
    assertThat(other).hasBinaryContent(bytes);
    assertThat(first.completion()).isCompletedExceptionally();
    assertThat(fixture.output()).doesNotExist();
    assertThat(fixture.source.bytesRead()).isEqualTo(bytes.length);
  }

  @Test
  void whoHasOtherCredentialsIsAskedForThem() throws Exception {
    byte[] bytes = bytes(6 * PIECE);
    fixture
        .source
        .put(URI_A, bytes)
        .allow(URI_A, "Basic a")
        .allow(URI_A, "Basic b")
        .stallAt(URI_A, 3 * PIECE);
    DistributionClient client = client();
    Fetch a = client.start(fixture.request().header("Authorization", "Basic a").build());
    fixture.source.awaitStalled(URI_A);
    Path others = dir.resolve("others");
    Fetch b =
        client.start(fixture.request().header("Authorization", "Basic b").output(others).build());
    assertThatThrownBy(
            () ->
                client.fetch(
                    fixture
                        .request()
                        .header("Authorization", "Basic c")
                        .output(dir.resolve("c"))
                        .build()))
        .isInstanceOf(AccessRefusedException.class);
    await(() -> b.progress().bytes() == 3 * PIECE);
    fixture.source.resume(URI_A);

    assertThat(a.completion()).succeedsWithin(10, TimeUnit.SECONDS);
    assertThat(b.completion()).succeedsWithin(10, TimeUnit.SECONDS);
    assertThat(fixture.source.bytesRead()).isEqualTo(bytes.length);
  }

  @Test
  void anOutputInAFileIsToldWhy() throws Exception {
    fixture.source.put(URI_A, bytes(10));
    Path file = Files.writeString(fixture.output().resolveSibling("file"), "x");
    DistributionClient client = client();
    assertThatThrownBy(() -> client.fetch(URI_A.toString(), file.resolve("out")))
        .isInstanceOf(OutputException.class)
        .hasMessageContaining(file + " of the output is no directory");
    assertThatThrownBy(() -> client.fetch(URI_A.toString(), file.resolveSibling("none/out")))
        .hasMessageContaining("none of the output does not exist");
  }

  @Test
  void anUnknownSchemeIsExplained() {
    DistributionClient client = client();
    assertThatThrownBy(() -> client.fetch("gopher://host/file", fixture.output()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("gopher")
        .hasMessageContaining("https");
  }

  @Test
  void whoEditsHisFileSpoilsNobodyElses() throws Exception {
    byte[] bytes = bytes(5 * PIECE);
    fixture.source.put(URI_A, bytes);
    DistributionClient client = client();
    client.fetch(fixture.request().build());
    try (RandomAccessFile file = new RandomAccessFile(fixture.output().toFile(), "rw")) {
      file.seek(3 * PIECE + 5);
      file.write(bytes[3 * PIECE + 5] + 1);
    }
    Path other = dir.resolve("other");
    FetchResult result = client.fetch(fixture.request().output(other).build());

    assertThat(other).hasBinaryContent(bytes);
    assertThat(result.length()).isEqualTo(bytes.length);
  }

  @Test
  void aTimeLimitBeforeTheSourceAnswersEndsTheFetch() throws Exception {
    fixture.source.put(URI_A, bytes(10)).stallProbes(URI_A);
    DistributionClient client = fixture.startInFakeTime(fixture.alone());
    Fetch fetch = client.start(fixture.request().timeout(Duration.ofSeconds(3)).build());
    fixture.source.awaitStalled(URI_A);
    fixture.advanceUntil(() -> fetch.completion().isDone());
    assertThat(fetch.completion())
        .failsWithin(1, TimeUnit.SECONDS)
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(TimeLimitException.class);
  }
}

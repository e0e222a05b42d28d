package io.dragonfly;

import static io.dragonfly.ClientFixture.PIECE;
import static io.dragonfly.ClientFixture.URI_A;
import static io.dragonfly.ClientFixture.await;
import static io.dragonfly.ClientFixture.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.error.ContentNotFoundException;
import io.dragonfly.error.DigestMismatchException;
import io.dragonfly.error.FetchCancelledException;
import io.dragonfly.error.SourceChangedException;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.fetch.FetchStream;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Digest;
import io.dragonfly.testkit.FakePublication;
import io.dragonfly.testkit.FakeSupernode;
import io.dragonfly.testkit.LeakCheck;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(LeakCheck.class)
class StreamTest {
  private static final FetchRequest REQUEST = FetchRequest.builder(URI_A).build();

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

  @Test
  void bytesAreReadWhileTheRestIsMissing() throws Exception {
    byte[] bytes = bytes(6 * PIECE + 3);
    FakePublication publication = FakePublication.of(bytes).knowing(2);
    FakeSupernode supernode = fixture.supernode();
    supernode.put(ContentRequest.of(URI_A), publication);
    try (InputStream in = fixture.start(fixture.of(supernode)).open(REQUEST)) {
      assertThat(in.readNBytes(2 * PIECE)).isEqualTo(Arrays.copyOf(bytes, 2 * PIECE));
      publication.know(7);
      supernode.tellNews();
      assertThat(in.readAllBytes()).isEqualTo(Arrays.copyOfRange(bytes, 2 * PIECE, bytes.length));
      assertThat(in.read()).isEqualTo(-1);
    }
  }

  @Test
  void aStreamTellsWhatItsFetchCameTo() throws Exception {
    byte[] bytes = bytes(2 * PIECE + 3);
    FakeSupernode supernode = fixture.supernode();
    supernode.put(URI_A, bytes);
    try (FetchStream in = fixture.start(fixture.of(supernode)).stream(REQUEST)) {
      assertThat(in.readAllBytes()).isEqualTo(bytes);
      FetchResult result = in.fetch().completion().get(10, TimeUnit.SECONDS);
      assertThat(result.bytesFromSupernode()).isEqualTo(bytes.length);
      assertThat(in.fetch().task()).contains(result.task());
    }
  }

  @Test
  void aStreamThatNobodyReadsHoldsLittle() throws Exception {
    byte[] bytes = bytes(8 * PIECE);
    FakeSupernode supernode = fixture.supernode();
    supernode.put(URI_A, bytes);
    try (FetchStream in = fixture.start(fixture.of(supernode)).stream(REQUEST)) {
      in.fetch().completion().get(10, TimeUnit.SECONDS);
      await(() -> waiting(in) == 32 << 10);

      assertThat(in.readNBytes(bytes.length / 2 - 1))
          .isEqualTo(Arrays.copyOf(bytes, 4 * PIECE - 1));
      await(() -> waiting(in) > 1); // beside the last byte of the one that is being read
      assertThat(waiting(in)).isLessThanOrEqualTo(128 << 10);
      ByteArrayOutputStream rest = new ByteArrayOutputStream();
      assertThat(in.transferTo(rest)).isEqualTo(4 * PIECE + 1);
      assertThat(rest.toByteArray())
          .isEqualTo(Arrays.copyOfRange(bytes, 4 * PIECE - 1, bytes.length));
    }
  }

  private static int waiting(InputStream in) {
    try {
      return in.available();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aRangeTellsTheLengthOfTheWhole() throws Exception {
    byte[] bytes = bytes(2 * PIECE + 3);
    FakeSupernode supernode = fixture.supernode();
    supernode.put(URI_A, bytes);
    FetchRequest some = FetchRequest.builder(URI_A).range(ByteRange.from(5)).build();
    try (FetchStream in = fixture.start(fixture.of(supernode)).stream(some)) {
      assertThat(in.read()).isEqualTo(bytes[5] & 0xff);
      assertThat(in.fetch().contentLength()).hasValue(bytes.length);
      assertThat(in.fetch().progress().length()).hasValue(bytes.length - 5L);
    }
  }

  @Test
  void aStreamOfWhatCannotBeFoundFailsItsReader() throws Exception {
    try (FetchStream in = fixture.start(fixture.of(fixture.supernode())).stream(REQUEST)) {
      assertThatThrownBy(in::read)
          .isInstanceOf(IOException.class)
          .hasCauseInstanceOf(ContentNotFoundException.class);
      assertThat(in.fetch().task()).isEmpty();
    }
  }

  @Test
  void aStreamWantsAWindowOfPieces() throws Exception {
    byte[] bytes = bytes(300 * PIECE);
    FakeSupernode supernode = fixture.supernode();
    supernode.put(URI_A, bytes);
    try (InputStream in = fixture.start(fixture.of(supernode)).open(REQUEST)) {
      int window = (32 << 20) / PIECE;
      await(() -> fixture.network.takes().size() >= window);
      supernode.awaitPoll(
          poll -> poll.reports().stream().anyMatch(r -> r.wanted().end() <= window + window / 8));
      assertThat(fixture.network.takes()).hasSizeLessThanOrEqualTo(window + window / 8);
      assertThat(in.readAllBytes()).isEqualTo(bytes);
    }
  }

  @Test
  void theSourceIsReadNoFurtherThanTheWindow() throws Exception {
    byte[] bytes = bytes(300 * PIECE);
    fixture.source.put(URI_A, bytes);
    try (InputStream in = fixture.start(fixture.alone()).open(REQUEST)) {
      await(() -> fixture.source.bytesRead() >= 36 << 20);
      assertThat(fixture.source.bytesRead()).isLessThan(37 << 20);
      assertThat(in.readAllBytes()).isEqualTo(bytes);
    }
    assertThat(fixture.source.rangesRead()).containsExactly(ByteRange.of(0, bytes.length));
  }

  @Test
  void aRangeIsAStreamToo() throws Exception {
    byte[] bytes = bytes(6 * PIECE);
    fixture.source.put(URI_A, bytes);
    FetchRequest request =
        FetchRequest.builder(URI_A).range(ByteRange.of(PIECE - 1, 3 * PIECE + 1)).build();
    try (InputStream in = fixture.start(fixture.alone()).open(request)) {
      assertThat(in.readAllBytes()).isEqualTo(Arrays.copyOfRange(bytes, PIECE - 1, 3 * PIECE + 1));
    }
  }

  @Test
  void aContentOfUnknownLengthIsReadToItsEnd() throws Exception {
    for (int length : new int[] {0, 1 << 20, (2 << 20) + 5}) {
      byte[] bytes = bytes(length);
      fixture.source.put(URI_A, bytes).withoutLength(URI_A);
      try (DistributionClient client = new DistributionClient(fixture.alone().build());
          InputStream in = client.open(REQUEST)) {
        assertThat(in.readAllBytes()).isEqualTo(bytes);
      }
    }
  }

  @Test
  void whatCannotBeFoundFailsBeforeThereIsAStream() {
    DistributionClient client = fixture.start(fixture.alone());
    assertThatThrownBy(() -> client.open(REQUEST)).isInstanceOf(ContentNotFoundException.class);
  }

  @Test
  void anExceptionOfTheStreamHasTheTypedOneAsItsCause() throws Exception {
    fixture.source.put(URI_A, bytes(6 * PIECE)).changeAt(URI_A, 3 * PIECE, bytes(5));
    try (InputStream in = fixture.start(fixture.alone()).open(REQUEST)) {
      assertThatThrownBy(in::readAllBytes)
          .isInstanceOf(IOException.class)
          .hasCauseInstanceOf(SourceChangedException.class);
    }
  }

  static List<Optional<ByteRange>> all() {
    return List.of(
        Optional.empty(),
        Optional.of(ByteRange.of(0, 6 * PIECE)),
        Optional.of(ByteRange.of(0, 6 * PIECE + 1)),
        Optional.of(ByteRange.from(0)));
  }

  /** Of all of it: whether that was asked for as such, or as a range. */
  @ParameterizedTest
  @MethodSource("all")
  void theLastPieceOfAWrongContentNeverReachesTheReader(Optional<ByteRange> range)
      throws Exception {
    byte[] bytes = bytes(6 * PIECE);
    fixture.source.put(URI_A, bytes);
    FetchRequest.Builder request = FetchRequest.builder(URI_A).digest(Digest.sha256(new byte[32]));
    range.ifPresent(request::range);
    try (InputStream in = fixture.start(fixture.alone()).open(request.build())) {
      AtomicLong read = new AtomicLong();
      assertThatThrownBy(
              () -> {
                while (in.read() >= 0) {
                  read.incrementAndGet();
                }
              })
          .isInstanceOf(IOException.class)
          .hasCauseInstanceOf(DigestMismatchException.class);
      assertThat(read.get()).isLessThanOrEqualTo(5 * PIECE);
    }
  }

  @Test
  void theEndOfAContentThatWasOverwrittenNeverReachesTheReader() throws Exception {
    for (boolean tellsLength : new boolean[] {true, false}) {
      int piece = tellsLength ? PIECE : 1 << 20;
      fixture.source.put(URI_A, bytes(4 * piece)).overwriteAt(URI_A, piece, new byte[4 * piece]);
      if (!tellsLength) {
        fixture.source.withoutLength(URI_A);
      }
      AtomicLong read = new AtomicLong();
      try (DistributionClient client = new DistributionClient(fixture.alone().build());
          InputStream in = client.open(REQUEST)) {
        assertThatThrownBy(
                () -> {
                  while (in.read() >= 0) {
                    read.incrementAndGet();
                  }
                })
            .isInstanceOf(IOException.class)
            .hasCauseInstanceOf(SourceChangedException.class);
      }
      assertThat(read.get()).isLessThanOrEqualTo(3L * piece);
    }
  }

  @Test
  void aContentWithoutLengthIsReadWhileItComes() throws Exception {
    int piece = 1 << 20;
    byte[] bytes = bytes(4 * piece);
    fixture.source.put(URI_A, bytes).withoutLength(URI_A).stallAt(URI_A, 3 * piece);
    try (InputStream in = fixture.start(fixture.alone()).open(REQUEST)) {
      assertThat(in.readNBytes(2 * piece)).isEqualTo(Arrays.copyOf(bytes, 2 * piece));
      fixture.source.resume(URI_A);
      assertThat(in.readAllBytes()).isEqualTo(Arrays.copyOfRange(bytes, 2 * piece, bytes.length));
    }
  }

  @Test
  void closingTheStreamEndsTheFetch() throws Exception {
    fixture.source.put(URI_A, bytes(6 * PIECE)).stallAt(URI_A, 3 * PIECE);
    DistributionClient client = fixture.start(fixture.alone());
    InputStream in = client.open(REQUEST);
    fixture.source.awaitStalled(URI_A);
    in.close();
    in.close();
    assertThatThrownBy(in::read).isInstanceOf(IOException.class);
    await(() -> fixture.events.seen().contains("failed"));
    await(() -> fixture.source.openStreams() == 0);
  }

  @Test
  void closingTheClientEndsTheStream() throws Exception {
    fixture.source.put(URI_A, bytes(6 * PIECE)).stallAt(URI_A, 3 * PIECE);
    DistributionClient client = fixture.start(fixture.alone());
    InputStream in = client.open(REQUEST);
    client.close();
    assertThatThrownBy(in::readAllBytes)
        .isInstanceOf(IOException.class)
        .hasCauseInstanceOf(FetchCancelledException.class);
  }

  @Test
  void anInterruptEndsTheWaitAndStays() throws Exception {
    fixture.source.put(URI_A, bytes(6 * PIECE)).stallAt(URI_A, 0);
    try (InputStream in = fixture.start(fixture.alone()).open(REQUEST)) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(in::read)
          .isInstanceOf(InterruptedIOException.class)
          .hasCauseInstanceOf(FetchCancelledException.class);
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @Test
  void aReaderMayTakeItsTime() throws Exception {
    byte[] bytes = bytes(400 * PIECE);
    FakePublication publication = FakePublication.of(bytes);
    FakeSupernode supernode = fixture.supernode();
    supernode.put(ContentRequest.of(URI_A), publication);
    DistributionClient client = fixture.startInFakeTime(fixture.of(supernode));
    CompletableFuture<InputStream> opened =
        CompletableFuture.supplyAsync(() -> client.open(REQUEST));
    fixture.advanceUntil(opened::isDone);
    try (InputStream in = opened.get()) {
      fixture.advanceUntil(
          () -> fixture.events.seen().stream().filter(e -> e.startsWith("taken")).count() == 288);
      for (int i = 0; i < 19; i++) {
        fixture.ticker.advance(Duration.ofSeconds(30));
      }
      supernode.assigningNothing();
      // Now there is something to wait for, but only from now on.
      assertThat(in.readNBytes(100 * PIECE)).isEqualTo(Arrays.copyOf(bytes, 100 * PIECE));
      for (int second = 0; second < 50; second++) {
        fixture.ticker.advance(Duration.ofSeconds(1));
      }
      assertThat(fixture.events.seen()).doesNotContain("failed");
      fixture.advanceUntil(() -> fixture.events.seen().contains("failed"));
    }
  }
}

package io.dragonfly.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.ContentNotFoundException;
import io.dragonfly.error.SourceChangedException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.spi.Requester;
import io.dragonfly.spi.Source;
import io.dragonfly.spi.SourceContent;
import io.dragonfly.spi.SourceRequest;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Headers;
import io.dragonfly.task.SourceVersion;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What every {@link Source} promises. Extend it, return yours from {@link #create}, and publish
 * contents where yours reads them.
 *
 * <p>The methods that return an Optional publish contents that misbehave. Where there is no such
 * thing for the kind of source, leave them empty: the tests that need them are skipped.
 */
public abstract class SourceContract {
  private static final String SECRET = "Basic dXNlcjpzZWNyZXQ=";
  private static final int CUT = 40_000;

  private final byte[] bytes = random(100_000);
  private Source source;

  /** Returns the source that is tested, a new one each time. It is closed here. */
  protected abstract Source create() throws Exception;

  /** Makes the bytes readable under a URI of its own, which is returned. */
  protected abstract URI publish(byte[] content) throws Exception;

  /** Makes other bytes readable under a URI that was published: a new version. */
  protected abstract void replace(URI uri, byte[] content) throws Exception;

  /** Returns a URI where nothing can be read. */
  protected abstract URI missing() throws Exception;

  /** Publishes for requests with this Authorization header alone. */
  protected Optional<URI> publishFor(String authorization, byte[] content) throws Exception {
    return Optional.empty();
  }

  /** Publishes a content that ends after {@code end} bytes although all are announced. */
  protected Optional<URI> publishCut(byte[] content, int end) throws Exception {
    return Optional.empty();
  }

  /** Publishes a content of which only the first {@code announced} bytes are announced. */
  protected Optional<URI> publishLonger(byte[] content, int announced) throws Exception {
    return Optional.empty();
  }

  /** Publishes a content that brings {@code end} bytes and then nothing, without an end. */
  protected Optional<URI> publishSilent(byte[] content, int end) throws Exception {
    return Optional.empty();
  }

  /** Returns a URI whose questions are never answered. */
  protected Optional<URI> mute() throws Exception {
    return Optional.empty();
  }

  /** Returns a URI that cannot be reached. */
  protected Optional<URI> unreachable() throws Exception {
    return Optional.empty();
  }

  /** How long the tests wait for what should happen at once. */
  protected Duration patience() {
    return Duration.ofSeconds(10);
  }

  @BeforeEach
  void createSource() throws Exception {
    source = create();
  }

  @AfterEach
  void closeSource() {
    source.close();
  }

  @Test
  void readsTheWholeContent() throws Exception {
    try (SourceContent content = source.open(request(publish(bytes)))) {
      content.version().length().ifPresent(l -> assertThat(l).isEqualTo(bytes.length));
      assertThat(content.stream().readAllBytes()).isEqualTo(bytes);
    }
  }

  @Test
  void readsTheRangeThatIsAskedFor() throws Exception {
    SourceRequest request = request(publish(bytes));
    SourceVersion version = source.ask(request);
    for (ByteRange range :
        List.of(
            ByteRange.of(0, 1),
            ByteRange.of(1000, 70_000),
            ByteRange.of(99_999, 100_000),
            ByteRange.of(0, 100_000))) {
      try (InputStream in = source.open(request, version, range)) {
        assertThat(in.readAllBytes()).isEqualTo(part(range));
      }
    }
  }

  @Test
  void readsToTheEndIfTheLengthIsUnknown() throws Exception {
    SourceRequest request = request(publish(bytes));
    SourceVersion version =
        new SourceVersion(source.ask(request).validator(), OptionalLong.empty());
    for (ByteRange range : List.of(ByteRange.of(99_000, 1 << 20), ByteRange.from(99_000))) {
      try (InputStream in = source.open(request, version, range)) {
        assertThat(in.readAllBytes()).isEqualTo(part(ByteRange.of(99_000, 100_000)));
      }
    }
  }

  @Test
  void readsAnEmptyContent() throws Exception {
    SourceRequest request = request(publish(new byte[0]));
    source.ask(request).length().ifPresent(l -> assertThat(l).isZero());
    try (SourceContent content = source.open(request)) {
      assertThat(content.stream().read()).isEqualTo(-1);
    }
  }

  @Test
  void namesTheSameVersionWhenAskedAndWhenOpened() throws Exception {
    SourceRequest request = request(publish(bytes));
    SourceVersion asked = source.ask(request);
    try (SourceContent content = source.open(request)) {
      assertThat(content.version()).isEqualTo(asked);
    }
    assertThat(source.ask(request)).isEqualTo(asked);
  }

  @Test
  void refusesARangeOfAVersionThatIsGone() throws Exception {
    URI uri = publish(bytes);
    SourceVersion old = source.ask(request(uri));
    replace(uri, random(90_000));
    assertThatThrownBy(() -> readRange(request(uri), old, ByteRange.of(10, 20)))
        .isInstanceOf(SourceChangedException.class);
    assertThat(source.ask(request(uri))).isNotEqualTo(old);
  }

  @Test
  void saysThatThereIsNothing() throws Exception {
    SourceRequest request = request(missing());
    assertThatThrownBy(() -> source.ask(request)).isInstanceOf(ContentNotFoundException.class);
    assertThatThrownBy(() -> source.open(request)).isInstanceOf(ContentNotFoundException.class);
    assertThatThrownBy(() -> readRange(request, SourceVersion.UNKNOWN, ByteRange.of(0, 1)))
        .isInstanceOf(ContentNotFoundException.class);
  }

  @Test
  void refusesWhoHasNoAccess() throws Exception {
    URI uri = need(publishFor(SECRET, bytes));
    SourceRequest stranger = request(uri);
    SourceRequest friend =
        request(
            ContentRequest.of(uri).withHeaders(Headers.NONE.with("Authorization", SECRET)),
            Duration.ofMinutes(1));

    SourceVersion version = source.ask(friend);
    readRange(friend, version, ByteRange.of(0, 10));
    assertThatThrownBy(() -> source.ask(stranger)).isInstanceOf(AccessRefusedException.class);
    assertThatThrownBy(() -> source.open(stranger)).isInstanceOf(AccessRefusedException.class);
    assertThatThrownBy(() -> readRange(stranger, version, ByteRange.of(0, 10)))
        .isInstanceOf(AccessRefusedException.class);
  }

  @Test
  void saysThatItCannotBeReached() throws Exception {
    SourceRequest request = request(need(unreachable()));
    assertThatThrownBy(() -> source.ask(request)).isInstanceOf(SourceFailedException.class);
    assertThatThrownBy(() -> source.open(request)).isInstanceOf(SourceFailedException.class);
  }

  @Test
  void failsIfTheContentEndsEarly() throws Exception {
    SourceRequest request = request(need(publishCut(bytes, CUT)));
    assertThatThrownBy(() -> readWhole(request)).isInstanceOf(IOException.class);
  }

  @Test
  void failsIfTheContentIsLongerThanAnnounced() throws Exception {
    SourceRequest request = request(need(publishLonger(bytes, CUT)));
    assertThatThrownBy(() -> readWhole(request)).isInstanceOf(IOException.class);
  }

  @Test
  void failsIfTheContentFallsSilent() throws Exception {
    ContentRequest content = ContentRequest.of(need(publishSilent(bytes, CUT)));
    SourceRequest request = request(content, Duration.ofMillis(300));
    assertThat(failureOf(() -> readWhole(request))).isInstanceOf(IOException.class);
  }

  @Test
  void failsIfNobodyAnswers() throws Exception {
    SourceRequest request = request(ContentRequest.of(need(mute())), Duration.ofMillis(300));
    assertThat(failureOf(() -> source.ask(request)))
        .isInstanceOfAny(SourceFailedException.class, IOException.class);
  }

  @Test
  void aCloseEndsABlockedRead() throws Exception {
    InputStream in = source.open(request(need(publishSilent(bytes, CUT)))).stream();
    CountDownLatch silent = new CountDownLatch(1);
    CompletableFuture<Throwable> failure = failureSoon(() -> readInto(in, silent));
    assertThat(silent.await(patience().toMillis(), TimeUnit.MILLISECONDS)).isTrue();
    in.close();
    assertThat(failure).succeedsWithin(patience()).isInstanceOf(IOException.class);
  }

  @Test
  void anInterruptEndsAQuestion() throws Exception {
    SourceRequest request = request(need(mute()));
    CompletableFuture<Throwable> failure = new CompletableFuture<>();
    Thread asker = start(() -> source.ask(request), failure);
    asker.interrupt();
    assertThat(failure).succeedsWithin(patience()).isNotNull();
  }

  @Test
  void closingTheSourceEndsAllThatIsOpen() throws Exception {
    SourceRequest request = request(need(publishSilent(bytes, CUT)));
    InputStream in = source.open(request).stream();
    CountDownLatch silent = new CountDownLatch(1);
    CompletableFuture<Throwable> failure = failureSoon(() -> readInto(in, silent));
    assertThat(silent.await(patience().toMillis(), TimeUnit.MILLISECONDS)).isTrue();
    source.close();
    source.close();
    assertThat(failure).succeedsWithin(patience()).isInstanceOf(IOException.class);
    assertThat(failureOf(() -> source.ask(request))).isNotNull();
  }

  @Test
  void servesManyReadersAtOnce() throws Exception {
    SourceRequest request = request(publish(bytes));
    SourceVersion version = source.ask(request);
    List<InputStream> streams = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      streams.add(source.open(request, version, ByteRange.of(i, bytes.length - i)));
    }
    List<CompletableFuture<byte[]>> read = new ArrayList<>();
    for (InputStream in : streams) {
      CompletableFuture<byte[]> all = new CompletableFuture<>();
      start(() -> all.complete(in.readAllBytes()), new CompletableFuture<>());
      read.add(all);
    }
    for (int i = 0; i < 8; i++) {
      assertThat(read.get(i))
          .succeedsWithin(patience())
          .isEqualTo(part(ByteRange.of(i, bytes.length - i)));
      streams.get(i).close();
    }
  }

  private interface Action {
    Object run() throws Exception;
  }

  private Object readWhole(SourceRequest request) throws IOException {
    try (InputStream in = source.open(request).stream()) {
      return in.readAllBytes();
    }
  }

  private Object readRange(SourceRequest request, SourceVersion version, ByteRange range)
      throws IOException {
    try (InputStream in = source.open(request, version, range)) {
      return in.readAllBytes();
    }
  }

  /** Reads what comes before the silence, says so, and goes on reading. */
  private static Object readInto(InputStream in, CountDownLatch silent) throws IOException {
    in.readNBytes(CUT);
    silent.countDown();
    return in.read();
  }

  private Throwable failureOf(Action action) throws Exception {
    return failureSoon(action).get(patience().toMillis(), TimeUnit.MILLISECONDS);
  }

  private static CompletableFuture<Throwable> failureSoon(Action action) {
    CompletableFuture<Throwable> failure = new CompletableFuture<>();
    start(action, failure);
    return failure;
  }

  /** A thread of its own, so that a source that blocks for ever fails a test and stops none. */
  private static Thread start(Action action, CompletableFuture<Throwable> failure) {
    Thread thread =
        new Thread(
            () -> {
              try {
                action.run();
                failure.complete(null);
              } catch (Throwable t) {
                failure.complete(t);
              }
            },
            "source-contract");
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private static URI need(Optional<URI> uri) {
    Assumptions.assumeTrue(uri.isPresent(), "there is no such content for this source");
    return uri.orElseThrow();
  }

  private static SourceRequest request(URI uri) {
    return request(ContentRequest.of(uri), Duration.ofMinutes(1));
  }

  private static SourceRequest request(ContentRequest content, Duration stallTimeout) {
    return new SourceRequest(content, stallTimeout, Requester.THIS_PROCESS);
  }

  private byte[] part(ByteRange range) {
    return Arrays.copyOfRange(bytes, (int) range.start(), (int) range.end());
  }

  private static byte[] random(int length) {
    byte[] content = new byte[length];
    new Random(length).nextBytes(content);
    return content;
  }
}

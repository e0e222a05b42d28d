package io.dragonfly.testkit;

import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.ContentNotFoundException;
import io.dragonfly.error.SourceChangedException;
import io.dragonfly.spi.Source;
import io.dragonfly.spi.SourceContent;
import io.dragonfly.spi.SourceRequest;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.SourceVersion;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Source} in memory that does what a test tells it: change, stall, fail, refuse. It writes
 * down what it was asked and what was read. Safe for concurrent use; what the test changes takes
 * effect on streams that are open already.
 *
 * <p>Each {@link #put} is a new version with a strong validator of its own and a known length,
 * unless {@link #withoutValidator} or {@link #withoutLength} say otherwise.
 */
public final class FakeSource implements Source {
  private final Map<URI, FakeContent> contents = new HashMap<>();
  private final List<SourceRequest> probes = new CopyOnWriteArrayList<>();
  private final List<SourceRequest> opened = new CopyOnWriteArrayList<>();
  private final List<FakeSourceStream> streams = new CopyOnWriteArrayList<>();
  private volatile boolean closed;

  /** Publishes bytes, or replaces those that are published: a new version. */
  public FakeSource put(URI uri, byte[] bytes) {
    at(uri).replace(bytes);
    return this;
  }

  /** Takes the content away: it is not found any more. */
  public synchronized FakeSource remove(URI uri) {
    contents.remove(uri);
    return this;
  }

  /** From now on the content has no validator, so that its versions cannot be told apart. */
  public FakeSource withoutValidator(URI uri) {
    at(uri).withoutValidator();
    return this;
  }

  /** From now on the content's validator is a weak one: no more than a hint. */
  public FakeSource withWeakValidator(URI uri) {
    at(uri).withWeakValidator();
    return this;
  }

  /** From now on the source does not tell the content's length, as with chunked answers. */
  public FakeSource withoutLength(URI uri) {
    at(uri).withoutLength();
    return this;
  }

  /**
   * From now on the source announces this length, whatever comes: streams fail where the bytes end
   * too early or go on.
   */
  public FakeSource announce(URI uri, long length) {
    at(uri).announce(length);
    return this;
  }

  /** From now on only requests with an allowed Authorization header get the content: this one. */
  public FakeSource allow(URI uri, String authorization) {
    at(uri).allow(authorization);
    return this;
  }

  /** Takes back what {@link #allow} gave, for what is opened or asked from now on. */
  public FakeSource revoke(URI uri, String authorization) {
    at(uri).revoke(authorization);
    return this;
  }

  /** Each question and each opening fails with this until {@link #heal}. */
  public FakeSource fail(URI uri, RuntimeException failure) {
    at(uri).fail(failure);
    return this;
  }

  /** The same with an error, as a source that lacks a class would throw. */
  public FakeSource fail(URI uri, Error failure) {
    at(uri).fail(failure);
    return this;
  }

  /** Each read that reaches this offset fails with an IOException until {@link #heal}. */
  public FakeSource breakAt(URI uri, long offset) {
    at(uri).breakAt(offset);
    return this;
  }

  /** Ends what {@link #fail} and {@link #breakAt} began. */
  public FakeSource heal(URI uri) {
    at(uri).heal();
    return this;
  }

  /**
   * Each read that reaches this offset blocks until {@link #resume}, and fails once the request's
   * stall timeout is over. Questions and openings are not held up: see {@link #stallProbes}.
   */
  public FakeSource stallAt(URI uri, long offset) {
    at(uri).stallAt(offset);
    return this;
  }

  /** Each question and each opening blocks until {@link #resume}, or for the stall timeout. */
  public FakeSource stallProbes(URI uri) {
    at(uri).stallProbes();
    return this;
  }

  /** Ends what {@link #stallAt} and {@link #stallProbes} began. */
  public FakeSource resume(URI uri) {
    at(uri).resume();
    return this;
  }

  /** Ends what {@link #stallAt} began, but not what {@link #stallProbes} did. */
  public FakeSource pass(URI uri) {
    at(uri).endStall();
    return this;
  }

  /** Waits until a read, a probe or an opening is held up here, a minute at most. */
  public void awaitStalled(URI uri) throws InterruptedException {
    at(uri).awaitHeld(Duration.ofMinutes(1));
  }

  /**
   * The first read that reaches this offset fails with an IOException, and the content has become
   * these bytes: who opens the rest of what he was reading learns that it changed.
   */
  public FakeSource changeAt(URI uri, long offset, byte[] bytes) {
    at(uri).changeAt(offset, bytes);
    return this;
  }

  /**
   * The first read that reaches this offset goes on in these bytes, which are as many, and so do
   * all others: the content is overwritten in place. It is a new version, but a stream cannot tell.
   */
  public FakeSource overwriteAt(URI uri, long offset, byte[] bytes) {
    at(uri).overwriteAt(offset, bytes);
    return this;
  }

  /** Returns the version that a question would get now. */
  public SourceVersion version(URI uri) {
    return at(uri).version();
  }

  /** Returns the number of questions asked about all contents. */
  public int probes() {
    return probes.size();
  }

  /** Returns each question in order. */
  public List<SourceRequest> probesSent() {
    return List.copyOf(probes);
  }

  /** Returns what each opening, of the whole or of a range, was asked with; refused ones too. */
  public List<SourceRequest> opened() {
    return List.copyOf(opened);
  }

  /** Returns what was really read of each stream, in the order of opening; nothing counts not. */
  public List<ByteRange> rangesRead() {
    return streams.stream().map(FakeSourceStream::rangeRead).filter(r -> r.length() > 0).toList();
  }

  /** Returns the bytes read through all streams together. */
  public long bytesRead() {
    return streams.stream().mapToLong(stream -> stream.rangeRead().length()).sum();
  }

  /** Returns how many streams are open. */
  public int openStreams() {
    return (int) streams.stream().filter(FakeSourceStream::isOpen).count();
  }

  @Override
  public SourceVersion ask(SourceRequest request) throws IOException {
    probes.add(request);
    return admit(request).version();
  }

  @Override
  public SourceContent open(SourceRequest request) throws IOException {
    opened.add(request);
    FakeContent content = admit(request);
    FakeContent.Snapshot now = content.snapshot();
    return new SourceContent(
        now.version(), stream(content, now, ByteRange.of(0, now.announced()), request));
  }

  @Override
  public InputStream open(SourceRequest request, SourceVersion version, ByteRange range)
      throws IOException {
    opened.add(request);
    FakeContent content = admit(request);
    FakeContent.Snapshot now = content.snapshot();
    if (!isSame(version, now.version())) {
      throw new SourceChangedException(
          "%s has changed: it was %s and is %s"
              .formatted(request.content().displayUrl(), version, now.version()));
    }
    // Without a known length a caller cannot know where the content ends.
    return stream(content, now, range.within(now.announced()), request);
  }

  @Override
  public void close() {
    closed = true;
    streams.forEach(FakeSourceStream::close);
    List<FakeContent> all;
    synchronized (this) {
      all = new ArrayList<>(contents.values());
    }
    all.forEach(FakeContent::wakeAll);
  }

  private InputStream stream(
      FakeContent content, FakeContent.Snapshot now, ByteRange range, SourceRequest request)
      throws IOException {
    FakeSourceStream stream = new FakeSourceStream(content, now, range, request.stallTimeout());
    streams.add(stream);
    if (closed) {
      stream.close();
      throw new IOException("the source is closed");
    }
    return stream;
  }

  private FakeContent admit(SourceRequest request) throws IOException {
    if (closed) {
      throw new IOException("the source is closed");
    }
    ContentRequest wanted = request.content();
    FakeContent content = find(wanted.url());
    if (content == null || !content.isPublished()) {
      throw new ContentNotFoundException(
          "%s does not exist: check the URL".formatted(wanted.displayUrl()));
    }
    content.holdProbe(request.stallTimeout(), () -> closed);
    Throwable failure = content.failure().orElse(null);
    if (failure instanceof Error error) {
      throw error;
    }
    if (failure instanceof RuntimeException exception) {
      throw exception;
    }
    if (!content.allows(wanted.headers().first("Authorization"))) {
      throw new AccessRefusedException(
          "%s answered 401: give other credentials".formatted(wanted.displayUrl()),
          401,
          List.of("Basic realm=\"test\""));
    }
    return content;
  }

  private static boolean isSame(SourceVersion known, SourceVersion now) {
    boolean sameLength =
        known.length().isEmpty() || now.length().isEmpty() || known.length().equals(now.length());
    return sameLength
        && (known.validator().isEmpty() || Objects.equals(known.validator(), now.validator()));
  }

  private synchronized FakeContent at(URI uri) {
    return contents.computeIfAbsent(uri, any -> new FakeContent());
  }

  private synchronized @Nullable FakeContent find(URI uri) {
    return contents.get(uri);
  }
}

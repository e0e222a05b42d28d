package io.dragonfly.transport.http.internal.proxy;

import io.dragonfly.control.Queued;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.NoSpaceException;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchMode;
import io.dragonfly.fetch.FetchProgress;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.fetch.FetchStream;
import io.dragonfly.rate.Rate;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.TaskId;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A swarm that gives a content up to some byte, and then fails or falls silent. The peer itself has
 * no space then for what it would read from the source.
 */
final class FakeStreams implements Function<FetchRequest, FetchStream> {
  final List<FetchRequest> requests = new CopyOnWriteArrayList<>();
  final CountDownLatch closed = new CountDownLatch(1);

  /** How often somebody has looked how far a fetch is. */
  final AtomicInteger looks = new AtomicInteger();

  /** What all fetches wait for. */
  volatile Optional<Queued> queued = Optional.empty();

  /** Whether bytes come that the reader does not need yet. */
  volatile boolean isComing;

  private final List<Stopping> streams = new CopyOnWriteArrayList<>();
  private final byte[] content;
  private volatile int stopAt;
  private final @Nullable DistributionException failure;

  /**
   * A swarm with one content.
   *
   * @param stopAt the first byte that does not come
   * @param failure why; null if it falls silent
   */
  FakeStreams(byte[] content, int stopAt, @Nullable DistributionException failure) {
    this.content = content;
    this.stopAt = stopAt;
    this.failure = failure;
  }

  @Override
  public FetchStream apply(FetchRequest request) {
    if (failure == null && request.pattern() == FetchMode.SOURCE) {
      throw new NoSpaceException("There is no space in the home.", 2, 1, null);
    }
    requests.add(request);
    ByteRange range = request.range().orElse(ByteRange.from(0)).within(content.length);
    Stopping stream = new Stopping((int) range.start(), (int) range.end());
    streams.add(stream);
    return new FetchStream(new Handle(request), stream);
  }

  /** Gives all of the content from now on. */
  void goOn() {
    goOnTo(content.length);
  }

  /** Gives the content up to this byte from now on. */
  void goOnTo(long byteToStopAt) {
    stopAt = (int) Math.min(byteToStopAt, content.length);
    streams.forEach(Stopping::wake);
  }

  private final class Stopping extends InputStream {
    private int at;
    private final int end;
    private boolean over;

    Stopping(int start, int end) {
      this.at = start;
      this.end = end;
    }

    @Override
    public int read() {
      throw new UnsupportedOperationException();
    }

    @Override
    public synchronized int read(byte[] target, int offset, int length) throws IOException {
      if (failure == null) {
        awaitBytes();
      }
      if (at < Math.min(stopAt, end)) {
        int count = Math.min(length, Math.min(stopAt, end) - at);
        System.arraycopy(content, at, target, offset, count);
        at += count;
        return count;
      }
      if (at >= end) {
        return -1;
      }
      if (failure != null) {
        throw new IOException(failure.getMessage(), failure);
      }
      throw new IOException("the stream is closed");
    }

    private synchronized void awaitBytes() throws IOException {
      while (!over && at >= stopAt && at < end) {
        try {
          wait();
        } catch (InterruptedException e) {
          throw new IOException("interrupted", e);
        }
      }
    }

    private synchronized void wake() {
      notifyAll();
    }

    @Override
    public synchronized int available() {
      return over ? 0 : Math.max(0, Math.min(stopAt, end) - at);
    }

    @Override
    public synchronized void close() {
      over = true;
      notifyAll();
      closed.countDown();
    }
  }

  private final class Handle implements Fetch {
    private final FetchRequest request;

    Handle(FetchRequest request) {
      this.request = request;
    }

    @Override
    public FetchRequest request() {
      return request;
    }

    @Override
    public Optional<TaskId> task() {
      return Optional.empty();
    }

    @Override
    public CompletableFuture<FetchResult> completion() {
      return new CompletableFuture<>();
    }

    @Override
    public OptionalLong contentLength() {
      return OptionalLong.of(content.length);
    }

    @Override
    public Optional<String> sourceTrouble() {
      return Optional.empty();
    }

    @Override
    public FetchProgress progress() {
      looks.incrementAndGet();
      Duration idle = isComing ? Duration.ZERO : Duration.ofHours(1);
      return new FetchProgress(contentLength(), 0, 0, 0, 0).with(queued, Duration.ZERO, idle);
    }

    @Override
    public void setRate(Optional<Rate> rate) {}

    @Override
    public void cancel() {}
  }

  static byte[] corrupted(byte[] content, int at) {
    byte[] copy = Arrays.copyOf(content, content.length);
    copy[at] ^= 1;
    return copy;
  }
}

package io.dragonfly.contract;

import io.dragonfly.error.ContentNotFoundException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.spi.Requester;
import io.dragonfly.spi.Source;
import io.dragonfly.spi.SourceContent;
import io.dragonfly.spi.SourceRequest;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.SourceVersion;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** Sources that are wrong in one respect each. */
final class BrokenSources {
  private BrokenSources() {}

  /** Its streams are changed; what it says is right. */
  static final class WithStreams extends ForwardingSource {
    private final UnaryOperator<InputStream> change;

    WithStreams(Source right, UnaryOperator<InputStream> change) {
      super(right);
      this.change = change;
    }

    @Override
    InputStream stream(InputStream in) {
      return change.apply(in);
    }
  }

  /** It asks and opens with another request than it got. */
  static final class WithRequests extends ForwardingSource {
    private final UnaryOperator<SourceRequest> change;

    WithRequests(Source right, UnaryOperator<SourceRequest> change) {
      super(right);
      this.change = change;
    }

    @Override
    public SourceVersion ask(SourceRequest request) throws IOException {
      return super.ask(change.apply(request));
    }

    @Override
    public SourceContent open(SourceRequest request) throws IOException {
      return super.open(change.apply(request));
    }

    @Override
    public InputStream open(SourceRequest request, SourceVersion version, ByteRange range)
        throws IOException {
      return super.open(change.apply(request), version, range);
    }
  }

  /** It fails with other exceptions than it should. */
  static final class WithFailures extends ForwardingSource {
    private final Function<RuntimeException, Exception> change;

    WithFailures(Source right, Function<RuntimeException, Exception> change) {
      super(right);
      this.change = change;
    }

    @Override
    public SourceVersion ask(SourceRequest request) throws IOException {
      try {
        return super.ask(request);
      } catch (RuntimeException e) {
        Exception other = change.apply(e);
        if (other instanceof IOException broken) {
          throw broken;
        }
        throw (RuntimeException) other;
      }
    }
  }

  static final class ShiftsRanges extends ForwardingSource {
    ShiftsRanges(Source right) {
      super(right);
    }

    @Override
    public InputStream open(SourceRequest request, SourceVersion version, ByteRange range)
        throws IOException {
      long start = Math.max(0, range.start() - 1);
      return super.open(
          request,
          version,
          range.isOpen() ? ByteRange.from(start) : ByteRange.of(start, start + range.length()));
    }
  }

  static final class ReadsNoFurtherThanItKnows extends ForwardingSource {
    ReadsNoFurtherThanItKnows(Source right) {
      super(right);
    }

    @Override
    public InputStream open(SourceRequest request, SourceVersion version, ByteRange range)
        throws IOException {
      return super.open(request, version, range.within(version.length().orElse(0)));
    }
  }

  static final class MissesEmptyContents extends ForwardingSource {
    MissesEmptyContents(Source right) {
      super(right);
    }

    @Override
    public SourceContent open(SourceRequest request) throws IOException {
      SourceContent content = super.open(request);
      if (content.version().length().orElse(1) == 0) {
        throw new ContentNotFoundException("there is nothing in it");
      }
      return content;
    }
  }

  static final class InventsVersions extends ForwardingSource {
    private final AtomicInteger number = new AtomicInteger();

    InventsVersions(Source right) {
      super(right);
    }

    @Override
    public SourceVersion ask(SourceRequest request) throws IOException {
      SourceVersion version = super.ask(request);
      String validator = "\"" + number.incrementAndGet() + "\"";
      return new SourceVersion(Optional.of(validator), version.length());
    }
  }

  static final class OverlooksVersions extends ForwardingSource {
    OverlooksVersions(Source right) {
      super(right);
    }

    @Override
    public InputStream open(SourceRequest request, SourceVersion version, ByteRange range)
        throws IOException {
      return super.open(request, SourceVersion.UNKNOWN, range);
    }
  }

  /** Its answers wait for ever, whoever interrupts. */
  static final class CannotBeInterrupted extends ForwardingSource {
    CannotBeInterrupted(Source right) {
      super(right);
    }

    @Override
    public SourceVersion ask(SourceRequest request) {
      CountDownLatch never = new CountDownLatch(1);
      while (true) {
        try {
          never.await();
        } catch (InterruptedException e) {
          // That is what is wrong with it.
        }
      }
    }
  }

  static final class NeverCloses extends ForwardingSource {
    NeverCloses(Source right) {
      super(right);
    }

    @Override
    public void close() {}
  }

  /** Who opens a stream ends the one before. */
  static final class ServesOne extends ForwardingSource {
    private InputStream last = InputStream.nullInputStream();

    ServesOne(Source right) {
      super(right);
    }

    @Override
    synchronized InputStream stream(InputStream in) {
      try {
        last.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      last = in;
      return in;
    }
  }

  static SourceRequest withoutStallTimeout(SourceRequest request) {
    return new SourceRequest(request.content(), Duration.ofDays(1), request.requester());
  }

  /** The secret that the first one brought serves all. */
  static UnaryOperator<SourceRequest> sharingCredentials() {
    var first = new AtomicReference<ContentRequest>();
    return request -> {
      first.compareAndSet(null, request.content());
      return new SourceRequest(
          request.content().withHeaders(first.get().headers()),
          request.stallTimeout(),
          Requester.THIS_PROCESS);
    };
  }

  static Exception asFailure(RuntimeException any) {
    return new SourceFailedException("something is wrong", any);
  }

  static Exception asIoFailure(RuntimeException any) {
    return new IOException("something is wrong", any);
  }

  static InputStream flippingABit(InputStream in) {
    return new ForwardingSource.ForwardingStream(in) {
      @Override
      public int read(byte[] target, int offset, int length) throws IOException {
        int count = in.read(target, offset, length);
        if (count > 0) {
          target[offset] ^= 1;
        }
        return count;
      }
    };
  }

  static InputStream takingFailuresForTheEnd(InputStream in) {
    return new ForwardingSource.ForwardingStream(in) {
      @Override
      public int read(byte[] target, int offset, int length) {
        try {
          return in.read(target, offset, length);
        } catch (IOException e) {
          return -1;
        }
      }
    };
  }

  static InputStream deafToClose(InputStream in) {
    return new ForwardingSource.ForwardingStream(in) {
      @Override
      public int read(byte[] target, int offset, int length) throws IOException {
        return in.read(target, offset, length);
      }

      @Override
      public void close() {}
    };
  }
}

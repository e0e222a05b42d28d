package io.dragonfly.internal.transfer.source;

import io.dragonfly.error.DistributionException;
import io.dragonfly.error.SourceChangedException;
import io.dragonfly.spi.Source;
import io.dragonfly.spi.SourceContent;
import io.dragonfly.spi.SourceRequest;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Digest;
import io.dragonfly.task.SourceVersion;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One version of a content at its source, as a stream that can go to any offset. Where the version
 * can be told from others, by a range; where it cannot, from the beginning, comparing on the way
 * what is read again. Belongs to one thread; {@link #close} may be called from any.
 */
final class SourceStream implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(SourceStream.class);

  private final Supplier<Source> source;
  private final SourceRequest request;
  private final StoredTask stored;
  private final boolean byRange;

  private volatile @Nullable InputStream stream;
  private volatile boolean closed;
  private long position;
  private ByteRange reach = ByteRange.from(0);

  /**
   * A stream.
   *
   * @param stored the task; its version is the one that is read
   * @param byRange whether a range of the content is safe to read
   * @param begun an answer that has been opened already
   */
  SourceStream(
      Supplier<Source> source,
      SourceRequest request,
      StoredTask stored,
      boolean byRange,
      @Nullable SourceContent begun) {
    this.source = source;
    this.request = request;
    this.stored = stored;
    this.byRange = byRange;
    this.stream = begun == null ? null : begun.stream();
  }

  /**
   * Goes to an offset, unless the stream is there.
   *
   * @param wanted the bytes that will be read from here on
   */
  void moveTo(ByteRange wanted) throws IOException {
    long offset = wanted.start();
    if (stream != null && position == offset && !reach.startingAt(position).isEmpty()) {
      return;
    }
    drop();
    reach = byRange ? wanted : ByteRange.from(0);
    if (byRange) {
      keep(source.get().open(request, stored.task().version(), wanted), offset);
      return;
    }
    SourceContent content = source.get().open(request);
    keep(content.stream(), 0);
    checkSame(content.version());
    int pieces = stored.task().layout().pieceAt(offset);
    for (int piece = 0; piece < pieces; piece++) {
      readAgain(piece);
    }
  }

  private void keep(InputStream opened, long at) throws IOException {
    stream = opened;
    position = at;
    if (closed) {
      opened.close();
      throw new IOException("the reading was ended");
    }
  }

  private void checkSame(SourceVersion now) {
    SourceVersion before = stored.task().version();
    boolean same =
        now.validator().equals(before.validator())
            && (now.length().equals(before.length()) || before.length().isEmpty());
    if (!same) {
      throw changed("it is now " + now + " and was " + before);
    }
  }

  private void readAgain(int piece) throws IOException {
    ByteRange range = stored.task().layout().range(piece);
    MessageDigest sha = Digest.newSha256();
    byte[] buffer = new byte[64 << 10];
    for (long left = range.length(); left > 0; ) {
      int count = read(buffer, (int) Math.min(left, buffer.length));
      if (count < 0) {
        throw changed("it has become shorter");
      }
      sha.update(buffer, 0, count);
      left -= count;
    }
    Digest now = Digest.of(sha);
    Optional<Digest> before = stored.digest(piece);
    if (before.isPresent() && !before.get().equals(now)) {
      throw changed("piece %d has other bytes than before".formatted(piece));
    }
  }

  /** Reads at most so many bytes; -1 at the content's end. */
  int read(byte[] buffer, int most) throws IOException {
    InputStream from = stream;
    if (from == null || closed) {
      throw new EOFException("the reading was ended");
    }
    int count = from.read(buffer, 0, most);
    if (count > 0) {
      position += count;
    }
    return count;
  }

  /** Lets go of a connection that failed or is no longer at the right place. */
  void drop() {
    InputStream old = stream;
    stream = null;
    close(old);
  }

  private static void close(@Nullable InputStream old) {
    if (old != null) {
      try {
        old.close();
      } catch (IOException e) {
        LOG.debug("Closing a source's stream failed", e);
      }
    }
  }

  private DistributionException changed(String how) {
    return new SourceChangedException(
        "The content of %s changed while it was read: %s. Fetch it again to get the new one."
            .formatted(request.content().displayUrl(), how));
  }

  @Override
  public void close() {
    closed = true;
    close(stream);
  }
}

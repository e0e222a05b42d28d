package io.dragonfly.internal.transfer.output;

import io.dragonfly.error.DistributionException;
import io.dragonfly.error.StorageException;
import io.dragonfly.internal.loop.EventLoop;
import io.dragonfly.internal.loop.IoThreads;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.PieceSpan;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Brings a stream's reader the pieces as they are there, a little ahead of where it reads, and
 * knows which pieces it will need next. Confined to the loop, except for the stream itself.
 */
public final class StreamFeed {
  private static final int CHUNK_BYTES = 64 << 10;

  /** A reader that is slower than this has small chunks waiting: there may be many of them. */
  private static final int SMALL_CHUNK_BYTES = 32 << 10;

  private static final long QUICK_NANOS = Duration.ofMillis(20).toNanos();

  /** Beside the one that the reader is at. */
  private static final int CHUNKS_AHEAD = 1;

  private static final long WINDOW_BYTES = 32 << 20;
  private static final int WINDOW_PIECES = 16;

  private final EventLoop loop;
  private final IoThreads io;
  private final TaskStream stream;

  private final ByteRange wanted;

  private @Nullable Pieces pieces;
  private long position;
  private int ahead;
  private @Nullable ByteBuffer spare;
  private boolean isQuick;

  /** Since when the reader could have taken a chunk. */
  private long availableNanos;

  private boolean reading;
  private boolean over;

  /** What the feed asks of the download. */
  public interface Pieces {
    /** Returns the store's task. */
    StoredTask stored();

    /** Tells whether a piece may be handed out. */
    boolean isReady(int piece);

    /** Returns the length of the content, if it is known. */
    OptionalLong length();

    /** The feed has moved on: it needs other pieces. */
    void moved();
  }

  /**
   * A feed.
   *
   * @param wanted the bytes; as in HTTP, a range ends where the content does
   * @param onClose is told on the loop when the reader has closed the stream
   */
  public StreamFeed(EventLoop loop, IoThreads io, ByteRange wanted, Runnable onClose) {
    this.loop = loop;
    this.io = io;
    this.wanted = wanted;
    this.position = wanted.start();
    this.stream =
        new TaskStream(
            spent -> loop.execute(() -> chunkWasTaken(spent)),
            () -> loop.execute(() -> closed(onClose)));
  }

  /** Returns the stream. */
  public InputStream stream() {
    return stream;
  }

  /** Starts to feed. */
  public void feedFrom(Pieces source) {
    pieces = source;
    moveOn();
  }

  /** A piece may have become ready, or the length known. */
  public void moveOn() {
    Pieces from = pieces;
    if (from == null || reading || over) {
      return;
    }
    if (left().isEmpty()) {
      over = true;
      stream.end();
      return;
    }
    PieceLayout layout = from.stored().task().layout();
    if (ahead < CHUNKS_AHEAD && from.isReady(layout.span(left()).first())) {
      reading = true;
      ByteRange next = left().within(position + CHUNK_BYTES);
      int most = isQuick ? CHUNK_BYTES : SMALL_CHUNK_BYTES;
      ByteBuffer chunk = takeBuffer(most);
      loop.when(io.call(() -> read(from.stored(), next, chunk)), this::chunkCame, this::readFailed);
    }
  }

  /** Returns the bytes that the reader has not got yet. */
  private ByteRange left() {
    return bytes().startingAt(position);
  }

  /** Returns the bytes that the reader gets in all; open while their end is not known. */
  private ByteRange bytes() {
    OptionalLong length = pieces == null ? OptionalLong.empty() : pieces.length();
    return length.isPresent() ? wanted.within(length.getAsLong()) : wanted;
  }

  /** What the reader is done with is used again: what it would leave is more than all else. */
  private ByteBuffer takeBuffer(int bytes) {
    ByteBuffer buffer = spare;
    spare = null;
    return buffer != null && buffer.capacity() == bytes
        ? buffer.clear()
        : ByteBuffer.allocate(bytes);
  }

  private static ByteBuffer read(StoredTask stored, ByteRange next, ByteBuffer chunk)
      throws IOException {
    Outputs.read(stored, next.start(), next.end(), chunk);
    return chunk.flip();
  }

  private void chunkCame(ByteBuffer chunk) {
    reading = false;
    if (over) {
      return;
    }
    if (ahead == 0) {
      availableNanos = loop.nanos();
    }
    ahead++;
    stream.add(chunk);
    moveBy(chunk.limit());
    moveOn();
  }

  /** Most moves change nothing that the download must know of. */
  private void moveBy(int bytes) {
    Pieces from = pieces;
    if (from != null) {
      PieceLayout layout = from.stored().task().layout();
      PieceSpan before = window(layout);
      position += bytes;
      if (!window(layout).equals(before)) {
        from.moved();
      }
    }
  }

  private void readFailed(Throwable failure) {
    reading = false;
    fail(
        new StorageException(
            "The store in the home directory cannot be read: %s. Fetch it again."
                .formatted(failure.getMessage()),
            failure));
  }

  private void chunkWasTaken(ByteBuffer spent) {
    spare = spent;
    ahead--;
    long now = loop.nanos();
    isQuick = now - availableNanos < QUICK_NANOS;
    availableNanos = now;
    moveOn();
  }

  private void closed(Runnable onClose) {
    over = true;
    onClose.run();
  }

  /** A piece is gone and does not come again: the reader must hear of it if it still needs it. */
  public void lost(int piece) {
    if (pieces != null) {
      ByteRange lost = pieces.stored().task().layout().range(piece);
      ByteRange left = left();
      if (left.start() < lost.end() && (left.isOpen() || lost.start() < left.end())) {
        fail(
            new StorageException(
                "Piece %d of task %s was changed in the home directory. Fetch it again."
                    .formatted(piece, pieces.stored().task().id().brief())));
      }
    }
  }

  /** Ends the stream with an exception, after the bytes that were brought already. */
  public void fail(DistributionException failure) {
    if (!over) {
      over = true;
      stream.fail(failure);
    }
  }

  /**
   * Returns the pieces up to those that the reader needs next. The end moves by an eighth of the
   * window at a time, since each move is told to the supernode.
   */
  public PieceSpan window(PieceLayout layout) {
    int pieces = (int) Math.max(WINDOW_PIECES, WINDOW_BYTES / layout.pieceLength());
    int step = pieces / 8;
    int first = layout.span(ByteRange.from(position)).first();
    PieceSpan all = layout.span(bytes());
    int end = Math.min((first / step + 1) * step + pieces, all.end());
    return end <= first ? PieceSpan.NONE : new PieceSpan(all.first(), end);
  }
}

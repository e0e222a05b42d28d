package io.dragonfly.spi;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Bytes of verified pieces in an open file, in the form that sendfile takes. The channel is shared:
 * read it by position, never move or close it.
 */
public final class PieceRegion implements Closeable {
  private final FileChannel channel;
  private final long position;
  private final long length;
  private final Runnable release;
  private final AtomicBoolean closed = new AtomicBoolean();

  /**
   * A region of a file.
   *
   * @param channel the file, open for reading
   * @param position where the region starts in the file
   * @param length its bytes
   * @param release run once when the region is closed
   */
  public PieceRegion(FileChannel channel, long position, long length, Runnable release) {
    this.channel = channel;
    this.position = position;
    this.length = length;
    this.release = release;
  }

  /**
   * Bytes in memory, for who has no file: what is sent of them is copied.
   *
   * @param bytes from index 0 to its limit; they stay as they are until the region is closed
   * @param release run once when the region is closed
   */
  public static PieceRegion ofMemory(ByteBuffer bytes, Runnable release) {
    return new PieceRegion(new BufferChannel(bytes), 0, bytes.limit(), release);
  }

  /** Tells whether the bytes are in memory: then no system call can send them from a file. */
  public boolean isInMemory() {
    return channel instanceof BufferChannel;
  }

  /** Returns the file. */
  public FileChannel channel() {
    return channel;
  }

  /** Returns where the region starts in the file. */
  public long position() {
    return position;
  }

  /** Returns the number of bytes. */
  public long length() {
    return length;
  }

  /** Returns the same bytes, and runs {@code more} once when they are closed. */
  public PieceRegion onClose(Runnable more) {
    return new PieceRegion(
        channel,
        position,
        length,
        () -> {
          try {
            close();
          } finally {
            more.run();
          }
        });
  }

  /** Reads all bytes into memory; for small regions. */
  public byte[] readAll() throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(Math.toIntExact(length));
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, position + buffer.position()) < 0) {
        throw new IOException("the file ends in the middle of a piece");
      }
    }
    return buffer.array();
  }

  /** Lets the file go. Safe to call twice. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      release.run();
    }
  }
}

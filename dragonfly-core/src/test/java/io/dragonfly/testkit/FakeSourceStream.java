package io.dragonfly.testkit;

import io.dragonfly.task.ByteRange;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Objects;

/** A range of one version of a {@link FakeContent}, as one reader gets it. */
final class FakeSourceStream extends InputStream {
  private final FakeContent content;
  private final byte[] bytes;
  private final long announced;
  private final ByteRange range;
  private final Duration stallTimeout;
  private volatile long position;
  private volatile boolean closed;

  FakeSourceStream(
      FakeContent content, FakeContent.Snapshot version, ByteRange range, Duration stallTimeout) {
    this.content = content;
    this.bytes = version.bytes();
    this.announced = version.announced();
    this.range = range;
    this.stallTimeout = stallTimeout;
    this.position = range.start();
  }

  /** Returns what was read so far. */
  ByteRange rangeRead() {
    return ByteRange.of(range.start(), position);
  }

  boolean isOpen() {
    return !closed;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, target.length);
    if (length == 0) {
      return 0;
    }
    int wanted = (int) Math.min(length, range.end() - position);
    // Also at the end, so that a test can stall or break just before it.
    int allowed = content.pass(position, Math.max(1, wanted), stallTimeout, () -> closed);
    if (wanted == 0) {
      // Only a whole content can bring more than was announced; who reads a range stops before.
      if (range.start() == 0 && range.end() == announced && bytes.length > announced) {
        throw new IOException("more than the %d bytes announced".formatted(announced));
      }
      return -1;
    }
    int count = (int) Math.min(Math.min(wanted, allowed), bytes.length - position);
    if (count <= 0) {
      throw new IOException("ended at %d of %d".formatted(position, announced));
    }
    System.arraycopy(bytes, (int) position, target, offset, count);
    position += count;
    return count;
  }

  @Override
  public void close() {
    closed = true;
    content.wakeAll();
  }
}

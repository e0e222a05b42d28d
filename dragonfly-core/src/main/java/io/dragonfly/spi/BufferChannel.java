package io.dragonfly.spi;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/** Bytes in memory that are read by position, as those of a file are. Safe for concurrent use. */
final class BufferChannel extends FileChannel {
  private final ByteBuffer bytes;

  BufferChannel(ByteBuffer bytes) {
    this.bytes = bytes.asReadOnlyBuffer();
  }

  @Override
  public int read(ByteBuffer target, long position) {
    if (position >= bytes.limit()) {
      return -1;
    }
    int count = (int) Math.min(target.remaining(), bytes.limit() - position);
    target.put(bytes.slice((int) position, count));
    return count;
  }

  @Override
  public long transferTo(long position, long count, WritableByteChannel target) throws IOException {
    long most = Math.max(0, Math.min(count, bytes.limit() - position));
    return most == 0 ? 0 : target.write(bytes.slice((int) position, (int) most));
  }

  @Override
  public long size() {
    return bytes.limit();
  }

  private static UnsupportedOperationException byPositionAlone() {
    return new UnsupportedOperationException("a region is read by position");
  }

  @Override
  public int read(ByteBuffer target) {
    throw byPositionAlone();
  }

  @Override
  public long read(ByteBuffer[] targets, int offset, int length) {
    throw byPositionAlone();
  }

  @Override
  public long position() {
    throw byPositionAlone();
  }

  @Override
  public FileChannel position(long newPosition) {
    throw byPositionAlone();
  }

  @Override
  public MappedByteBuffer map(MapMode mode, long position, long size) {
    throw byPositionAlone();
  }

  @Override
  public int write(ByteBuffer source) {
    throw new NonWritableChannelException();
  }

  @Override
  public long write(ByteBuffer[] sources, int offset, int length) {
    throw new NonWritableChannelException();
  }

  @Override
  public int write(ByteBuffer source, long position) {
    throw new NonWritableChannelException();
  }

  @Override
  public FileChannel truncate(long size) {
    throw new NonWritableChannelException();
  }

  @Override
  public long transferFrom(ReadableByteChannel source, long position, long count) {
    throw new NonWritableChannelException();
  }

  @Override
  public FileLock lock(long position, long size, boolean shared) {
    throw new NonWritableChannelException();
  }

  @Override
  public FileLock tryLock(long position, long size, boolean shared) {
    throw new NonWritableChannelException();
  }

  @Override
  public void force(boolean metaData) {
    // Nothing is ever written.
  }

  @Override
  protected void implCloseChannel() {
    // The region's owner frees the memory.
  }
}

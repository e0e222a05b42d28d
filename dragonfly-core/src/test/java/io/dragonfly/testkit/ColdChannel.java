package io.dragonfly.testkit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/** A file that is read by position alone, and may have to be waited for each time. */
final class ColdChannel extends FileChannel {
  private final FileChannel file;
  private final Runnable beforeReads;

  ColdChannel(FileChannel file, Runnable beforeReads) {
    this.file = file;
    this.beforeReads = beforeReads;
  }

  @Override
  public int read(ByteBuffer into, long at) throws IOException {
    beforeReads.run();
    return file.read(into, at);
  }

  @Override
  public long transferTo(long at, long count, WritableByteChannel to) throws IOException {
    beforeReads.run();
    return file.transferTo(at, count, to);
  }

  @Override
  public long size() throws IOException {
    return file.size();
  }

  @Override
  public int read(ByteBuffer into) {
    throw shared();
  }

  @Override
  public long read(ByteBuffer[] into, int offset, int length) {
    throw shared();
  }

  @Override
  public int write(ByteBuffer from) {
    throw shared();
  }

  @Override
  public long write(ByteBuffer[] from, int offset, int length) {
    throw shared();
  }

  @Override
  public int write(ByteBuffer from, long at) {
    throw shared();
  }

  @Override
  public long position() {
    throw shared();
  }

  @Override
  public FileChannel position(long at) {
    throw shared();
  }

  @Override
  public FileChannel truncate(long size) {
    throw shared();
  }

  @Override
  public void force(boolean metaData) {
    throw shared();
  }

  @Override
  public long transferFrom(ReadableByteChannel from, long at, long count) {
    throw shared();
  }

  @Override
  public MappedByteBuffer map(MapMode mode, long at, long size) {
    throw shared();
  }

  @Override
  public FileLock lock(long at, long size, boolean isShared) {
    throw shared();
  }

  @Override
  public FileLock tryLock(long at, long size, boolean isShared) {
    throw shared();
  }

  private static UnsupportedOperationException shared() {
    return new UnsupportedOperationException("the file of a region is shared");
  }

  @Override
  protected void implCloseChannel() {
    // The region's own.
  }
}

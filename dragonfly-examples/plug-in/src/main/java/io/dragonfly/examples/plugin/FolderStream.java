package io.dragonfly.examples.plugin;

import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** Part of a file. At its end the file must still be the version that was opened. */
final class FolderStream extends FilterInputStream {
  /** Throws if the file has changed. */
  interface Check {
    void run() throws IOException;
  }

  private final Check check;
  private long left;
  private boolean checked;

  FolderStream(InputStream in, long length, Check check) {
    super(in);
    this.left = length;
    this.check = check;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    if (left == 0) {
      if (!checked) {
        check.run();
        checked = true;
      }
      return -1;
    }
    int read = in.read(target, offset, (int) Math.min(length, left));
    if (read < 0) {
      throw new EOFException("the file became shorter while it was read");
    }
    left -= read;
    return read;
  }

  @Override
  public long skip(long count) throws IOException {
    long skipped = in.skip(Math.min(count, left));
    left -= skipped;
    return skipped;
  }

  @Override
  public int available() throws IOException {
    return (int) Math.min(in.available(), left);
  }

  @Override
  public boolean markSupported() {
    return false;
  }
}

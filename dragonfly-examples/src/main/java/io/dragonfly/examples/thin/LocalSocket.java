package io.dragonfly.examples.thin;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/**
 * One end of a Unix domain socket, as two streams. One thread may read while others write, which
 * the streams of {@link java.nio.channels.Channels} do not allow before Java 19.
 */
public final class LocalSocket implements Closeable {
  private final SocketChannel channel;

  /** An end that is connected, or will be. */
  public LocalSocket(SocketChannel channel) {
    this.channel = channel;
  }

  /** An end that is not connected yet. */
  static LocalSocket create() throws IOException {
    return new LocalSocket(SocketChannel.open(StandardProtocolFamily.UNIX));
  }

  /** Connects; waits while as many as the other end lets wait in line are there before. */
  void connect(Path path) throws IOException {
    channel.connect(UnixDomainSocketAddress.of(path));
  }

  /** Returns what the other end writes. */
  public InputStream in() {
    return new ChannelInput(channel);
  }

  /** Returns what the other end reads. An interrupt does not end a write that could be done. */
  public OutputStream out() {
    return new Out();
  }

  /** Ends the reads and writes of all threads. */
  @Override
  public void close() throws IOException {
    channel.close();
  }

  private final class Out extends OutputStream {
    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    /** A channel would be closed by a thread that was interrupted before. */
    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      boolean interrupted = Thread.interrupted();
      try {
        ByteBuffer left = ByteBuffer.wrap(bytes, offset, length);
        while (left.hasRemaining()) {
          int unused = channel.write(left);
        }
      } finally {
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
      }
    }
  }
}

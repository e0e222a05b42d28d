package io.dragonfly.examples.thin;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/**
 * What comes from a channel. Unlike the streams of {@link java.nio.channels.Channels} it never asks
 * for a position, which pipes do not have, and before Java 19 a read of those kept others from
 * writing to the same socket.
 */
public final class ChannelInput extends InputStream {
  private final ReadableByteChannel channel;

  /** The bytes of a channel in blocking mode, which is closed with the stream. */
  public ChannelInput(ReadableByteChannel channel) {
    this.channel = channel;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    return length == 0 ? 0 : channel.read(ByteBuffer.wrap(bytes, offset, length));
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}

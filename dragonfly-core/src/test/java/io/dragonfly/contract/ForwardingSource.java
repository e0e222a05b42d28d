package io.dragonfly.contract;

import io.dragonfly.spi.Source;
import io.dragonfly.spi.SourceContent;
import io.dragonfly.spi.SourceRequest;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.SourceVersion;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** Passes everything on to another source; the broken ones change one thing. */
abstract class ForwardingSource implements Source {
  private final Source right;

  ForwardingSource(Source right) {
    this.right = right;
  }

  @Override
  public SourceVersion ask(SourceRequest request) throws IOException {
    return right.ask(request);
  }

  @Override
  public SourceContent open(SourceRequest request) throws IOException {
    SourceContent content = right.open(request);
    return new SourceContent(content.version(), stream(content.stream()));
  }

  @Override
  public InputStream open(SourceRequest request, SourceVersion version, ByteRange range)
      throws IOException {
    return stream(right.open(request, version, range));
  }

  /** Wraps each stream that is opened. */
  InputStream stream(InputStream in) {
    return in;
  }

  @Override
  public void close() {
    right.close();
  }

  /** Passes on a stream; reads of one byte too go through the method that is changed. */
  abstract static class ForwardingStream extends FilterInputStream {
    ForwardingStream(InputStream in) {
      super(in);
    }

    @Override
    public abstract int read(byte[] target, int offset, int length) throws IOException;

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }
  }
}

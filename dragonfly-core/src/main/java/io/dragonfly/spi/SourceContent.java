package io.dragonfly.spi;

import io.dragonfly.task.SourceVersion;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;

/** A content that is being read from its source. Belongs to one reader. */
public final class SourceContent implements Closeable {
  private final SourceVersion version;
  private final InputStream stream;

  /**
   * A content that is being read.
   *
   * @param version what the source's answer says about the version
   * @param stream the content's bytes from the beginning
   */
  public SourceContent(SourceVersion version, InputStream stream) {
    this.version = version;
    this.stream = stream;
  }

  /** Returns what the source's answer says about the version. */
  public SourceVersion version() {
    return version;
  }

  /** Returns the content's bytes from the beginning. */
  public InputStream stream() {
    return stream;
  }

  /** Closes the stream; from another thread it ends a blocked read. */
  @Override
  public void close() throws IOException {
    stream.close();
  }
}

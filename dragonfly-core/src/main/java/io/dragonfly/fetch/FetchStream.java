package io.dragonfly.fetch;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * A content that is read while the rest arrives. Its exceptions have the typed one as their cause.
 * Closing it ends the fetch. Not safe for concurrent use, but for {@link #fetch} and {@link
 * #close}.
 */
public final class FetchStream extends FilterInputStream {
  private final Fetch fetch;

  /** A stream of a fetch. */
  public FetchStream(Fetch fetch, InputStream bytes) {
    super(bytes);
    this.fetch = fetch;
  }

  /** Returns the handle of the fetch whose bytes these are. */
  public Fetch fetch() {
    return fetch;
  }

  /** Writes all that comes; cheaper than to read it, since there is no other buffer in between. */
  @Override
  public long transferTo(OutputStream out) throws IOException {
    return in.transferTo(out);
  }
}

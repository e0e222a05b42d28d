package io.dragonfly.fetch;

import java.io.FilterInputStream;
import java.io.InputStream;

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
}

package io.dragonfly.transport.http.internal.proxy;

import io.dragonfly.fetch.FetchStream;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongFunction;

/**
 * A stream of the swarm that was late, while its content comes directly. The fetch goes on in the
 * background, a little ahead of the direct download: where the two meet, the swarm may go on. Used
 * by one thread.
 */
final class LateStream implements AutoCloseable {
  private static final long FIRST_STEP_BYTES = 256 << 10;
  private static final long LONGEST_STEP_BYTES = 16 << 20;

  private final LongFunction<FetchStream> opener;
  private final OptionalLong end;
  private Optional<FetchStream> stream;
  private long position;
  private long step = FIRST_STEP_BYTES;

  /**
   * A stream that was late.
   *
   * @param opener opens a stream of the same content from a byte on
   * @param late the stream; from here on it is this object's
   * @param next the byte that is needed next
   * @param end the byte after the last that is needed, if not all to the content's end are
   */
  LateStream(LongFunction<FetchStream> opener, FetchStream late, long next, OptionalLong end) {
    this.opener = opener;
    this.end = end;
    this.stream = Optional.of(late);
    this.position = next;
  }

  /** Returns the byte before which the swarm is not asked again. */
  long position() {
    return position;
  }

  /** Opens the new stream before the old one is closed, so that the fetch goes on. */
  private void meetAt(long next) throws IOException {
    Optional<FetchStream> old = stream;
    boolean isNeeded = end.isEmpty() || next < end.getAsLong();
    stream = isNeeded ? Optional.of(opener.apply(next)) : Optional.empty();
    position = isNeeded ? next : Long.MAX_VALUE; // which is never reached
    if (old.isPresent()) {
      old.get().close();
    }
  }

  /** Tells whether the swarm has the byte at {@link #position}. */
  boolean isReady() {
    try {
      return stream.isPresent() && stream.get().available() > 0;
    } catch (IOException e) {
      return false;
    }
  }

  /** Lets the two meet later: each time twice as far from the byte that is needed next. */
  void moveOn(long next) throws IOException {
    meetAt(next + step);
    step = Math.min(LONGEST_STEP_BYTES, 2 * step);
  }

  /** Takes the stream, at the byte that is needed next; the caller closes it. */
  FetchStream take(long next) throws IOException {
    if (position != next) {
      meetAt(next);
    }
    FetchStream taken = stream.orElseThrow(() -> new IOException("nothing is needed any more"));
    stream = Optional.empty();
    return taken;
  }

  @Override
  public void close() throws IOException {
    if (stream.isPresent()) {
      stream.get().close();
      stream = Optional.empty();
    }
  }
}

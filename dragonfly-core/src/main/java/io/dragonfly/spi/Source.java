package io.dragonfly.spi;

import io.dragonfly.task.ByteRange;
import io.dragonfly.task.SourceVersion;
import java.io.IOException;
import java.io.InputStream;

/**
 * Where a content first comes from. Safe for concurrent use; see {@code SourceContract}.
 *
 * <p>All methods block, on a thread that is interrupted when the caller gives up, and throw:
 *
 * <ul>
 *   <li>{@link io.dragonfly.error.AccessRefusedException} if these credentials have no access
 *   <li>{@link io.dragonfly.error.ContentNotFoundException} if there is no such content
 *   <li>{@link io.dragonfly.error.SourceFailedException} if the source cannot be reached or gives
 *       an error of its own
 *   <li>{@link IOException} for what else breaks; callers take it like the one before
 * </ul>
 *
 * A stream fails with an IOException if it ends before its announced length, brings more, or brings
 * no byte for the request's stall timeout.
 */
public interface Source extends AutoCloseable {
  /**
   * Asks one small question: may these credentials read the content, and which version is it? Costs
   * the source one byte of body at most where it supports ranges.
   */
  SourceVersion ask(SourceRequest request) throws IOException;

  /** Opens the whole content from its beginning. The caller closes it. */
  SourceContent open(SourceRequest request) throws IOException;

  /**
   * Opens {@code range} of the content, in bytes, of exactly this version. The caller closes the
   * stream; a close from another thread ends a blocked read. Where the version tells no length, the
   * range may be open or reach beyond the end: then the stream ends where the content does.
   *
   * @throws io.dragonfly.error.SourceChangedException if the content is no longer the one that
   *     {@code version} names, in its validator or its length
   */
  InputStream open(SourceRequest request, SourceVersion version, ByteRange range)
      throws IOException;

  /** Ends all that is open. Safe to call twice. */
  @Override
  void close();
}

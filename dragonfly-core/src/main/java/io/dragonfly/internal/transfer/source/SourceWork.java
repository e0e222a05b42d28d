package io.dragonfly.internal.transfer.source;

import io.dragonfly.error.DistributionException;
import io.dragonfly.task.Digest;
import io.dragonfly.task.PieceSpan;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Which pieces a {@link SourceReading} reads, and who hears of it. Safe for concurrent use. */
public interface SourceWork {
  /**
   * Returns the next pieces to read, from which the first is then asked of the source; completes
   * when there are some, and with an empty span when there will be none.
   */
  CompletableFuture<PieceSpan> next();

  /** Returns the digest that a piece must have, if that is known. */
  Optional<Digest> digest(int piece);

  /** Bytes came; 0 while they are held back here. */
  void received(int bytes);

  /** A piece is there. */
  void sealed(int piece, long nanos);

  /** The source failed and is asked again. */
  void retried(DistributionException failure);

  /** The content ended: this is its length. Completes when that is known everywhere. */
  CompletableFuture<Void> learned(long length);

  /** The reading has ended: there is nothing left, or it failed. Not told if it was cancelled. */
  void ended(Optional<DistributionException> failure);
}

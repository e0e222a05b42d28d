package io.dragonfly.internal.transfer.intake;

import io.dragonfly.internal.queue.FairQueue;
import io.dragonfly.internal.queue.KeyedLimiter;
import io.dragonfly.peer.PeerId;
import java.util.List;

/**
 * Starts takes so that neither a parent nor this client has too many at once. The others wait: the
 * parents take turns, and at one parent the tasks, so a task with many pieces does not delay the
 * pieces of another. Confined to the loop.
 */
public final class DownloadQueue {
  private final KeyedLimiter<PeerId, PieceDownload> limiter;

  /** So many at once in all, and from one parent. */
  public DownloadQueue(int mostInAll, int mostOfOne) {
    limiter =
        new KeyedLimiter<>(
            mostInAll,
            parent -> mostOfOne,
            FairQueue.byBytes(
                take -> take.order().request().range().length(),
                take -> take.order().parent().peer().id(),
                List.of(take -> take.order().request().task())));
  }

  /** Starts a take now or later. */
  public void add(PieceDownload take) {
    limiter.add(take);
    limiter.startAll(PieceDownload::start);
  }

  /** Lets others start: a take that was added has ended or was cancelled. Called once for each. */
  public void ended(PieceDownload take) {
    limiter.end(take);
    limiter.startAll(PieceDownload::start);
  }
}

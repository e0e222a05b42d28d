package io.dragonfly.internal.serve;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.control.Outcome;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.PieceDownloadException;
import io.dragonfly.spi.PieceService.Given;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.TaskId;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** One ask for bytes that has no answer yet, and the timer that ends it. */
final class PendingRequest {
  private final TaskId task;
  private final Optional<PeerId> child;
  private final ByteRange range;
  private final CompletableFuture<Given> future = new CompletableFuture<>();

  @GuardedBy("this")
  private @Nullable Future<?> timer;

  @GuardedBy("this")
  private boolean mayWaitLonger;

  PendingRequest(TaskId task, Optional<PeerId> child, ByteRange range) {
    this.task = task;
    this.child = child;
    this.range = range;
  }

  TaskId task() {
    return task;
  }

  /** Returns the peer that asks; empty for this process. */
  Optional<PeerId> child() {
    return child;
  }

  ByteRange range() {
    return range;
  }

  CompletableFuture<Given> future() {
    return future;
  }

  void fail(Outcome outcome, String why) {
    future.completeExceptionally(new PieceDownloadException(outcome, why));
  }

  /** Takes over the timer; cancels it if there is nothing left to end. */
  void endsBy(Future<?> newTimer) {
    synchronized (this) {
      timer = newTimer;
    }
    if (future.isDone()) {
      newTimer.cancel(false);
    }
  }

  synchronized void cancelTimer() {
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
  }

  synchronized void pieceIsThere() {
    mayWaitLonger = true;
  }

  /** Tells once whether this ask may wait longer: its piece is there, so it waits for a slot. */
  synchronized boolean extendOnce() {
    boolean may = mayWaitLonger;
    mayWaitLonger = false;
    return may;
  }
}

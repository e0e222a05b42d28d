package io.dragonfly.internal.transfer;

import io.dragonfly.control.Outcome;
import io.dragonfly.fetch.FetchListener;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.peer.Peer;
import io.dragonfly.task.Task;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Passes on to a user's listener, and logs what that throws. */
final class GuardedListener extends FetchListener {
  private static final Logger LOG = LoggerFactory.getLogger(GuardedListener.class);

  private final FetchListener listener;

  GuardedListener(FetchListener listener) {
    this.listener = listener;
  }

  private static void guard(Runnable call) {
    try {
      call.run();
    } catch (RuntimeException | LinkageError e) {
      LOG.warn("A fetch listener failed", e);
    }
  }

  @Override
  public void started(FetchRequest request) {
    guard(() -> listener.started(request));
  }

  @Override
  public void registered(FetchRequest request, Task task) {
    guard(() -> listener.registered(request, task));
  }

  @Override
  public void pieceTaken(Task task, int piece, Peer parent, long bytes, long nanos) {
    guard(() -> listener.pieceTaken(task, piece, parent, bytes, nanos));
  }

  @Override
  public void pieceFailed(Task task, int piece, Peer parent, Outcome outcome, String reason) {
    guard(() -> listener.pieceFailed(task, piece, parent, outcome, reason));
  }

  @Override
  public void backToSource(FetchRequest request, String reason) {
    guard(() -> listener.backToSource(request, reason));
  }

  @Override
  public void supernodeLost(FetchRequest request, String reason) {
    guard(() -> listener.supernodeLost(request, reason));
  }

  @Override
  public void completed(FetchRequest request, FetchResult result) {
    guard(() -> listener.completed(request, result));
  }

  @Override
  public void failed(FetchRequest request, Exception failure) {
    guard(() -> listener.failed(request, failure));
  }
}

package io.dragonfly.internal.transfer;

import io.dragonfly.control.Origin;
import io.dragonfly.control.Outcome;
import io.dragonfly.control.Queued;
import io.dragonfly.control.SecurityEvent;
import io.dragonfly.error.DistributionException;
import io.dragonfly.fetch.ClientState;
import io.dragonfly.fetch.FetchListener;
import io.dragonfly.fetch.FetchProgress;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.internal.access.AuditLog;
import io.dragonfly.internal.history.FetchRecorder;
import io.dragonfly.peer.Peer;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes on to the one who writes the history, to the audit log, and to a user's listener; logs
 * what they throw.
 */
final class GuardedListener extends FetchListener {
  private static final Logger LOG = LoggerFactory.getLogger(GuardedListener.class);

  private final FetchListener listener;
  private final FetchRecorder recorder;
  private final AuditLog audit;
  private final Callbacks callbacks;

  GuardedListener(
      FetchListener listener, FetchRecorder recorder, AuditLog audit, Callbacks callbacks) {
    this.listener = listener;
    this.recorder = recorder;
    this.audit = audit;
    this.callbacks = callbacks;
  }

  private void both(Consumer<FetchListener> call) {
    guard(() -> call.accept(recorder));
    guard(() -> call.accept(listener));
  }

  private void guard(Runnable call) {
    try {
      callbacks.run(call);
    } catch (RuntimeException | LinkageError e) {
      LOG.warn("A fetch listener failed", e);
    }
  }

  @Override
  public void opened(Supplier<ClientState> state) {
    guard(() -> listener.opened(state));
  }

  @Override
  public void closed() {
    guard(listener::closed);
  }

  @Override
  public void received(Task task, Origin origin, long bytes) {
    guard(() -> listener.received(task, origin, bytes));
  }

  @Override
  public void given(TaskId task, long bytes) {
    guard(() -> listener.given(task, bytes));
  }

  @Override
  public void security(SecurityEvent event) {
    audit.write(event);
    guard(() -> listener.security(event));
  }

  @Override
  public void started(FetchRequest request) {
    both(l -> l.started(request));
  }

  @Override
  public void registered(FetchRequest request, Task task) {
    both(l -> l.registered(request, task));
  }

  @Override
  public void pieceTaken(Task task, int piece, Peer parent, long bytes, long nanos) {
    both(l -> l.pieceTaken(task, piece, parent, bytes, nanos));
  }

  @Override
  public void pieceFailed(Task task, int piece, Peer parent, Outcome outcome, String reason) {
    both(l -> l.pieceFailed(task, piece, parent, outcome, reason));
  }

  @Override
  public void backToSource(FetchRequest request, String reason) {
    both(l -> l.backToSource(request, reason));
  }

  @Override
  public void queued(FetchRequest request, Queued queued, Duration time) {
    both(l -> l.queued(request, queued, time));
  }

  @Override
  public void supernodeLost(FetchRequest request, String reason) {
    both(l -> l.supernodeLost(request, reason));
  }

  @Override
  public void completed(FetchRequest request, FetchResult result) {
    both(l -> l.completed(request, result));
  }

  @Override
  public void pieceMoved(Task task, int piece, Peer from, Peer to, String reason) {
    both(l -> l.pieceMoved(task, piece, from, to, reason));
  }

  @Override
  public void pieceRead(Task task, int piece, long bytes, long nanos) {
    both(l -> l.pieceRead(task, piece, bytes, nanos));
  }

  @Override
  public void sourceRetried(Task task, String reason) {
    both(l -> l.sourceRetried(task, reason));
  }

  @Override
  public void stalled(Task task, Duration time) {
    both(l -> l.stalled(task, time));
  }

  /** A fetch failed or was cancelled, and came as far as this. */
  void failed(FetchRequest request, DistributionException failure, FetchProgress progress) {
    guard(() -> recorder.failed(request, failure, progress));
    guard(() -> listener.failed(request, failure));
  }
}

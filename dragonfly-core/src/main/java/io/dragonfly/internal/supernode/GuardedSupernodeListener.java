package io.dragonfly.internal.supernode;

import io.dragonfly.control.Origin;
import io.dragonfly.control.Outcome;
import io.dragonfly.control.SecurityEvent;
import io.dragonfly.control.SupernodeListener;
import io.dragonfly.control.SupernodeState;
import io.dragonfly.error.DistributionException;
import io.dragonfly.internal.access.AuditLog;
import io.dragonfly.peer.PeerId;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Passes on to the audit log and to a user's listener; logs what that one throws. */
record GuardedSupernodeListener(SupernodeListener listener, AuditLog audit)
    implements SupernodeListener {
  private static final Logger LOG = LoggerFactory.getLogger(GuardedSupernodeListener.class);

  private static void guard(Runnable call) {
    try {
      call.run();
    } catch (RuntimeException | LinkageError e) {
      LOG.warn("A supernode listener failed", e);
    }
  }

  @Override
  public void opened(Supplier<SupernodeState> state) {
    guard(() -> listener.opened(state));
  }

  @Override
  public void closed() {
    guard(listener::closed);
  }

  @Override
  public void registered(Task task, boolean cached) {
    guard(() -> listener.registered(task, cached));
  }

  @Override
  public void refused(DistributionException failure) {
    guard(() -> listener.refused(failure));
  }

  @Override
  public void begun(Task task, Optional<DistributionException> failure) {
    guard(() -> listener.begun(task, failure));
  }

  @Override
  public void asked(Optional<Exception> failure) {
    guard(() -> listener.asked(failure));
  }

  @Override
  public void readStarted(Task task) {
    guard(() -> listener.readStarted(task));
  }

  @Override
  public void read(TaskId task, long bytes) {
    guard(() -> listener.read(task, bytes));
  }

  @Override
  public void readRetried(TaskId task) {
    guard(() -> listener.readRetried(task));
  }

  @Override
  public void readCompleted(Task task) {
    guard(() -> listener.readCompleted(task));
  }

  @Override
  public void readFailed(TaskId task, DistributionException failure) {
    guard(() -> listener.readFailed(task, failure));
  }

  @Override
  public void damaged(TaskId task, int piece) {
    guard(() -> listener.damaged(task, piece));
  }

  @Override
  public void givenUp(TaskId task, long bytes) {
    guard(() -> listener.givenUp(task, bytes));
  }

  @Override
  public void given(TaskId task, long bytes) {
    guard(() -> listener.given(task, bytes));
  }

  @Override
  public void stalled(TaskId task, PeerId peer, String state) {
    guard(() -> listener.stalled(task, peer, state));
  }

  @Override
  public void isolated(PeerId peer, int times, String reason) {
    guard(() -> listener.isolated(peer, times, reason));
  }

  @Override
  public void security(SecurityEvent event) {
    audit.write(event);
    guard(() -> listener.security(event));
  }

  @Override
  public void reported(Task task, Origin origin, Outcome outcome, long bytes) {
    guard(() -> listener.reported(task, origin, outcome, bytes));
  }
}

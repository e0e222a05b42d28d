package io.dragonfly.control;

import io.dragonfly.error.DistributionException;
import io.dragonfly.peer.PeerId;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Receives the events of a supernode. Override the methods that you need. They are called on the
 * supernode's threads, concurrently, and without locks; they must not block. Exceptions are logged
 * and otherwise ignored.
 */
public interface SupernodeListener {
  /** A listener that does nothing. */
  SupernodeListener NONE = new SupernodeListener() {};

  /**
   * The supernode is open.
   *
   * @param state returns the current state from now on; thread-safe; it may block as long as the
   *     disk does
   */
  default void opened(Supplier<SupernodeState> state) {}

  /** The supernode is about to close. The state must not be requested any more. */
  default void closed() {}

  /**
   * A peer was admitted to a task.
   *
   * @param cached whether the supernode cache had the whole task
   */
  default void registered(Task task, boolean cached) {}

  /** A registration was refused. */
  default void refused(DistributionException failure) {}

  /**
   * The first peer has registered for a version.
   *
   * @param failure why the supernode cache cannot provide it, if it cannot
   */
  default void begun(Task task, Optional<DistributionException> failure) {}

  /**
   * A source was probed, for a registration or a revalidation.
   *
   * @param failure why it failed, if it did
   */
  default void asked(Optional<Exception> failure) {}

  /** A source download starts, or resumes an earlier one. */
  default void readStarted(Task task) {}

  /** Bytes of a source download have arrived. */
  default void read(TaskId task, long bytes) {}

  /** A source download broke off and will be resumed. */
  default void readRetried(TaskId task) {}

  /** The supernode cache has the whole task. */
  default void readCompleted(Task task) {}

  /** A source download has failed permanently. */
  default void readFailed(TaskId task, DistributionException failure) {}

  /** A piece in the supernode cache is damaged, and is downloaded again. */
  default void damaged(TaskId task, int piece) {}

  /** The supernode cache has evicted a task. */
  default void givenUp(TaskId task, long bytes) {}

  /** Bytes of a piece are sent from the supernode cache. */
  default void given(TaskId task, long bytes) {}

  /**
   * A peer is isolated for a while, because others complain about it.
   *
   * @param times how often it was isolated recently, including this time
   * @param reason the complaints
   */
  default void isolated(PeerId peer, int times, String reason) {}

  /**
   * A peer got nothing for a second, although a parent could send a piece that it lacks. The
   * scheduler has helped it. This is a bug of the scheduler.
   *
   * @param state what the scheduler knew about the peer
   */
  default void stalled(TaskId task, PeerId peer, String state) {}

  /** An operation of an operator, or a refusal that matters for security. */
  default void security(SecurityEvent event) {}

  /**
   * A peer has reported the result of a piece download; {@code bytes} is the length of the piece.
   */
  default void reported(Task task, Origin origin, Outcome outcome, long bytes) {}
}

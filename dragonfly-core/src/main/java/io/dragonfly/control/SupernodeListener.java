package io.dragonfly.control;

import io.dragonfly.error.DistributionException;
import io.dragonfly.peer.PeerId;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Sees every step of a supernode. Override what is of interest. Methods are called on the
 * supernode's own threads, some of them at once, and under none of its locks; they must be quick
 * and must not block. What they throw is logged and otherwise ignored.
 */
public interface SupernodeListener {
  /** A listener that does nothing. */
  SupernodeListener NONE = new SupernodeListener() {};

  /**
   * The supernode is open.
   *
   * @param state tells from now on how it is; may block for as long as a look at the store takes.
   *     Safe for concurrent use
   */
  default void opened(Supplier<SupernodeState> state) {}

  /** The supernode is about to close: its state is not to be asked for any more. */
  default void closed() {}

  /**
   * A peer was let in.
   *
   * @param cached whether the CDN cache had the whole task by then
   */
  default void registered(Task task, boolean cached) {}

  /** A peer was not let in. */
  default void refused(DistributionException failure) {}

  /** The first came for a version, and the CDN cache is ready for it, or cannot be. */
  default void begun(Task task, Optional<DistributionException> failure) {}

  /** A source was asked, for a registration or whether it has changed; how it failed, if it did. */
  default void asked(Optional<Exception> failure) {}

  /** The CDN cache begins to read a source, or goes on where an earlier read ended. */
  default void readStarted(Task task) {}

  /** Bytes of a content came from its source. */
  default void read(TaskId task, long bytes) {}

  /** A read broke off and goes on in a while. */
  default void readRetried(TaskId task) {}

  /** The CDN cache has the whole task. */
  default void readCompleted(Task task) {}

  /** A read has failed for good. */
  default void readFailed(TaskId task, DistributionException failure) {}

  /** A piece in the CDN cache turned out to be damaged, and is read again. */
  default void damaged(TaskId task, int piece) {}

  /** The CDN cache gave up the bytes of a task, to make room or since nobody used it. */
  default void givenUp(TaskId task, long bytes) {}

  /** Bytes of a piece go out of the CDN cache. */
  default void given(TaskId task, long bytes) {}

  /**
   * A peer is to give to nobody for a while, since others complain of it.
   *
   * @param times how often it was isolated lately, this time included
   * @param reason who complains of what
   */
  default void isolated(PeerId peer, int times, String reason) {}

  /**
   * Nothing was planned for a peer for a second, though a parent could send a piece that it lacked.
   * The scheduler has helped it. This is a bug of the scheduler.
   *
   * @param state what the scheduler knew of the peer
   */
  default void stalled(TaskId task, PeerId peer, String state) {}

  /** An operator's call, or a refusal that matters for security. */
  default void security(SecurityEvent event) {}

  /** A peer says how taking a piece ended; {@code bytes} is the piece's length. */
  default void reported(Task task, Origin origin, Outcome outcome, long bytes) {}
}

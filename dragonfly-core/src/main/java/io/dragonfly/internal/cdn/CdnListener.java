package io.dragonfly.internal.cdn;

import io.dragonfly.error.DistributionException;
import io.dragonfly.task.Digest;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Is told what happens to the CDN cache's tasks, on the cache's own threads. The events of one task
 * come in order.
 *
 * <p>Some methods may be called under locks of the cache, those of the task itself or of another
 * one that needs its room: {@link #isWanted}, {@link #evicted}, {@link #givenUp}, {@link #deleted},
 * {@link #passesOn}, {@link #dropped}, and {@link #stopped} and {@link #completed} of a read that
 * is in a pause. They must neither call the cache nor wait for a thread that does, and must not
 * block. They may take locks of their owner's: the locks of the cache come first, and whoever holds
 * one of the others must not call the cache. With that order no threads wait for each other in a
 * circle: the cache itself waits for none of its locks while it has another one of a task. All
 * other methods are called under no lock of the cache.
 */
public interface CdnListener {
  /**
   * A piece is verified and can be given.
   *
   * @param task the task, with its length if that is known by now
   */
  void sealed(Task task, int piece, Digest digest);

  /** Tells whether somebody wants pieces of a task. May be called under locks of the cache. */
  boolean isWanted(TaskId task);

  /**
   * The bytes of a task were given up to make room. Who wants them now has them read again, on
   * another thread: this may be called under the lock of the task that gets the room.
   */
  void evicted(TaskId task);

  /**
   * A task is no longer stored. Called under the task's lock, so the task is created anew only
   * after this returns.
   */
  void deleted(Task task);

  /** A piece turned out to be damaged. It is read again. */
  void lost(TaskId task, int piece);

  /**
   * A task has no place on the disk: its pieces are there only until peers have them. May be called
   * under the task's lock.
   */
  default void passesOn(TaskId task) {}

  /**
   * Returns a piece of such a task that need not be kept any longer, since enough peers have it or
   * none wants it; none if nobody has come for the task yet.
   *
   * @param ages the pieces that may go and how long they have been there, the oldest first
   */
  default OptionalInt spare(TaskId task, Map<Integer, Duration> ages) {
    return OptionalInt.empty();
  }

  /**
   * A piece is about to go, since peers can give it: nobody is to be sent here for it. May be
   * called under locks of the cache.
   */
  default void dropped(TaskId task, int piece) {}

  /** A read of a source begins, or goes on where an earlier one ended. */
  default void started(Task task) {}

  /** Bytes came from a source. */
  default void read(TaskId task, long bytes) {}

  /** A source was asked whether it has changed; how that failed, if it did. */
  default void asked(Optional<Exception> failure) {}

  /** A read broke off and goes on in a while. */
  default void brokeOff(TaskId task) {}

  /**
   * The bytes of a task were given up, to make room or since nobody used it. May be called under
   * the lock of the task that gets the room.
   */
  default void givenUp(TaskId task, long bytes) {}

  /**
   * All pieces are there, and so is the whole content's digest where one was given.
   *
   * @param task the task, with its length
   * @param content the content, if it is small
   */
  void completed(Task task, Optional<byte[]> content);

  /** A read has failed several times without getting further, and goes on in a while. */
  void retried(TaskId task, DistributionException failure);

  /** A read ended for good before all was there. */
  void failed(TaskId task, DistributionException failure);

  /** A read was stopped, since nobody wanted it any more. */
  void stopped(TaskId task);

  /**
   * Returns what else the source can be asked with.
   *
   * @param refused the fingerprints of what the source has refused
   */
  Optional<Access> access(TaskId task, Set<String> refused);
}

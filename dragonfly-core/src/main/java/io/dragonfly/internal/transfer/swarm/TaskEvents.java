package io.dragonfly.internal.transfer.swarm;

import io.dragonfly.control.Advice;
import io.dragonfly.control.Parent;
import io.dragonfly.control.Queued;
import io.dragonfly.error.DistributionException;
import io.dragonfly.task.PieceDigests;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** What a supernode says about one task to who wants it. Called on the loop. */
public interface TaskEvents {
  /** For a task that is wanted no longer, only given. */
  TaskEvents NONE =
      new TaskEvents() {
        @Override
        public void digests(PieceDigests digests) {}

        @Override
        public void lengthLearned(long length) {}

        @Override
        public void assigned(List<Assigned> assigned) {}

        @Override
        public int underWay() {
          return 0;
        }

        @Override
        public void advised(Advice advice) {}

        @Override
        public void failed(DistributionException failure) {}

        @Override
        public void queued(Optional<Queued> wait) {}

        @Override
        public void sourceRetried(DistributionException failure) {}

        @Override
        public void supernodeLost(String reason, Duration silence) {}

        @Override
        public void supernodeBack() {}
      };

  /**
   * One piece to take.
   *
   * @param piece its number
   * @param parent whom to take it from
   */
  record Assigned(int piece, Parent parent) {}

  /** More digests are known. */
  void digests(PieceDigests digests);

  /** The length is known, and with it which piece is the last. */
  void lengthLearned(long length);

  /** Pieces to take, in this order. */
  void assigned(List<Assigned> assigned);

  /** Returns how many of these are still to come. */
  int underWay();

  /** What to do if the supernode is lost. */
  void advised(Advice advice);

  /** The version ended for all, or this peer may not take part in it any longer. */
  void failed(DistributionException failure);

  /** What the task waits for at the supernode, as each response says; empty if it does not wait. */
  void queued(Optional<Queued> wait);

  /** The supernode has failed to read the source several times, and tries again. */
  void sourceRetried(DistributionException failure);

  /** The supernode does not answer, for so long already; it is tried again. */
  void supernodeLost(String reason, Duration silence);

  /** The supernode answers again. */
  void supernodeBack();
}

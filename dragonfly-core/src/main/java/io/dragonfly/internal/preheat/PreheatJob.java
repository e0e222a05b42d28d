package io.dragonfly.internal.preheat;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.control.Preheat;
import io.dragonfly.control.Preheat.State;
import io.dragonfly.error.DistributionException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** What is known of one preheat. Holds nothing secret. Safe for concurrent use. */
final class PreheatJob {
  private final String id;
  private final String what;
  private final ChosenPeers peers;
  private final InstantSource clock;
  private final Instant begun;

  @GuardedBy("this")
  private State state = State.WAITING;

  @GuardedBy("this")
  private @Nullable Instant ended;

  @GuardedBy("this")
  private int contents;

  @GuardedBy("this")
  private int done;

  @GuardedBy("this")
  private int told;

  @GuardedBy("this")
  private final Map<Integer, Long> bytes = new HashMap<>();

  @GuardedBy("this")
  private Preheat.@Nullable Failure failure;

  /** What works for it, and is to be ended with it. */
  @GuardedBy("this")
  private final List<Future<?>> work = new ArrayList<>();

  PreheatJob(String id, String what, ChosenPeers peers, InstantSource clock) {
    this.id = id;
    this.what = what;
    this.peers = peers;
    this.clock = clock;
    this.begun = clock.instant();
  }

  String id() {
    return id;
  }

  String what() {
    return what;
  }

  /** Returns which peers are to fetch it. */
  ChosenPeers peers() {
    return peers;
  }

  /** So many peers were told to fetch one of its contents. */
  synchronized void told(int count) {
    told = Math.max(told, count);
  }

  /** Something works for it; it is ended at once if the job is over. */
  void works(Future<?> future) {
    synchronized (this) {
      if (!state.isEnd()) {
        work.add(future);
        return;
      }
    }
    future.cancel(true);
  }

  /** Begins; returns false if it is over already. */
  synchronized boolean begin() {
    if (state == State.WAITING) {
      state = State.RUNNING;
    }
    return state == State.RUNNING;
  }

  /** Its contents are known. */
  synchronized void has(int count) {
    contents = count;
  }

  /** So much of a content is there. */
  synchronized void came(int content, long count) {
    bytes.put(content, count);
  }

  /** One more content is there; with the last one it is done. */
  void oneIsDone() {
    boolean isLast;
    synchronized (this) {
      done++;
      isLast = done == contents;
    }
    if (isLast) {
      end(State.DONE, null);
    }
  }

  /** Something cannot be read: what else is under way is given up. */
  void failed(DistributionException why) {
    end(State.FAILED, Preheat.Failure.of(why));
  }

  /** Ends it; returns false if it is over already. */
  boolean cancel() {
    return end(State.CANCELLED, null);
  }

  private boolean end(State how, Preheat.@Nullable Failure why) {
    List<Future<?>> left;
    synchronized (this) {
      if (state.isEnd()) {
        return false;
      }
      state = how;
      failure = why;
      ended = clock.instant();
      left = List.copyOf(work);
      work.clear();
    }
    // One of them may be the caller's own: it ends anyway, and must not leave an interrupt behind.
    if (how != State.DONE) {
      left.forEach(future -> future.cancel(true));
    }
    return true;
  }

  synchronized boolean isOver() {
    return state.isEnd();
  }

  /** Returns how it is. */
  synchronized Preheat now() {
    long sum = bytes.values().stream().mapToLong(Long::longValue).sum();
    return new Preheat(
        id,
        what,
        state,
        begun,
        Optional.ofNullable(ended),
        contents,
        done,
        sum,
        told,
        Optional.ofNullable(failure));
  }
}

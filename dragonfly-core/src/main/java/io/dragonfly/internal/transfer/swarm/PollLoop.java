package io.dragonfly.internal.transfer.swarm;

import io.dragonfly.control.PollResponse;
import io.dragonfly.control.TaskReport;
import io.dragonfly.error.BusyException;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.internal.loop.Backoff;
import io.dragonfly.internal.loop.Continuations;
import io.dragonfly.internal.loop.EventLoop;
import io.dragonfly.internal.loop.Timers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The long-poll of one peer at one supernode, for all its tasks. Confined to the loop.
 *
 * <p>A poll is open as long as there is a task, or the peer takes preheats, except for a moment
 * while this peer has plenty to take: a call costs both sides more than a piece, so results wait
 * for company as long as what is under way lasts. News are held for {@link #HOLD} at most and go
 * out with a second poll, which makes the first return. A poll that fails is tried again, later
 * each time, and its reports go out once more.
 */
final class PollLoop {
  /** How long a new wish may: nothing comes before the supernode has heard of it. */
  static final Duration WISH_HOLD = Duration.ofMillis(2);

  /** How long other news may wait for company. */
  static final Duration HOLD = Duration.ofMillis(20);

  /** How long results may, while there is plenty to take. */
  static final Duration BUSY_HOLD = Duration.ofMillis(50);

  /** Then they go on waiting until there are so many: a slow link brings few in that time. */
  private static final int FEW_RESULTS = 3;

  /** They wait so often at most. */
  static final int MOST_HOLDS = 3;

  /** With less under way there is nothing to wait for. */
  private static final int BUSY_PIECES = 4;

  /** So many results wait no longer, if no more is under way than four times as many. */
  private static final int MANY_RESULTS = 16;

  private static final long IDLE_NANOS = Duration.ofSeconds(1).toNanos();
  private static final int MOST_POLLS = 2;
  private static final Duration WORKING_PATIENCE = Duration.ofSeconds(5);
  private static final Duration SEEDING_PATIENCE = Duration.ofSeconds(30);

  private final SupernodeLink link;
  private final SupernodeCalls calls;
  private final EventLoop loop;
  private final Backoff backoff;
  private final Reporting reporting;
  private final List<Poll> open = new ArrayList<>();

  private long answered;
  private long namedIdleNanos;
  private boolean lost;
  private boolean closed;
  private int plenty;
  private Duration held = HOLD;
  private int holds;
  private Timers.@Nullable Timer hold;
  private Timers.@Nullable Timer retry;

  /** A call under way, and what it took with it. */
  private record Poll(
      long answered, Map<Membership, TaskReport> reports, CompletableFuture<PollResponse> answer) {}

  PollLoop(SupernodeLink link, SupernodeCalls calls, EventLoop loop, DoubleSupplier random) {
    this.link = link;
    this.calls = calls;
    this.loop = loop;
    this.reporting = new Reporting(link);
    this.namedIdleNanos = loop.nanos() - IDLE_NANOS;
    this.backoff = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(2), random);
  }

  boolean isLost() {
    return lost;
  }

  /** A task is wanted of which nothing was wanted before. */
  void hasWish() {
    holdAtMost(WISH_HOLD);
  }

  /** There is something to report. */
  void hasNews() {
    holdAtMost(HOLD);
  }

  private void holdAtMost(Duration delay) {
    if (hold == null || held.compareTo(delay) > 0) {
      hold(delay);
    }
  }

  /** There is a result to report: enough of them do not wait for more. */
  void hasResults() {
    if (areMany(results())) {
      send();
    } else {
      soon();
    }
  }

  /** Tells whether so many results are worth a call: the more is under way, the more can wait. */
  private boolean areMany(int results) {
    return results >= Math.min(Reporting.MOST_RESULTS, Math.max(MANY_RESULTS, plenty / 4));
  }

  private void soon() {
    if (!isBusy()) {
      if (open.isEmpty() && results() >= FEW_RESULTS) {
        send();
      } else {
        hasNews();
      }
    } else if (hold == null) {
      hold(BUSY_HOLD);
    }
  }

  private void hold(Duration delay) {
    stop(hold);
    held = delay;
    holds = holdsLong() ? holds + 1 : 0;
    hold = loop.after(delay, this::holdEnded);
  }

  private boolean holdsLong() {
    return held.equals(BUSY_HOLD);
  }

  private void holdEnded() {
    if (holdsLong() && holds < MOST_HOLDS && isBusy() && results() < FEW_RESULTS) {
      hold(BUSY_HOLD);
    } else {
      send();
    }
  }

  private int results() {
    int results = 0;
    for (Membership member : link.awake()) { // for each piece: no stream
      results += member.results();
    }
    return results;
  }

  /**
   * Tells whether more than half of what was to be taken after the last answer is still under way:
   * more should be asked for before it ends, whatever the rate is.
   */
  private boolean isBusy() {
    return plenty >= BUSY_PIECES && 2 * underWay() > plenty;
  }

  private int underWay() {
    int pieces = 0;
    for (Membership member : link.awake()) {
      pieces += member.events().underWay();
    }
    return pieces;
  }

  /** Ends the polls; nothing is said any more. */
  void close() {
    closed = true;
    stop(hold);
    stop(retry);
    List.copyOf(open).forEach(poll -> poll.answer().cancel(true));
  }

  /** The supernode answers nothing at all: nobody waits until the polls have had their time. */
  void giveUp(SupernodeUnreachableException why) {
    List.copyOf(open).forEach(poll -> poll.answer().completeExceptionally(why));
  }

  /**
   * Polls as another peer: what was under way is said again, to a supernode that knows none of it.
   */
  void beginAnew() {
    List<Poll> before = List.copyOf(open);
    open.clear();
    before.forEach(
        poll -> {
          poll.reports().forEach(Membership::putBack);
          poll.answer().cancel(true);
        });
    answered = 0;
    link.members().forEach(Membership::nameAgain);
    send();
  }

  private void send() {
    stop(hold);
    hold = null;
    holds = 0;
    boolean isIdle = link.members().isEmpty() && !link.acceptsPreheats();
    if (closed || retry != null || open.size() >= MOST_POLLS || isIdle) {
      return; // what there is goes out with the next one
    }
    Map<Membership, TaskReport> reports = reporting.take(namesIdle());
    if (reporting.isFull()) {
      hold(HOLD); // the next call takes the rest, and makes this one return
    }
    boolean working = link.awake().stream().anyMatch(Membership::isWanting);
    CompletableFuture<PollResponse> answer =
        calls.next(
            answered, List.copyOf(reports.values()), patience(working), link.acceptsPreheats());
    Poll poll = new Poll(answered, reports, answer);
    open.add(poll);
    Continuations.whenDone(answer, (got, failure) -> ended(poll, got, failure));
  }

  /**
   * One that is back has nothing to say, maybe for long: that it is back should be known at once.
   */
  private Duration patience(boolean working) {
    if (lost) {
      return Duration.ZERO;
    }
    return working ? WORKING_PATIENCE : SEEDING_PATIENCE;
  }

  private void ended(Poll poll, @Nullable PollResponse got, @Nullable Throwable failure) {
    if (!open.remove(poll) || closed) {
      return;
    }
    try {
      if (got != null) {
        answered(poll, got);
      } else if (failure != null) {
        failed(poll, failure);
      }
    } catch (RuntimeException | Error e) {
      // A defect here must not end the polls.
      sendLater(backoff.next());
      throw e;
    }
  }

  /** Once in a while, for tasks that nothing is wanted of: each costs as much as one that is. */
  private boolean namesIdle() {
    long now = loop.nanos();
    boolean is = open.isEmpty() && now - namedIdleNanos >= IDLE_NANOS;
    if (is) {
      namedIdleNanos = now;
    }
    return is;
  }

  private void answered(Poll poll, PollResponse answer) {
    backoff.reset();
    if (lost) {
      lost = false;
      link.back();
    }
    if (answer.number() <= poll.answered()) {
      // It counts from 1 again: it has been started anew and may know none of our tasks.
      answered = answer.number();
      link.members().forEach(Membership::nameAgain);
    } else {
      answered = Math.max(answered, answer.number());
    }
    link.revoked(answer.revoked());
    link.received(answer.updates());
    link.preheat(answer.preheats());
    // With another poll open there is none to send at once: that one was sent before this answer
    // was known here, so the supernode says all of it again, and two polls could go on for ever
    // making it do so.
    plenty = underWay();
    if (open.isEmpty() && areMany(results())) {
      send();
    } else if (open.isEmpty() && plenty >= BUSY_PIECES) {
      hold(BUSY_HOLD);
    } else if (open.isEmpty() && !answer.updates().isEmpty()) {
      send();
    } else if (open.isEmpty() || link.awake().stream().anyMatch(Membership::hasNews)) {
      soon();
    }
  }

  private void failed(Poll poll, Throwable failure) {
    poll.reports().forEach(Membership::putBack);
    if (failure instanceof CallRefusedException refused) {
      link.refused(refused);
      return;
    }
    Duration pause = backoff.next();
    if (failure instanceof BusyException busy) {
      pause = Collections.max(List.of(pause, busy.retryAfter()));
    } else if (!lost) {
      lost = true;
      link.lost(String.valueOf(failure.getMessage()));
    }
    sendLater(pause);
  }

  private void sendLater(Duration pause) {
    if (retry == null) {
      retry =
          loop.after(
              pause,
              () -> {
                retry = null;
                send();
              });
    }
  }

  private static void stop(Timers.@Nullable Timer timer) {
    if (timer != null) {
      timer.cancel();
    }
  }
}

package io.dragonfly.internal.transfer.swarm;

import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.internal.loop.Backoff;
import io.dragonfly.internal.loop.Continuations;
import io.dragonfly.internal.loop.EventLoop;
import io.dragonfly.internal.loop.Timers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Whether one supernode answers, as all calls to it show. One that has been silent for {@link
 * #PATIENCE}, or as long as somebody is ready to wait, is down: from then on a short question goes
 * before each registration, one at a time, so that only the first one waits in vain. A refused
 * connection costs that question nothing; where nobody answers at all it is asked less and less
 * often. Confined to the loop.
 */
final class SupernodeHealth {
  /** A supernode that is just being started again answers within this time. */
  static final Duration PATIENCE = Duration.ofSeconds(3);

  /** How long a machine with much to do may take to answer the question. */
  static final Duration LIMIT = Duration.ofSeconds(4);

  /** How long a registration waits for the question's answer. */
  private static final Duration GLANCE = Duration.ofMillis(500);

  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

  private final EventLoop loop;
  private final Backoff pauses;
  private Function<Duration, CompletableFuture<?>> probe =
      limit -> CompletableFuture.completedFuture(null);
  private final List<Runnable> onBack = new ArrayList<>();
  private @Nullable CompletableFuture<Boolean> asked;
  private long askedNanos;
  private long heardNanos;
  private long silentNanos;
  private boolean silent;
  private long quietUntil;
  private boolean quiet;
  private String reason = "";

  SupernodeHealth(EventLoop loop, DoubleSupplier random) {
    this.loop = loop;
    this.pauses = new Backoff(FIRST_PAUSE, LONGEST_PAUSE, random);
    this.heardNanos = loop.activeNanos();
  }

  /** Sets the question that costs the supernode least; it is given its limit. */
  void probe(Function<Duration, CompletableFuture<?>> shortest) {
    probe = shortest;
  }

  /** Sets what is done, beside others, when a supernode that was down answers. */
  void onBack(Runnable action) {
    onBack.add(action);
  }

  /** An answer came, whatever it says. */
  void heard() {
    boolean wasDown = isDown();
    heardNanos = loop.activeNanos();
    silent = false;
    quiet = false;
    pauses.reset();
    if (wasDown) {
      onBack.forEach(Runnable::run);
    }
  }

  /** A call that began then got no answer. */
  void unanswered(long startNanos, SupernodeUnreachableException failure) {
    reason = String.valueOf(failure.getMessage());
    if (!silent && startNanos - heardNanos >= 0) {
      silent = true;
      silentNanos = startNanos;
    }
  }

  /** Tells whether it has been silent for so long that nobody should wait who has another way. */
  boolean isDown() {
    return isDown(PATIENCE);
  }

  /** Tells whether it has been silent for so long. */
  boolean isDown(Duration patience) {
    return silent && loop.activeNanos() - silentNanos >= Timers.nanosOf(patience);
  }

  /**
   * Tells whether it may go on: a question of it hung until its limit, as with a process that is
   * stopped, but it has not been silent for so long yet.
   */
  boolean mayGoOn(Duration patience) {
    return silent && quiet && !isDown(patience);
  }

  /** Returns how long no answer has come. */
  Duration silence() {
    return Duration.ofNanos(loop.activeNanos() - heardNanos);
  }

  /** Returns what the last call that got no answer ended with. */
  String reason() {
    return reason;
  }

  /**
   * Asks whether it is there, unless it is being asked. Completes on the loop with its answer or,
   * within {@link #LIMIT}, that there was none.
   */
  CompletableFuture<Boolean> ask() {
    if (asked != null) {
      return asked;
    }
    CompletableFuture<Boolean> result = new CompletableFuture<>();
    asked = result;
    askedNanos = loop.activeNanos();
    loop.when(probe.apply(LIMIT), done -> end(result, true), failure -> end(result, false));
    return result;
  }

  private void end(CompletableFuture<Boolean> result, boolean answered) {
    asked = null;
    quiet = !answered && loop.activeNanos() - askedNanos > GLANCE.toNanos();
    if (quiet) {
      quietUntil = loop.activeNanos() + pauses.next().toNanos();
    }
    result.complete(answered);
  }

  /** Asks one that was down, unless it was asked a short while ago: it may be there again. */
  void nudge() {
    if (isDown() && !(quiet && quietUntil - loop.activeNanos() > 0)) {
      var unused = ask();
    }
  }

  /** The same for who has no time: completes soon, with false if there was no answer by then. */
  CompletableFuture<Boolean> glance() {
    if (quiet && quietUntil - loop.activeNanos() > 0) {
      return CompletableFuture.completedFuture(false);
    }
    CompletableFuture<Boolean> answer = ask();
    long left = askedNanos + GLANCE.toNanos() - loop.activeNanos();
    if (answer.isDone()) {
      return answer;
    }
    CompletableFuture<Boolean> result = new CompletableFuture<>();
    if (left <= 0) {
      result.complete(false);
      return result;
    }
    Timers.Timer timer = loop.timeout(Duration.ofNanos(left), () -> result.complete(false));
    Continuations.whenDone(answer, (there, never) -> timer.cancel());
    Continuations.passOn(answer, result);
    return result;
  }
}

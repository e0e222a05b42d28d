package io.dragonfly.internal.rate;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.internal.rate.LimitWords.Direction;
import io.dragonfly.rate.Rate;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The limit of the host that this process is on: the lowest rate that one of its processes gives,
 * in each direction. The processes find each other by a {@link LimitFile}; one that may not open it
 * says so once and keeps to its own rate alone. Looks every {@link #LOOK_EVERY} what the others
 * say. Safe for concurrent use.
 */
final class HostLimit implements AutoCloseable {
  /** So soon a rate that another process gives holds here. */
  static final Duration LOOK_EVERY = Duration.ofMillis(500);

  private static final Logger LOG = LoggerFactory.getLogger(HostLimit.class);
  private static final float NO_RATE = Float.POSITIVE_INFINITY;

  private final LimitFile file;
  private final ScheduledExecutorService timer;
  private final LongSupplier nanoClock;
  private final HostFlow down;
  private final HostFlow up;
  private final Future<?> looking;

  @GuardedBy("this")
  private LimitWords words;

  @GuardedBy("this")
  private LimitWords.Place place = LimitWords.Place.NONE;

  @GuardedBy("this")
  private Optional<Rate> own;

  /** The lowest that the other processes gave when this one last looked. */
  @GuardedBy("this")
  private float lowestOfOthers = NO_RATE;

  @GuardedBy("this")
  private Optional<Rate> holding = Optional.empty();

  @GuardedBy("this")
  private boolean complained;

  @GuardedBy("this")
  private boolean closed;

  /**
   * A limit.
   *
   * @param timer stays its owner's
   */
  HostLimit(
      Optional<Rate> own, LimitFile file, ScheduledExecutorService timer, LongSupplier nanoClock) {
    this.own = own;
    this.file = file;
    this.timer = timer;
    this.nanoClock = nanoClock;
    LimitWords alone = LimitWords.alone();
    this.words = alone;
    this.down = flow(Direction.DOWN, alone);
    this.up = flow(Direction.UP, alone);
    look();
    long every = LOOK_EVERY.toNanos();
    this.looking =
        timer.scheduleWithFixedDelay(this::lookAgain, every, every, TimeUnit.NANOSECONDS);
  }

  private HostFlow flow(Direction direction, LimitWords alone) {
    HostFlow[] flow = new HostFlow[1];
    flow[0] =
        new HostFlow(
            direction,
            alone,
            nanoClock,
            nanos -> {
              try {
                var unused = timer.schedule(flow[0]::wake, nanos, TimeUnit.NANOSECONDS);
              } catch (RejectedExecutionException e) {
                LOG.debug("The client is closed, nobody waits for this limit");
              }
            });
    return flow[0];
  }

  HostFlow down() {
    return down;
  }

  HostFlow up() {
    return up;
  }

  /** Returns the rate that this process gives. */
  synchronized Optional<Rate> own() {
    return own;
  }

  /** Returns the rate that holds, or will as soon as the timer has come to it. */
  synchronized Optional<Rate> holding() {
    return holding;
  }

  /** Changes the rate that this process gives; it holds as soon as the timer has come to it. */
  void setOwn(Optional<Rate> rate) {
    synchronized (this) {
      own = rate;
      holds(lowest());
    }
    try {
      timer.execute(this::lookAgain);
    } catch (RejectedExecutionException e) {
      LOG.debug("The client is closed, its limit does not matter");
    }
  }

  private void lookAgain() {
    try {
      look();
    } catch (RuntimeException e) {
      LOG.error("The limit of the host cannot be looked at", e); // or it would never be again
    }
  }

  private synchronized void look() {
    if (closed) {
      return;
    }
    findOthers();
    long now = nanoClock.getAsLong();
    place = words.show(place, ownRate(), now);
    LimitWords.Seen seen = words.look(now, place);
    lowestOfOthers = seen.lowest();
    float lowest = lowest();
    down.set(words, lowest, seen.alive());
    up.set(words, lowest, seen.alive());
    holds(lowest);
  }

  @GuardedBy("this")
  private float ownRate() {
    return own.map(rate -> (float) rate.bytesPerSecond()).orElse(NO_RATE);
  }

  @GuardedBy("this")
  private float lowest() {
    return Math.min(lowestOfOthers, ownRate());
  }

  @GuardedBy("this")
  private void holds(float lowest) {
    Optional<Rate> holds =
        lowest == NO_RATE ? Optional.empty() : Optional.of(Rate.ofBytes((long) lowest));
    if (!holds.equals(holding)) {
      LOG.info("The limit of this host is {}", holds.map(Rate::toString).orElse("lifted"));
      holding = holds;
    }
  }

  @GuardedBy("this")
  private void findOthers() {
    try {
      Optional<LimitWords> found = file.find(own.isPresent());
      if (found.isPresent()) {
        words.leave(place);
        place = LimitWords.Place.NONE;
        words = found.get();
      }
    } catch (IOException e) {
      if (!complained) {
        complained = true;
        LOG.warn(
            "The limit of this host cannot be shared, this process keeps to its own: {}",
            e.getMessage());
      }
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    looking.cancel(false);
    words.leave(place);
  }
}

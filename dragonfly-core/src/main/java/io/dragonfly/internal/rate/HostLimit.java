package io.dragonfly.internal.rate;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.internal.rate.LimitWords.Direction;
import io.dragonfly.rate.Rate;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The host limit: the lowest rate that a process of the host has set, in each direction. It holds
 * for the processes that take part. They share it by a {@link LimitFile}. A process that may not
 * open the file logs this once and limits only itself. Reads the rates of the others every {@link
 * #LOOK_EVERY}. Safe for concurrent use.
 */
final class HostLimit implements AutoCloseable {
  /** So soon a rate that another process gives holds here. */
  static final Duration LOOK_EVERY = Duration.ofMillis(500);

  private static final Logger LOG = LoggerFactory.getLogger(HostLimit.class);
  private static final float NO_RATE = Float.POSITIVE_INFINITY;

  private final boolean always;
  private final LimitFile file;
  private final ScheduledExecutorService timer;
  private final LongSupplier nanoClock;
  private final LimitWords alone = LimitWords.alone();
  private final HostFlow down;
  private final HostFlow up;
  private final Future<?> looking;

  @GuardedBy("this")
  private LimitWords words;

  @GuardedBy("this")
  private LimitWords.Place place = LimitWords.Place.NONE;

  /** Used without a place in the shared words. */
  @GuardedBy("this")
  private LimitWords.Place placeAlone = LimitWords.Place.NONE;

  @GuardedBy("this")
  private Optional<Rate> own;

  /** The lowest rate that the other processes had set when this one last looked. */
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
   * @param always whether this process takes part also while it has set no rate
   * @param own the rate that this process has set
   * @param timer stays its owner's
   */
  HostLimit(
      boolean always,
      Optional<Rate> own,
      LimitFile file,
      ScheduledExecutorService timer,
      LongSupplier nanoClock) {
    this.always = always;
    this.own = own;
    this.file = file;
    this.timer = timer;
    this.nanoClock = nanoClock;
    this.words = alone;
    this.down = new HostFlow(Direction.DOWN, alone, nanoClock);
    this.up = new HostFlow(Direction.UP, alone, nanoClock);
    look();
    long every = LOOK_EVERY.toNanos();
    this.looking =
        timer.scheduleWithFixedDelay(this::lookAgain, every, every, TimeUnit.NANOSECONDS);
  }

  HostFlow down() {
    return down;
  }

  HostFlow up() {
    return up;
  }

  /** Returns the rate that this process has set. */
  synchronized Optional<Rate> own() {
    return own;
  }

  /** Returns the rate that holds, or will as soon as the timer has come to it. */
  synchronized Optional<Rate> holding() {
    return holding;
  }

  /** Changes the rate that this process sets. It holds as soon as the timer has run. */
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
      LOG.error("Cannot read the host limit", e); // or the timer would not run again
    }
  }

  private synchronized void look() {
    if (closed) {
      return;
    }
    long now = nanoClock.getAsLong();
    if (takesPart()) {
      findOthers();
      place = words.show(place, ownRate(), now);
      lowestOfOthers = words.lowestRate(now, place);
    } else {
      words.leave(place);
      place = LimitWords.Place.NONE;
    }
    boolean isShared = place.slot() >= 0;
    if (isShared) {
      setFlows(words, place);
    } else {
      setFlowsAlone(now);
      if (takesPart()) {
        complain("too many processes share it");
      }
    }
    holds(lowest());
  }

  @GuardedBy("this")
  private void setFlowsAlone(long now) {
    placeAlone = alone.show(placeAlone, NO_RATE, now);
    setFlows(alone, placeAlone);
  }

  @GuardedBy("this")
  private void setFlows(LimitWords in, LimitWords.Place at) {
    for (HostFlow flow : List.of(down, up)) {
      flow.set(in, at, lowest());
    }
  }

  @GuardedBy("this")
  private boolean takesPart() {
    return always || own.isPresent();
  }

  @GuardedBy("this")
  private float ownRate() {
    return own.map(rate -> (float) rate.bytesPerSecond()).orElse(NO_RATE);
  }

  @GuardedBy("this")
  private float lowest() {
    return takesPart() ? Math.min(lowestOfOthers, ownRate()) : NO_RATE;
  }

  @GuardedBy("this")
  private void holds(float lowest) {
    Optional<Rate> holds =
        lowest == NO_RATE ? Optional.empty() : Optional.of(Rate.ofBytes((long) lowest));
    if (!holds.equals(holding)) {
      LOG.info("The host limit is {}", holds.isEmpty() ? "lifted" : text(holds.get()));
      holding = holds;
    }
  }

  /** Returns the rate that holds, for people, and who has set it: it is often another process. */
  @GuardedBy("this")
  private String text(Rate rate) {
    String[] units = {"KiB", "MiB", "GiB"};
    double value = rate.bytesPerSecond() / 1024.0;
    int unit = 0;
    while (value >= 1024 && unit < units.length - 1) {
      value /= 1024;
      unit++;
    }
    String whose =
        lowestOfOthers < ownRate() ? "set by another process of this host" : "set by this process";
    return String.format(Locale.ROOT, "%.1f %s/s, %s", value, units[unit], whose);
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
      complain(String.valueOf(e.getMessage()));
    }
  }

  @GuardedBy("this")
  private void complain(String why) {
    if (!complained) {
      complained = true;
      LOG.warn("This process does not share the host limit, it limits only itself: {}", why);
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    looking.cancel(false);
    setFlowsAlone(nanoClock.getAsLong()); // the place is another process's from now on
    words.leave(place);
  }
}

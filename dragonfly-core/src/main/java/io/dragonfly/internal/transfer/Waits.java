package io.dragonfly.internal.transfer;

import io.dragonfly.control.Queued;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * The waits of one fetch in queues: what it waits for, and for how long. A wait lasts while it is
 * reported again within {@link #FRESH}: a supernode that is lost reports no wait. Changed on the
 * loop, read from any thread.
 */
final class Waits {
  /** As long as the lease of a peer that downloads: an older report says nothing. */
  static final Duration FRESH = Duration.ofSeconds(15);

  private final LongSupplier nanos;
  private volatile Wait wait;

  /** How long the fetch has waited since the last byte, up to the last report. */
  private long sinceByteNanos;

  /**
   * A wait.
   *
   * @param queued what was reported last; empty before the first report
   * @param isOver whether it was reported to be over
   * @param earlierNanos how long those before it took
   */
  private record Wait(
      Optional<Queued> queued,
      long startNanos,
      long reportedNanos,
      boolean isOver,
      long earlierNanos) {
    boolean isFresh(long now) {
      return !isOver && now - reportedNanos < FRESH.toNanos();
    }

    long length() {
      return reportedNanos - startNanos;
    }
  }

  /**
   * A wait that is over.
   *
   * @param queued what was reported last
   */
  record Ended(Queued queued, Duration time) {}

  Waits(LongSupplier nanos) {
    this.nanos = nanos;
    long now = nanos.getAsLong();
    this.wait = new Wait(Optional.empty(), now, now, true, 0);
  }

  /**
   * Takes in a report.
   *
   * @param queued what the fetch waits for; empty if it does not wait
   * @param byteNanos when the last byte came
   * @return the wait that is over, if there was one
   */
  Optional<Ended> reported(Optional<Queued> queued, long byteNanos) {
    long now = nanos.getAsLong();
    Wait before = wait;
    boolean goesOn = before.isFresh(now);
    sinceByteNanos = sinceByte(byteNanos).toNanos();
    Wait last =
        goesOn
            ? new Wait(before.queued(), before.startNanos(), now, false, before.earlierNanos())
            : before;
    if (queued.isPresent() && goesOn) {
      wait = new Wait(queued, last.startNanos(), now, false, last.earlierNanos());
      return Optional.empty();
    }
    long earlier = last.earlierNanos() + (last.isOver() ? 0 : last.length());
    wait =
        queued.isPresent()
            ? new Wait(queued, now, now, false, earlier)
            : new Wait(last.queued(), last.startNanos(), last.reportedNanos(), true, earlier);
    return last.isOver()
        ? Optional.empty()
        : last.queued().map(over -> new Ended(over, Duration.ofNanos(last.length())));
  }

  /** Returns what the fetch waits for now. */
  Optional<Queued> now() {
    Wait last = wait;
    return last.isFresh(nanos.getAsLong()) ? last.queued() : Optional.empty();
  }

  /** Returns the later of a time and the last report of a wait. */
  long latest(long otherNanos) {
    Wait last = wait;
    boolean isLater = last.queued().isPresent() && last.reportedNanos() - otherNanos > 0;
    return isLater ? last.reportedNanos() : otherNanos;
  }

  /** Returns in words what was reported last, also if it is over; empty if nothing was. */
  Optional<String> last() {
    Wait last = wait;
    long seconds = Duration.ofNanos(nanos.getAsLong() - last.reportedNanos()).toSeconds();
    return last.queued().map(queued -> "\"%s\" %d s ago".formatted(queued, seconds));
  }

  /** Returns how long the fetch has waited in all. */
  Duration total() {
    Wait last = wait;
    long now = nanos.getAsLong();
    long current = last.isFresh(now) ? now - last.startNanos() : last.isOver() ? 0 : last.length();
    return Duration.ofNanos(last.earlierNanos() + current);
  }

  /** Returns how long the fetch has waited since the last byte. On the loop. */
  Duration sinceByte(long byteNanos) {
    Wait last = wait;
    long now = nanos.getAsLong();
    boolean cameSince = byteNanos - last.reportedNanos() > 0;
    long before = cameSince ? 0 : sinceByteNanos;
    if (!last.isFresh(now)) {
      return Duration.ofNanos(before);
    }
    long since = cameSince ? byteNanos : last.reportedNanos();
    return Duration.ofNanos(before + Math.max(0, now - since));
  }
}

package io.dragonfly.testkit;

import io.dragonfly.control.Outcome;
import java.time.Duration;
import java.util.Optional;

/**
 * What goes wrong when bytes are taken from a parent through a {@link FakeNetwork}. Immutable.
 *
 * @param delay how long the answer is late; zero for not at all
 * @param afterBytes after how many bytes the rest of the fault happens
 * @param end how the take ends then, if it does
 * @param stalls whether nothing comes then until {@link FakeNetwork#heal}
 * @param wrong whether the bytes from there on are wrong
 */
public record Fault(
    Duration delay, long afterBytes, Optional<End> end, boolean stalls, boolean wrong) {

  /**
   * How a take ends.
   *
   * @param outcome what its sink is told
   * @param message why
   */
  public record End(Outcome outcome, String message) {}

  /** Each bit of the bytes after the first {@code bytes} is wrong. */
  public static Fault wrongBytesAfter(long bytes) {
    return new Fault(Duration.ZERO, bytes, Optional.empty(), false, true);
  }

  /** All bytes are wrong. */
  public static Fault wrongBytes() {
    return wrongBytesAfter(0);
  }

  /** No byte comes after the first {@code bytes}, until the fault is healed. */
  public static Fault stallAfter(long bytes) {
    return new Fault(Duration.ZERO, bytes, Optional.empty(), true, false);
  }

  /** The parent accepts the connection and says nothing, until the fault is healed. */
  public static Fault stall() {
    return stallAfter(0);
  }

  /** The connection breaks after the first {@code bytes}. */
  public static Fault dropAfter(long bytes) {
    return endAfter(bytes, Outcome.UNREACHABLE, "the connection broke");
  }

  /** The parent refuses. */
  public static Fault refuse() {
    return endAfter(0, Outcome.REFUSED, "the parent refuses");
  }

  /** The parent asks to come later. */
  public static Fault notYet() {
    return endAfter(0, Outcome.NOT_YET, "the parent asks to come later");
  }

  /** The parent cannot be reached. */
  public static Fault unreachable() {
    return endAfter(0, Outcome.UNREACHABLE, "nothing listens there");
  }

  /** The answer is right, but comes this much later. */
  public static Fault delay(Duration delay) {
    return new Fault(delay, Long.MAX_VALUE, Optional.empty(), false, false);
  }

  private static Fault endAfter(long bytes, Outcome outcome, String message) {
    return new Fault(Duration.ZERO, bytes, Optional.of(new End(outcome, message)), false, false);
  }
}

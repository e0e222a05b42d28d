package io.dragonfly.spi;

import java.util.function.LongSupplier;

/** Makes a {@link Scheduler}. Found by ServiceLoader; an instance given to a builder wins. */
public interface SchedulerProvider {
  /** Returns the name that settings choose it by, such as {@code planned}. */
  String name();

  /**
   * Makes a scheduler.
   *
   * @param nanoClock monotonic nanoseconds, as {@link System#nanoTime} has them
   */
  Scheduler create(LongSupplier nanoClock);
}

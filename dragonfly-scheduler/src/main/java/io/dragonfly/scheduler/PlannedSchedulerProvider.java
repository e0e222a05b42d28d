package io.dragonfly.scheduler;

import io.dragonfly.spi.Scheduler;
import io.dragonfly.spi.SchedulerProvider;
import java.util.function.LongSupplier;

/** Creates {@link PlannedScheduler}s. Its name is {@code planned}. */
public final class PlannedSchedulerProvider implements SchedulerProvider {
  /** Called by ServiceLoader. */
  public PlannedSchedulerProvider() {}

  @Override
  public String name() {
    return "planned";
  }

  @Override
  public Scheduler create(LongSupplier nanoClock) {
    return new PlannedScheduler(nanoClock);
  }
}

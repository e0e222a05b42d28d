package io.dragonfly.scheduler;

import io.dragonfly.spi.Scheduler;
import io.dragonfly.spi.SchedulerProvider;
import java.util.function.LongSupplier;

/** Makes {@link PlannedScheduler}s, under the name {@code planned}. */
public final class PlannedSchedulerProvider implements SchedulerProvider {
  /** Made by ServiceLoader. */
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

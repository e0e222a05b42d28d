package io.dragonfly.scheduler;

import io.dragonfly.spi.Scheduler;
import io.dragonfly.testkit.SchedulerContract;
import java.util.function.LongSupplier;

class PlannedSchedulerTest extends SchedulerContract {
  @Override
  protected Scheduler create(LongSupplier nanoClock) {
    return new PlannedScheduler(nanoClock);
  }
}

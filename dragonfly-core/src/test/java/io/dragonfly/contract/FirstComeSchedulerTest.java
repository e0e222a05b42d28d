package io.dragonfly.contract;

import io.dragonfly.spi.Scheduler;
import io.dragonfly.testkit.FirstComeScheduler;
import io.dragonfly.testkit.SchedulerContract;
import java.util.function.LongSupplier;

class FirstComeSchedulerTest extends SchedulerContract {
  @Override
  protected Scheduler create(LongSupplier nanoClock) {
    return new FirstComeScheduler();
  }
}

/** The schedulers, the simulator and supernode clusters. */
module io.dragonfly.scheduler {
  requires static transitive org.jspecify;
  requires static com.google.errorprone.annotations;
  requires transitive io.dragonfly.core;

  exports io.dragonfly.scheduler;
  exports io.dragonfly.scheduler.simulator;

  provides io.dragonfly.spi.SchedulerProvider with
      io.dragonfly.scheduler.PlannedSchedulerProvider;
}

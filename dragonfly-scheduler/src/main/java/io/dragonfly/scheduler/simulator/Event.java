package io.dragonfly.scheduler.simulator;

/** Something that happens at a time. One that is over may be used again. */
abstract class Event {
  abstract void happen();
}

package io.dragonfly.scheduler.simulator;

/** Something that happens at a given time. It can be reused after it has happened. */
abstract class Event {
  abstract void happen();
}

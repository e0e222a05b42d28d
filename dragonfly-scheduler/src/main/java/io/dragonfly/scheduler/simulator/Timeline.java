package io.dragonfly.scheduler.simulator;

import java.util.Arrays;

/**
 * Events ordered by virtual time in nanoseconds. Of two events at the same time the one that was
 * added first comes first. It is a heap with four children per node, which are adjacent in memory.
 */
final class Timeline {
  private static final int CHILDREN = 4;

  private Event[] events = new Event[1024];
  private long[] times = new long[1024];
  private long[] numbers = new long[1024];
  private int size;
  private long number;
  private long now;

  long now() {
    return now;
  }

  boolean isEmpty() {
    return size == 0;
  }

  void after(long nanos, Event event) {
    at(now + nanos, event);
  }

  void after(long nanos, Runnable action) {
    at(now + nanos, action);
  }

  void at(long time, Runnable action) {
    at(
        time,
        new Event() {
          @Override
          void happen() {
            action.run();
          }
        });
  }

  void at(long time, Event event) {
    if (size == events.length) {
      events = Arrays.copyOf(events, 2 * size);
      times = Arrays.copyOf(times, 2 * size);
      numbers = Arrays.copyOf(numbers, 2 * size);
    }
    int place = size++;
    long own = number++;
    while (place > 0) {
      int parent = (place - 1) / CHILDREN;
      if (times[parent] <= time) {
        break;
      }
      move(parent, place);
      place = parent;
    }
    put(place, event, time, own);
  }

  /** Advances the time to the next event and runs it. */
  void next() {
    Event event = events[0];
    now = times[0];
    size--;
    Event last = events[size];
    if (size > 0) {
      sink(last, times[size], numbers[size]);
    }
    event.happen();
  }

  private void sink(Event event, long time, long own) {
    int place = 0;
    for (int first = 1; first < size; first = CHILDREN * place + 1) {
      int least = first;
      int end = Math.min(first + CHILDREN, size);
      for (int child = first + 1; child < end; child++) {
        if (isBefore(child, times[least], numbers[least])) {
          least = child;
        }
      }
      if (!isBefore(least, time, own)) {
        break;
      }
      move(least, place);
      place = least;
    }
    put(place, event, time, own);
  }

  private boolean isBefore(int place, long time, long own) {
    return times[place] < time || (times[place] == time && numbers[place] < own);
  }

  private void move(int from, int to) {
    put(to, events[from], times[from], numbers[from]);
  }

  private void put(int place, Event event, long time, long own) {
    events[place] = event;
    times[place] = time;
    numbers[place] = own;
  }
}

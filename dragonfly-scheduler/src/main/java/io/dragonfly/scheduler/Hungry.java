package io.dragonfly.scheduler;

import java.util.LinkedHashSet;
import java.util.Set;

/**
 * The takers of one task that could take more, but have found nobody to take it from. Whatever may
 * change that wakes the first of them; if that one finds something, or has nothing from it, the
 * next is woken. So all are woken as long as there is anything to find, but nobody more often than
 * now and then in vain.
 */
final class Hungry {
  /** At most a twentieth of the time goes into vain attempts, of which each costs about 1 µs. */
  private static final long NANOS_PER_ATTEMPT = 20_000;

  private final Fleet fleet;
  private Set<Member> waiting = new LinkedHashSet<>();
  private Set<Member> disappointed = new LinkedHashSet<>();
  private long turned;

  Hungry(Fleet fleet) {
    this.fleet = fleet;
  }

  void foundNothing(Member taker) {
    disappointed.add(taker);
    wakeOneOf(waiting);
  }

  void foundSomething() {
    wakeOne();
  }

  void remove(Member taker) {
    waiting.remove(taker);
    disappointed.remove(taker);
  }

  /** There may be something for somebody. */
  void wakeOne() {
    if (waiting.isEmpty() && !disappointed.isEmpty()) {
      long now = fleet.now();
      if (now - turned >= disappointed.size() * NANOS_PER_ATTEMPT) {
        turned = now;
        Set<Member> empty = waiting;
        waiting = disappointed;
        disappointed = empty;
      }
    }
    wakeOneOf(waiting);
  }

  private void wakeOneOf(Set<Member> members) {
    var first = members.iterator();
    if (first.hasNext()) {
      fleet.ready(first.next().peer());
      first.remove();
    }
  }

  /** Wakes all: time has passed. */
  void wakeAll() {
    waiting.addAll(disappointed);
    disappointed.clear();
    waiting.forEach(taker -> fleet.ready(taker.peer()));
    waiting.clear();
  }
}

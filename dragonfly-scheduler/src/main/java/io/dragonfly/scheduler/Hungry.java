package io.dragonfly.scheduler;

import java.util.LinkedHashSet;
import java.util.Set;

/**
 * The takers of one task that could take more, but have found nobody to take it from. Whatever may
 * change that wakes one of them; if that one finds something, or has nothing from it, the next is
 * woken. So all are woken as long as there is anything to find, but nobody more often than now and
 * then in vain. Who has got something stands behind who has not.
 */
final class Hungry {
  /** At most a twentieth of the time goes into vain attempts, of which each costs about 1 µs. */
  private static final long NANOS_PER_ATTEMPT = 20_000;

  private final Fleet fleet;

  /** To be woken, in this order. */
  private final Set<Member> waiting = new LinkedHashSet<>();

  /** Woken in vain since the last turn. */
  private final Set<Member> disappointed = new LinkedHashSet<>();

  /** Got something since the last turn, and could take more. */
  private final Set<Member> fed = new LinkedHashSet<>();

  private final Set<Member> eating = new LinkedHashSet<>();
  private long turned;

  Hungry(Fleet fleet) {
    this.fleet = fleet;
  }

  /** A taker had room, and nobody to fill it; {@code anythingLeft} for others, maybe. */
  void foundNothing(Member taker, boolean anythingLeft) {
    waiting.remove(taker);
    if (eating.remove(taker)) {
      disappointed.remove(taker);
      fed.add(taker);
    } else if (!fed.contains(taker)) {
      disappointed.add(taker);
    }
    if (anythingLeft) {
      wakeFirst();
    }
  }

  void foundSomething(Member taker) {
    eating.add(taker);
    wakeOne();
  }

  void remove(Member taker) {
    waiting.remove(taker);
    disappointed.remove(taker);
    fed.remove(taker);
    eating.remove(taker);
  }

  /** There may be something for somebody. */
  void wakeOne() {
    if (waiting.isEmpty()) {
      turn();
    }
    wakeFirst();
  }

  private void turn() {
    int size = disappointed.size() + fed.size();
    if (size > 0 && fleet.now() - turned >= size * NANOS_PER_ATTEMPT) {
      turned = fleet.now();
      gather();
    }
  }

  private void gather() {
    waiting.addAll(disappointed);
    waiting.addAll(fed);
    disappointed.clear();
    fed.clear();
  }

  private void wakeFirst() {
    var first = waiting.iterator();
    if (first.hasNext()) {
      fleet.ready(first.next().peer());
      first.remove();
    }
  }

  /** Wakes all: time has passed. */
  void wakeAll() {
    gather();
    waiting.forEach(taker -> fleet.ready(taker.peer()));
    waiting.clear();
    eating.clear();
  }
}

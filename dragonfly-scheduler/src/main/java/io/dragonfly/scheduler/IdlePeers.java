package io.dragonfly.scheduler;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * The takers of one task that could take more, but have found nobody to take it from. None of them
 * looks again before it is woken. Whatever may change what one has found wakes one of them; if that
 * one finds something, or has nothing from it, the next is woken. So all are woken as long as there
 * is anything to find, but hardly more often in vain than something happens. Who has got something
 * stands behind who has not.
 */
final class Hungry {
  private final Fleet fleet;
  private final BooleanSupplier mayFind;

  /** To be woken, in this order. */
  private final Set<Member> waiting = new LinkedHashSet<>();

  /** Woken in vain since the last turn. */
  private final Set<Member> disappointed = new LinkedHashSet<>();

  /** Got something since the last turn, and could take more. */
  private final Set<Member> fed = new LinkedHashSet<>();

  /** What has happened since the last turn that may have changed what one of them has found. */
  private int events = Integer.MAX_VALUE / 2;

  /**
   * Makes an empty one.
   *
   * @param mayFind tells whether there may be anything for anybody
   */
  Hungry(Fleet fleet, BooleanSupplier mayFind) {
    this.fleet = fleet;
    this.mayFind = mayFind;
  }

  /** Tells whether a taker may look for something: not if it has done so in vain just now. */
  boolean mayLook(Member taker) {
    return taker.appetite() != Member.Appetite.WAITS;
  }

  /** A taker had room, and nobody to fill it; {@code anythingLeft} for others, maybe. */
  void foundNothing(Member taker, boolean anythingLeft) {
    (taker.appetite() == Member.Appetite.EATS ? fed : disappointed).add(taker);
    taker.setAppetite(Member.Appetite.WAITS);
    if (anythingLeft) {
      wakeFirst();
    }
  }

  void foundSomething(Member taker) {
    taker.setAppetite(Member.Appetite.EATS);
    wakeOne();
  }

  /** What has changed may be something for this one, if it waits. */
  void wake(Member taker) {
    if (taker.appetite() == Member.Appetite.WAITS) {
      remove(taker);
      fleet.ready(taker.peer());
    }
  }

  void remove(Member taker) {
    waiting.remove(taker);
    disappointed.remove(taker);
    fed.remove(taker);
    taker.setAppetite(Member.Appetite.UNKNOWN);
  }

  /** There may be something for somebody. */
  void wakeOne() {
    events++;
    if (waiting.isEmpty() && events >= disappointed.size() + fed.size()) {
      gather();
    }
    wakeFirst();
  }

  private void gather() {
    events = 0;
    waiting.addAll(disappointed);
    waiting.addAll(fed);
    disappointed.clear();
    fed.clear();
  }

  private void wakeFirst() {
    if (!waiting.isEmpty() && mayFind.getAsBoolean()) {
      var first = waiting.iterator();
      wakes(first.next());
      first.remove();
    }
  }

  private void wakes(Member taker) {
    taker.setAppetite(Member.Appetite.UNKNOWN);
    fleet.ready(taker.peer());
  }

  /** Wakes all: time has passed. */
  void wakeAll() {
    gather();
    waiting.forEach(this::wakes);
    waiting.clear();
  }
}

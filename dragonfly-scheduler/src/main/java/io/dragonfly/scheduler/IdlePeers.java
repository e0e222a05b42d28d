package io.dragonfly.scheduler;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * The children of one task that could download more but found no parent. They do not search again
 * until they are woken. Each event that may help wakes one of them; if that one finds something, or
 * does not need the event, the next is woken. So all are woken while there is something to find,
 * and few are woken without success. Children that found something recently are woken after those
 * that did not.
 */
final class IdlePeers {
  private final PeerRegistry registry;
  private final BooleanSupplier mayFind;

  /** To be woken, in this order. */
  private final Set<Member> waiting = new LinkedHashSet<>();

  /** Searched without success since the last round. */
  private final Set<Member> unsuccessful = new LinkedHashSet<>();

  /** Found something since the last round, and could download more. */
  private final Set<Member> successful = new LinkedHashSet<>();

  /** Number of events since the last round that may have helped. */
  private int events = Integer.MAX_VALUE / 2;

  /**
   * Creates an empty set.
   *
   * @param mayFind tells whether there may be something to download for any child
   */
  IdlePeers(PeerRegistry registry, BooleanSupplier mayFind) {
    this.registry = registry;
    this.mayFind = mayFind;
  }

  /** Tells whether a child may search: not if it has just done so without success. */
  boolean mayLook(Member child) {
    return child.searchState() != Member.SearchState.NOT_FOUND;
  }

  /**
   * Records that a child could download more but found no parent.
   *
   * @param anythingLeft whether others may find something
   */
  void foundNothing(Member child, boolean anythingLeft) {
    (child.searchState() == Member.SearchState.FOUND ? successful : unsuccessful).add(child);
    child.setSearchState(Member.SearchState.NOT_FOUND);
    if (anythingLeft) {
      wakeFirst();
    }
  }

  void foundSomething(Member child) {
    child.setSearchState(Member.SearchState.FOUND);
    wakeOne();
  }

  /** Wakes this child, if it waits: something has changed that may help it. */
  void wake(Member child) {
    if (child.searchState() == Member.SearchState.NOT_FOUND) {
      remove(child);
      registry.ready(child.peer());
    }
  }

  void remove(Member child) {
    waiting.remove(child);
    unsuccessful.remove(child);
    successful.remove(child);
    child.setSearchState(Member.SearchState.UNKNOWN);
  }

  /** Wakes one child: something has changed that may help any of them. */
  void wakeOne() {
    events++;
    if (waiting.isEmpty() && events >= unsuccessful.size() + successful.size()) {
      gather();
    }
    wakeFirst();
  }

  private void gather() {
    events = 0;
    waiting.addAll(unsuccessful);
    waiting.addAll(successful);
    unsuccessful.clear();
    successful.clear();
  }

  private void wakeFirst() {
    if (!waiting.isEmpty() && mayFind.getAsBoolean()) {
      var first = waiting.iterator();
      wakes(first.next());
      first.remove();
    }
  }

  private void wakes(Member child) {
    child.setSearchState(Member.SearchState.UNKNOWN);
    registry.ready(child.peer());
  }

  /** Wakes all: time has passed. */
  void wakeAll() {
    gather();
    waiting.forEach(this::wakes);
    waiting.clear();
  }
}

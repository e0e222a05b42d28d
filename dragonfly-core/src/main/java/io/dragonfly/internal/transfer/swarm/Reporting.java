package io.dragonfly.internal.transfer.swarm;

import io.dragonfly.control.TaskReport;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Chooses what goes into each call: news first, then the tasks of which something is wanted, then
 * in turn a few of those that are only given, so that a supernode which forgot one says so. A call
 * has a bound, and a home may hold more tasks than fit into one: the rest goes with the next.
 * Confined to the loop.
 */
final class Reporting {
  /** Bytes of JSON that the reports of one call take up at most: a quarter of what is read. */
  private static final int PAGE_BYTES = 256 << 10;

  /** What a report takes up at most, beside its results and what was withdrawn. */
  private static final int REPORT_BYTES = 160;

  private static final int WITHDRAWN_BYTES = 8;

  /** Results that go into one call at most. */
  static final int MOST_RESULTS = 64;

  /** So many tasks are named in a call for no reason but to be named. */
  static final int MOST_IDLE = 128;

  private final SupernodeLink link;

  /** Who is still to be named in this turn. */
  private final Deque<Membership> turn = new ArrayDeque<>();

  private boolean full;

  Reporting(SupernodeLink link) {
    this.link = link;
  }

  /** Tells whether there was more news than went into the last call. */
  boolean isFull() {
    return full;
  }

  /**
   * Takes what goes into a call.
   *
   * @param withIdle whether it is to name tasks of which there is nothing to say
   */
  Map<Membership, TaskReport> take(boolean withIdle) {
    Page page = new Page();
    full = !page.addAll(Membership::hasNews);
    boolean allWanted = page.addAll(Membership::isWanting);
    if (withIdle && allWanted) {
      addIdle(page);
    }
    link.letSleep();
    return page.reports;
  }

  private void addIdle(Page page) {
    if (turn.isEmpty()) {
      turn.addAll(link.members());
    }
    int end = page.reports.size() + MOST_IDLE;
    while (!turn.isEmpty() && page.reports.size() < end && page.hasRoom()) {
      Membership member = turn.removeFirst();
      if (link.member(member.task()).filter(member::equals).isPresent()) {
        page.add(member);
      }
    }
  }

  private final class Page {
    private final Map<Membership, TaskReport> reports = new LinkedHashMap<>();
    private int results;
    private int bytes;

    boolean hasRoom() {
      return bytes < PAGE_BYTES;
    }

    /** Adds all of a kind that there is room for, and tells whether these were all. */
    boolean addAll(Predicate<Membership> kind) {
      for (Membership member : link.awake()) {
        if (kind.test(member) && !add(member)) {
          return false;
        }
      }
      return true;
    }

    /** Adds a task unless it is there or may not be named; tells whether there was room for it. */
    boolean add(Membership member) {
      if (!member.mayReport() || reports.containsKey(member)) {
        return true;
      }
      if (!hasRoom()) {
        return false;
      }
      TaskReport report = member.takeReport(MOST_RESULTS - results);
      results += report.results().size();
      bytes += REPORT_BYTES + WITHDRAWN_BYTES * report.withdrawn().size();
      reports.put(member, report);
      return true;
    }
  }
}

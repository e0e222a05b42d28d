package io.dragonfly.internal.transfer.swarm;

import io.dragonfly.control.Advice;
import io.dragonfly.control.Assignment;
import io.dragonfly.control.Parent;
import io.dragonfly.control.PieceResult;
import io.dragonfly.control.Queued;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.TaskReport;
import io.dragonfly.control.TaskUpdate;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.TaskId;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This peer's part in one task at one supernode: what it wants, has to report, and knows of its
 * parents. Confined to the loop.
 */
public final class Membership {
  private static final Logger LOG = LoggerFactory.getLogger(Membership.class);

  private final SupernodeLink link;
  private final TaskId task;
  private final Supplier<BitSet> held;
  private final Map<Integer, Parent> parents = new HashMap<>();
  private final Deque<PieceResult> results = new ArrayDeque<>();
  private final List<Integer> withdrawn = new ArrayList<>();
  private final List<TaskUpdate> early = new ArrayList<>();

  private TaskEvents events = TaskEvents.NONE;
  private Supplier<Optional<ContentRequest>> content = Optional::empty;
  private Supplier<Optional<Pushed>> push = Optional::empty;
  private @Nullable String ticket;
  private PieceSpan wanted = PieceSpan.NONE;
  private int digestsKnown;
  private Advice advice = Advice.NONE;
  private boolean news;
  private boolean registering;

  /** Whether the supernode was too busy for the last attempt to register again. */
  private boolean waitsForSupernode;

  /**
   * Takes part in a task.
   *
   * @param held tells which pieces this peer holds
   */
  Membership(SupernodeLink link, TaskId task, Supplier<BitSet> held) {
    this.link = link;
    this.task = task;
    this.held = held;
  }

  /** Returns the supernode. */
  public SupernodeLink link() {
    return link;
  }

  TaskId task() {
    return task;
  }

  BitSet held() {
    return held.get();
  }

  /**
   * Sets who hears of the task.
   *
   * @param credentials gives a request to register again with, if somebody still wants the task
   */
  public void follow(TaskEvents listener, Supplier<Optional<ContentRequest>> credentials) {
    follow(listener, credentials, Optional::empty);
  }

  /**
   * Sets who hears of the task, for a task that may be pushed.
   *
   * @param credentials gives a request to register again with, if somebody still wants the task
   * @param pushed gives what admits this peer if all who still want the task have no credentials
   */
  public void follow(
      TaskEvents listener,
      Supplier<Optional<ContentRequest>> credentials,
      Supplier<Optional<Pushed>> pushed) {
    events = listener;
    content = credentials;
    push = pushed;
    link.wake(this);
  }

  /** Goes on giving the task's pieces, without wanting any. */
  public void seed() {
    follow(TaskEvents.NONE, Optional::empty);
    want(PieceSpan.NONE);
  }

  /** Says which pieces may be assigned now. */
  public void want(PieceSpan span) {
    if (!wanted.equals(span)) {
      boolean isNew = wanted.isEmpty();
      wanted = span;
      changed();
      if (isNew) {
        link.hasWish();
      }
    }
  }

  /** Says how taking a piece ended. */
  public void report(PieceResult result) {
    results.addLast(result);
    nameAgain();
    if (registering) {
      link.hasNews();
    } else {
      link.hasResults();
    }
  }

  /** Says that a piece is held no longer. */
  public void withdraw(int piece) {
    withdrawn.add(piece);
    changed();
  }

  /** Gives the task up. */
  public void leave() {
    follow(TaskEvents.NONE, Optional::empty);
    link.leave(this);
  }

  /** Returns what to do if the supernode is lost. */
  public Advice advice() {
    return advice;
  }

  boolean isWanting() {
    return !wanted.isEmpty();
  }

  boolean hasNews() {
    return news && !registering;
  }

  /** Has the task named in one of the next calls: the supernode may have forgotten it. */
  void nameAgain() {
    news = true;
    link.wake(this);
  }

  /** Tells whether something is wanted or to be said, or somebody hears of the task. */
  boolean isAwake() {
    return news || isWanting() || events != TaskEvents.NONE;
  }

  /** While it registers again there is nobody to report to. */
  boolean mayReport() {
    return !registering;
  }

  /** Returns how many results wait to be reported. */
  int results() {
    return results.size();
  }

  TaskEvents events() {
    return events;
  }

  private void changed() {
    nameAgain();
    link.hasNews();
  }

  /** Moves at most so many results, and all else, into a report. */
  TaskReport takeReport(int mostResults) {
    List<PieceResult> some = new ArrayList<>();
    while (some.size() < mostResults && !results.isEmpty()) {
      some.add(results.removeFirst());
    }
    TaskReport report =
        new TaskReport(task, wanted, digestsKnown, List.copyOf(withdrawn), List.copyOf(some));
    withdrawn.clear();
    news = !results.isEmpty();
    return report;
  }

  /** Takes back a report that did not arrive. */
  void putBack(TaskReport report) {
    List<PieceResult> lost = report.results();
    for (int i = lost.size() - 1; i >= 0; i--) {
      results.addFirst(lost.get(i));
    }
    withdrawn.addAll(0, report.withdrawn());
    nameAgain();
  }

  /** Takes over what a registration said, and what came even before it. */
  void registered(RegisterResponse answer, List<TaskUpdate> before) {
    early.addAll(before);
    ticket = answer.ticket();
    link.registered(task, answer.ticket());
    advice = answer.advice();
    digestsKnown = Math.max(digestsKnown, answer.digests().end());
    changed();
  }

  /** Hears what was said before the registration was known here. */
  public void catchUp() {
    List<TaskUpdate> updates = List.copyOf(early);
    early.clear();
    updates.forEach(this::update);
  }

  void update(TaskUpdate update) {
    switch (update.state()) {
      case UNKNOWN -> unknown();
      case FAILED -> {
        link.forget(this);
        update.failure().ifPresent(events::failed);
      }
      case ACTIVE -> active(update);
    }
  }

  private void active(TaskUpdate update) {
    waitsForSupernode = false; // it knows the task again
    if (update.advice().isPresent()) {
      advice = update.advice().get();
      events.advised(advice);
    }
    if (!update.toVerify().isEmpty()) {
      link.verify(task, update.toVerify());
    }
    update.failure().ifPresent(events::sourceRetried);
    // The length first: it says how long the last piece is.
    update.length().ifPresent(events::lengthLearned);
    if (update.digests().count() > 0 && update.digests().first() <= digestsKnown) {
      digestsKnown = Math.max(digestsKnown, update.digests().end());
      events.digests(update.digests());
    }
    update.parents().forEach(parent -> parents.put(parent.number(), parent));
    List<TaskEvents.Assigned> assigned = new ArrayList<>();
    update.assignments().forEach(assignment -> add(assignment, assigned));
    if (!assigned.isEmpty()) {
      events.assigned(assigned);
    }
  }

  private void add(Assignment assignment, List<TaskEvents.Assigned> assigned) {
    Parent parent = parents.get(assignment.parent());
    if (parent == null) {
      LOG.warn("Task {}: parent {} was never described", task.brief(), assignment.parent());
      return;
    }
    for (int i = 0; i < assignment.count(); i++) {
      assigned.add(new TaskEvents.Assigned(assignment.piece(i), parent));
    }
  }

  private void unknown() {
    if (registering) {
      return;
    }
    Optional<ContentRequest> request = isWanting() ? content.get() : Optional.empty();
    Optional<Pushed> pushed = isWanting() ? push.get() : Optional.empty();
    if (request.isPresent()) {
      registering = true;
      link.registerAgain(this, request.get(), Optional.ofNullable(ticket), false);
    } else if (pushed.isPresent()) {
      registering = true;
      registerPushed(pushed.get());
    } else {
      link.forget(this);
      link.offerAgain();
    }
  }

  /** The ticket alone admits: if it is not valid any more, the supernode says so. */
  private void registerPushed(Pushed pushed) {
    Optional<String> own =
        pushed.link() == link ? Optional.of(pushed.push().ticket()) : Optional.ofNullable(ticket);
    ContentRequest named = ContentRequest.of(URI.create(pushed.push().url()));
    link.registerAgain(this, named, own, true);
  }

  /** The supernode is too busy to register the task again: until it does, the task is queued. */
  void supernodeIsBusy() {
    waitsForSupernode = true;
    queued(Optional.empty());
  }

  void supernodeIsNotBusy() {
    waitsForSupernode = false;
  }

  /**
   * Reports what the task waits for.
   *
   * @param told what the supernode says; empty if it says nothing of this task
   */
  void queued(Optional<Queued> told) {
    events.queued(waitsForSupernode ? Optional.of(Queued.of(Queued.Reason.SUPERNODE)) : told);
  }

  void registrationEnded() {
    registering = false;
    changed();
  }
}

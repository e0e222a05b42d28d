package io.dragonfly.internal.supernode;

import io.dragonfly.control.Caller;
import io.dragonfly.control.Origin;
import io.dragonfly.control.Outcome;
import io.dragonfly.control.PieceResult;
import io.dragonfly.control.PollRequest;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.SecurityEvent;
import io.dragonfly.control.SupernodeListener;
import io.dragonfly.control.TaskReport;
import io.dragonfly.control.Terms;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.internal.cdn.CdnTask;
import io.dragonfly.internal.cdn.DaemonThreads;
import io.dragonfly.internal.queue.HostKey;
import io.dragonfly.internal.queue.KeyedBudget;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.Scheduler;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The long-polls of all peers: each is answered when there is something to say to its peer, when
 * its patience ends, or when the peer calls again. Many events in a short time make one answer,
 * since answers are made on one thread that takes up all that has come to be ready in the meantime.
 * Safe for concurrent use; {@code state} is the lock.
 */
final class Polls {

  private static final Logger LOG = LoggerFactory.getLogger(Polls.class);

  private static final Duration SUPERSEDED_ANSWER = Duration.ofMillis(10);

  /** A peer that others cannot reach has this long to call, instead of its lease. */
  static final Duration UNREACHABLE_LEASE = Duration.ofSeconds(1);

  /** An alarm for less than this is not worth its time. */
  private static final Duration LEAST_LEASE = Duration.ofMillis(1);

  private final PeerId supernode;
  private final SwarmState state;
  private final Scheduler scheduler;
  private final Drafts drafts;
  private final Permissions permissions;
  private final SupernodeSettings settings;
  private final SupernodeExecutors executors;

  /** Run after each change of the state, without the lock. */
  private final Runnable changed;

  private final SupernodeListener listener;
  private final AtomicBoolean answersDue = new AtomicBoolean();
  private boolean ticking;

  Polls(
      PeerId supernode,
      SwarmState state,
      Scheduler scheduler,
      Drafts drafts,
      Permissions permissions,
      SupernodeSettings settings,
      SupernodeExecutors executors,
      Runnable changed,
      SupernodeListener listener) {
    this.supernode = supernode;
    this.state = state;
    this.scheduler = scheduler;
    this.drafts = drafts;
    this.permissions = permissions;
    this.settings = settings;
    this.executors = executors;
    this.changed = changed;
    this.listener = listener;
  }

  /** An answer on its way to who waits for it. */
  private record Delivery(CompletableFuture<PollResponse> future, ResponseDraft draft) {
    void send() {
      future.complete(draft.issue());
    }
  }

  /** What a call leaves to be done without the lock. */
  private record Effects(
      Optional<Delivery> own, Optional<Delivery> superseded, List<Runnable> rest) {}

  /**
   * Takes a peer's call.
   *
   * @param place where it calls from
   * @param isProven whether it has proved that it belongs to the fleet
   */
  CompletableFuture<PollResponse> poll(PollRequest request, HostKey place, boolean isProven) {
    CompletableFuture<PollResponse> future = new CompletableFuture<>();
    Effects effects;
    synchronized (state) {
      effects = next(request, place, isProven, future);
    }
    effects.own().ifPresent(Delivery::send);
    effects.superseded().ifPresent(delivery -> end(delivery, effects.own().isPresent()));
    effects.rest().forEach(Runnable::run);
    changed.run();
    return future;
  }

  /**
   * Ends a call that another one has taken the place of. If that one is answered already, the peer
   * should see its answer first: otherwise it might call again in between, and name the answer that
   * is still on its way as one that it did not get.
   */
  private void end(Delivery superseded, boolean isOtherAnswered) {
    if (isOtherAnswered) {
      DaemonThreads.later(
          executors.timer(), SUPERSEDED_ANSWER, () -> executors.soon(superseded::send));
    } else {
      executors.soon(superseded::send);
    }
  }

  private Effects next(
      PollRequest request,
      HostKey place,
      boolean isProven,
      CompletableFuture<PollResponse> future) {
    Caller caller = request.caller();
    Session session = state.heard(caller, place, executors.activeNanos().getAsLong());
    session.acceptsPreheats = request.acceptsPreheats() && isProven;
    List<Scheduler.Plan> lost = session.acknowledge(request.answered());
    if (!lost.isEmpty()) {
      scheduler.undelivered(session.id(), lost);
    }
    Optional<Delivery> superseded =
        takeParked(session)
            .map(parked -> new Delivery(parked, drafts.nothing(session, terms(session))));
    List<TaskId> unknown = new ArrayList<>();
    List<Runnable> rest = new ArrayList<>(permissions.check(session));
    for (TaskReport report : request.reports()) {
      report(session, report, unknown, rest);
    }
    Optional<Delivery> own =
        drafts.draft(session, unknown, terms(session)).map(draft -> new Delivery(future, draft));
    if (own.isEmpty()) {
      park(session, future, request.patience());
    }
    arm(session);
    return new Effects(own, superseded, rest);
  }

  private void report(
      Session session, TaskReport report, List<TaskId> unknown, List<Runnable> rest) {
    Member member = session.members.get(report.task());
    if (member == null
        || (!report.wanted().isEmpty() && !member.mayTake(executors.clock().instant()))) {
      DistributionException failure = session.heldFailures.remove(report.task());
      if (failure != null) {
        session.failures.put(report.task(), failure);
      } else if (!session.failures.containsKey(report.task())) {
        unknown.add(report.task());
      }
      return;
    }
    for (PieceResult result : report.results()) {
      // Whoever was never told of a peer cannot know that it is gone.
      if (result.outcome() == Outcome.UNREACHABLE && member.wasTold(result.parent())) {
        unreachable(result.parent());
      }
    }
    Set<Integer> suspects = state.report(member, report, executors.nanos().getAsLong());
    CdnTask cdn = member.task.cdn;
    KeyedBudget<HostKey> complaints = state.budgets().complaints;
    if (cdn != null) {
      suspects.forEach(piece -> rest.add(() -> complain(session, cdn, piece, complaints)));
      rest.add(cdn::moved);
    }
    Task task = member.task.task();
    rest.add(() -> report.results().forEach(result -> tell(session.id(), task, result)));
  }

  private void complain(Session session, CdnTask cdn, int piece, KeyedBudget<HostKey> complaints) {
    if (!cdn.complain(piece, session.place(), complaints)) {
      listener.security(
          SecurityEvent.refused(
              SecurityEvent.Kind.COMPLAINT_IGNORED,
              session.id().hex(),
              SecurityEvent.text(session.address()),
              "task %s piece %d".formatted(cdn.task().id().hex(), piece),
              "too many complaints from this address were wrong or are being checked"));
    }
  }

  private void tell(PeerId reporter, Task task, PieceResult result) {
    if (task.layout().isPiece(result.piece())) {
      Origin origin =
          result.parent().equals(reporter)
              ? Origin.SOURCE
              : result.parent().equals(supernode) ? Origin.SUPERNODE : Origin.PEER;
      long bytes = task.layout().range(result.piece()).length();
      listener.reported(task, origin, result.outcome(), bytes);
    }
  }

  private void unreachable(PeerId parent) {
    Session session = state.session(parent);
    if (session != null) {
      session.unreachable(executors.activeNanos().getAsLong());
      arm(session);
    }
  }

  private void park(Session session, CompletableFuture<PollResponse> future, Duration patience) {
    // A peer that waits at the supernode must still have time to call again before its lease ends.
    Duration most = lease(session).dividedBy(3);
    Duration wait = patience.compareTo(most) < 0 ? patience : most;
    long nanos = executors.nanos().getAsLong() + Math.max(0, wait.toNanos());
    session.parked = new Session.Parked(future, nanos);
  }

  /** Returns the call that waits, unless its caller has given it up. */
  private static Optional<CompletableFuture<PollResponse>> takeParked(Session session) {
    Session.Parked parked = session.parked;
    session.parked = null;
    return parked == null || parked.future().isDone()
        ? Optional.empty()
        : Optional.of(parked.future());
  }

  Duration lease(Session session) {
    return !session.wanting.isEmpty() ? settings.workingLease() : settings.seedingLease();
  }

  Terms terms(Session session) {
    return new Terms(supernode, executors.clock().instant(), lease(session));
  }

  /** Sees to it that all for whom there is something new get their answers. */
  void wake() {
    synchronized (state) {
      if (state.isAnyoneWanting() && !ticking) {
        ticking = true;
        DaemonThreads.later(executors.timer(), SupernodeSettings.TICK, this::tick);
      }
    }
    if (answersDue.compareAndSet(false, true)) {
      executors.soon(this::answerAll);
    }
  }

  private void answerAll() {
    answersDue.set(false);
    Set<PeerId> ready;
    synchronized (state) {
      ready = new LinkedHashSet<>(scheduler.ready());
      state.takeAwake().forEach(session -> ready.add(session.id()));
    }
    // One at a time, so that calls that come in do not wait for all of them.
    for (PeerId peer : ready) {
      Optional<Delivery> delivery;
      synchronized (state) {
        delivery = answer(peer);
      }
      delivery.ifPresent(Delivery::send);
    }
  }

  private Optional<Delivery> answer(PeerId peer) {
    Session session = state.session(peer);
    Session.Parked parked = session == null ? null : session.parked;
    if (session == null || parked == null || parked.future().isDone()) {
      return Optional.empty();
    }
    Optional<ResponseDraft> draft = drafts.draft(session, List.of(), terms(session));
    draft.ifPresent(d -> session.parked = null);
    return draft.map(d -> new Delivery(parked.future(), d));
  }

  private void tick() {
    List<Scheduler.Stall> stalls;
    synchronized (state) {
      ticking = false;
      state.tick(executors.nanos().getAsLong());
      stalls = scheduler.stalls();
    }
    stalls.forEach(this::tell);
    wake();
  }

  private void tell(Scheduler.Stall stall) {
    LOG.warn(
        "Task {}: nothing was planned for peer {} for a second, though a parent could send: {}."
            + " The peer got a piece now. Please report this as a bug of the scheduler.",
        stall.task().brief(),
        stall.peer().brief(),
        stall.state());
    listener.stalled(stall.task(), stall.peer(), stall.state());
  }

  /** Sets the alarm for what a session is due next: the end of its patience, or of its lease. */
  void arm(Session session) {
    long now = executors.nanos().getAsLong();
    // If this supernode could not run meanwhile, the alarm finds that some of the lease is left.
    long due = now + Math.max(0, leaseLeft(session));
    Session.Parked parked = session.parked;
    if (parked != null && parked.untilNanos() - due < 0) {
      due = parked.untilNanos();
    }
    Long set = session.alarmNanos;
    // One that rings too early is set again when it does: most calls leave it as it is.
    if (set == null || due - set < 0) {
      long at = due;
      session.alarmNanos = at;
      Duration delay = Duration.ofNanos(Math.max(0, at - now));
      DaemonThreads.later(executors.timer(), delay, () -> alarm(session, at));
    }
  }

  private long leaseLeft(Session session) {
    long end = session.heardNanos + lease(session).toNanos();
    Optional<Long> gone = session.goneSinceNanos().map(n -> n + UNREACHABLE_LEASE.toNanos());
    return gone.filter(sooner -> sooner - end < 0).orElse(end)
        - executors.activeNanos().getAsLong();
  }

  private void alarm(Session session, long at) {
    Optional<Delivery> delivery = Optional.empty();
    synchronized (state) {
      if (session.alarmNanos == null || session.alarmNanos != at || !isKnown(session)) {
        return;
      }
      session.alarmNanos = null;
      if (leaseLeft(session) < LEAST_LEASE.toNanos()) {
        LOG.info(
            "Peer {} is gone: {}",
            session.peer().id().brief(),
            session.goneSinceNanos().isPresent()
                ? "others cannot reach it, and it does not call"
                : "its lease has ended");
        delivery = leave(session);
      } else {
        delivery = endOfPatience(session, executors.nanos().getAsLong());
        arm(session);
      }
    }
    delivery.ifPresent(d -> executors.soon(d::send));
    changed.run();
  }

  private boolean isKnown(Session session) {
    return state.session(session.id()) == session;
  }

  private Optional<Delivery> endOfPatience(Session session, long now) {
    Session.Parked parked = session.parked;
    if (parked == null || now - parked.untilNanos() < 0) {
      return Optional.empty();
    }
    return takeParked(session)
        .map(
            future -> {
              Terms terms = terms(session);
              ResponseDraft draft =
                  drafts
                      .draft(session, List.of(), terms)
                      .orElseGet(() -> drafts.nothing(session, terms));
              return new Delivery(future, draft);
            });
  }

  private Optional<Delivery> leave(Session session) {
    Optional<Delivery> last =
        takeParked(session)
            .map(future -> new Delivery(future, drafts.nothing(session, terms(session))));
    state.leave(session);
    return last;
  }

  /** A peer leaves as a whole. */
  void leave(PeerId peer) {
    Optional<Delivery> delivery = Optional.empty();
    synchronized (state) {
      @Nullable Session session = state.session(peer);
      if (session != null) {
        delivery = leave(session);
      }
    }
    delivery.ifPresent(d -> executors.soon(d::send));
    changed.run();
  }

  /** Ends all calls that wait. */
  void close() {
    List<CompletableFuture<PollResponse>> waiting = new ArrayList<>();
    synchronized (state) {
      state.close();
      for (Session session : state.sessions()) {
        takeParked(session).ifPresent(waiting::add);
        state.leave(session);
      }
    }
    waiting.forEach(
        future ->
            future.completeExceptionally(
                new SupernodeUnreachableException("The supernode is stopping. Ask another.")));
  }
}

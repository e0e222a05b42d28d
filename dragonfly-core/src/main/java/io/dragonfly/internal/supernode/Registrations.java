package io.dragonfly.internal.supernode;

import io.dragonfly.control.Holding;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.control.RegisterAnswer;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.SupernodeListener;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.internal.access.Tickets;
import io.dragonfly.internal.cdn.Access;
import io.dragonfly.internal.cdn.CdnCache;
import io.dragonfly.internal.cdn.CdnTask;
import io.dragonfly.internal.cdn.DaemonThreads;
import io.dragonfly.internal.loop.Continuations;
import io.dragonfly.internal.queue.Place;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.Requester;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskKey;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets peers in: by a valid ticket, or else by the source's answer to their own credentials. Safe
 * for concurrent use; no method blocks.
 */
final class Registrations {
  private static final Logger log = LoggerFactory.getLogger(Registrations.class);

  /** What the record of a holding takes up beside its pieces. */
  private static final int HOLDING_BYTES = 128;

  private final Swarms swarms;
  private final Questions questions;
  private final Arrivals arrivals;
  private final Versions versions;
  private final CdnCache cache;
  private final Tickets tickets;
  private final Fingerprints fingerprints;
  private final Rhythm rhythm;
  private final SupernodeListener listener;

  Registrations(
      Swarms swarms,
      Questions questions,
      Arrivals arrivals,
      Versions versions,
      CdnCache cache,
      Tickets tickets,
      Fingerprints fingerprints,
      Rhythm rhythm,
      SupernodeListener listener) {
    this.swarms = swarms;
    this.questions = questions;
    this.arrivals = arrivals;
    this.versions = versions;
    this.cache = cache;
    this.tickets = tickets;
    this.fingerprints = fingerprints;
    this.rhythm = rhythm;
    this.listener = listener;
  }

  /** One who wants to be let in. */
  private record Guest(
      RegisterRequest request,
      Access access,
      Place place,
      CompletableFuture<RegisterAnswer> answer) {}

  /**
   * Why a guest may come in.
   *
   * @param until when it is to be asked for again; absent if the source has just been asked
   */
  private record Admission(SwarmTask swarm, Optional<Instant> until) {}

  /** Returns what a registration takes up while it waits, in bytes. */
  static long bytes(RegisterRequest request) {
    long bytes = KeptAccesses.bytes(request.content());
    for (Holding holding : request.holdings()) {
      bytes += HOLDING_BYTES + holding.pieces().size() / Byte.SIZE;
    }
    return bytes;
  }

  /**
   * Lets a peer in.
   *
   * @param place where it calls from
   */
  CompletableFuture<RegisterAnswer> register(
      RegisterRequest request, Requester requester, Place place) {
    if (requester != Requester.THIS_PROCESS) {
      KeptAccesses.check(request.content());
    }
    Access access = fingerprints.access(request.content(), requester);
    TaskKey key = request.content().key();
    if (!versions.isKnown(key, access.fingerprint())) {
      swarms.checkRoomForTask(place); // before anything is asked, and room made on the disk
    }
    Guest guest = new Guest(request, access, place, new CompletableFuture<>());
    Continuations.whenDone(
        byTicket(request, key, access).orElseGet(() -> bySource(key, access)),
        (admission, failure) -> {
          if (failure != null) {
            fail(guest, failure);
            return;
          }
          try {
            greet(guest, admission);
          } catch (RuntimeException | Error e) {
            fail(guest, e); // else nobody would answer
            throw e;
          }
        });
    return guest.answer();
  }

  private CompletableFuture<Admission> bySource(TaskKey key, Access access) {
    return questions.ask(key, access).thenApply(swarm -> new Admission(swarm, Optional.empty()));
  }

  /** Returns the swarm that a ticket gives the right to, if there is a ticket that does. */
  private Optional<CompletableFuture<Admission>> byTicket(
      RegisterRequest request, TaskKey key, Access access) {
    PeerId peer = request.caller().id();
    Instant now = rhythm.clock().instant();
    return request
        .ticket()
        .flatMap(ticket -> tickets.open(ticket, peer, now))
        .filter(ticket -> ticket.task().key().equals(key) && !versions.isWrong(ticket.task().id()))
        .map(ticket -> byTicket(ticket, key, access));
  }

  private CompletableFuture<Admission> byTicket(Tickets.Ticket ticket, TaskKey key, Access access) {
    Task task = ticket.task();
    Optional<Instant> until = Optional.of(ticket.expires());
    Optional<SwarmTask> there = swarms.find(task.id());
    if (there.isPresent()) {
      return there.get().started().thenApply(cdn -> new Admission(there.get(), until));
    }
    return arrivals.inBackground(
        () -> {
          // What cannot be told from other versions is only what it was if its bytes are here.
          if (Versions.isShared(task)) {
            versions.recovered(task);
          } else if (cache.find(task.id()).isEmpty()) {
            return bySource(key, access);
          }
          return arrivals.arrive(task).thenApply(swarm -> new Admission(swarm, until));
        });
  }

  /** A small content is waited for, to answer with it; a longer one is asked for piece by piece. */
  private void greet(Guest guest, Admission admission) {
    SwarmTask swarm = admission.swarm();
    CdnTask cdn = swarm.started().getNow(null);
    if (cdn == null || !isSmall(swarm.task())) {
      admit(guest, admission);
      return;
    }
    if (swarm.read().isDone()) {
      withContent(swarm, cdn, () -> admit(guest, admission));
      return;
    }
    cdn.read(guest.access(), Optional.empty());
    CompletableFuture<Void> waited = new CompletableFuture<>();
    Continuations.whenDone(swarm.read(), (c, failure) -> rhythm.soon(() -> waited.complete(null)));
    DaemonThreads.later(
        rhythm.timer(), SupernodeSettings.CONTENT_PATIENCE, () -> waited.complete(null));
    Continuations.whenDone(waited, (done, never) -> admit(guest, admission));
  }

  /** Goes on when the content is at hand, or turns out not to be: then it is asked for by piece. */
  private void withContent(SwarmTask swarm, CdnTask cdn, Runnable next) {
    if (swarms.content(swarm.id()).isPresent()) {
      next.run();
      return;
    }
    CompletableFuture<Void> fetched =
        arrivals.inBackground(
            () -> {
              try {
                swarms.fetchContent(swarm, cdn);
              } catch (IOException e) {
                log.warn("task {}: cannot be read back: {}", swarm.id().brief(), e.toString());
              }
              return CompletableFuture.completedFuture(null);
            });
    Continuations.whenDone(fetched, (done, failure) -> next.run());
  }

  private static boolean isSmall(Task task) {
    PieceLayout layout = task.layout();
    return layout.isLengthKnown() && layout.length().getAsLong() <= CdnTask.SMALL_BYTES;
  }

  private void admit(Guest guest, Admission admission) {
    SwarmTask swarm = admission.swarm();
    if (guest.answer().isDone()) {
      return; // the call was dropped
    }
    try {
      Swarms.Joined joined =
          swarms.join(swarm, guest.request(), permission(guest, admission), guest.place());
      CdnTask cdn = swarm.started().getNow(null);
      boolean isCached = cdn != null && cdn.isComplete();
      if (cdn != null) {
        cdn.used();
        if (joined.lacksPieces()) {
          cdn.read(guest.access(), Optional.empty());
        }
      }
      RegisterAnswer answer = answer(guest, admission, joined);
      listener.registered(joined.task(), isCached);
      if (!guest.answer().complete(answer) && joined.isNew()) {
        // Dropped just now: nobody would ever leave.
        swarms.leave(
            new LeaveRequest(guest.request().caller(), Optional.of(admission.swarm().id())));
      }
    } catch (RuntimeException e) {
      fail(guest, e);
    } catch (Error e) { // such as a class that a scheduler lacks
      fail(guest, e); // else nobody would answer
      throw e;
    }
  }

  private Permission permission(Guest guest, Admission admission) {
    Access access = guest.access();
    return admission
        .until()
        .map(end -> new Permission(access, end, true))
        .orElseGet(() -> Permission.bySource(access, rhythm.clock().instant()));
  }

  private RegisterAnswer answer(Guest guest, Admission admission, Swarms.Joined joined) {
    PeerId peer = guest.request().caller().id();
    Task task = joined.task();
    // A ticket for a ticket would let somebody in for ever whom the source has long shut out.
    Instant expires =
        admission.until().orElse(joined.terms().now().plus(SupernodeSettings.TICKET_LIFE));
    return new RegisterAnswer(
        task,
        tickets.issue(task, peer, expires),
        joined.digests(),
        swarms.content(task.id()),
        joined.advice().issue(task.id(), peer, joined.address()),
        joined.terms());
  }

  private void fail(Guest guest, Throwable failure) {
    DistributionException typed =
        failure instanceof DistributionException its
            ? its
            : new SupernodeUnreachableException(
                "The supernode could not answer: %s. Try again later.".formatted(failure), failure);
    if (guest.answer().completeExceptionally(typed)) {
      listener.refused(typed);
    }
  }
}

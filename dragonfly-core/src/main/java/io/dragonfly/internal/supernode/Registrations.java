package io.dragonfly.internal.supernode;

import io.dragonfly.control.Holding;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.SupernodeListener;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.internal.access.Tickets;
import io.dragonfly.internal.cdn.Access;
import io.dragonfly.internal.cdn.CdnCache;
import io.dragonfly.internal.cdn.CdnTask;
import io.dragonfly.internal.cdn.DaemonThreads;
import io.dragonfly.internal.loop.Continuations;
import io.dragonfly.internal.queue.HostKey;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.Requester;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskKey;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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
  private final SourceProbes probes;
  private final Arrivals arrivals;
  private final Versions versions;
  private final CdnCache cache;
  private final Tickets tickets;
  private final Fingerprints fingerprints;
  private final SupernodeExecutors executors;
  private final SupernodeListener listener;

  Registrations(
      Swarms swarms,
      SourceProbes probes,
      Arrivals arrivals,
      Versions versions,
      CdnCache cache,
      Tickets tickets,
      Fingerprints fingerprints,
      SupernodeExecutors executors,
      SupernodeListener listener) {
    this.swarms = swarms;
    this.probes = probes;
    this.arrivals = arrivals;
    this.versions = versions;
    this.cache = cache;
    this.tickets = tickets;
    this.fingerprints = fingerprints;
    this.executors = executors;
    this.listener = listener;
  }

  /** One who wants to be let in. */
  private record Guest(
      RegisterRequest request,
      Optional<Access> access,
      HostKey place,
      CompletableFuture<RegisterResponse> answer) {}

  /**
   * Why a guest may come in.
   *
   * @param until when it is to be asked for again; absent if the source has just been asked
   */
  private record Admission(SwarmTask swarm, Optional<Instant> until) {}

  /** Returns what a registration takes up while it waits, in bytes. */
  static long bytes(RegisterRequest request) {
    return KeptAccesses.bytes(request.content()) + bytes(request.holdings());
  }

  /** Returns what holdings take up while a call waits, in bytes. */
  static long bytes(List<Holding> holdings) {
    long bytes = 0;
    for (Holding holding : holdings) {
      bytes += HOLDING_BYTES + holding.pieces().size() / Byte.SIZE;
    }
    return bytes;
  }

  /**
   * Lets a peer in.
   *
   * @param place where it calls from
   */
  CompletableFuture<RegisterResponse> register(
      RegisterRequest request, Requester requester, HostKey place) {
    if (requester != Requester.THIS_PROCESS) {
      KeptAccesses.check(request.content());
    }
    Optional<Access> access =
        request.isPushed()
            ? Optional.empty()
            : Optional.of(fingerprints.access(request.content(), requester));
    TaskKey key = request.content().key();
    if (access.isPresent() && !versions.isKnown(key, access.get().fingerprint())) {
      swarms.checkRoomForTask(place); // before anything is asked, and room made on the disk
    }
    Guest guest = new Guest(request, access, place, new CompletableFuture<>());
    Continuations.whenDone(
        access.map(own -> byAccess(request, own)).orElseGet(() -> byPush(request)),
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

  private CompletableFuture<Admission> byAccess(RegisterRequest request, Access access) {
    TaskKey key = request.content().key();
    return byTicket(request, key, access).orElseGet(() -> bySource(key, access));
  }

  /** What a push names is there, or else nobody asks for it: the guest has no credentials. */
  private CompletableFuture<Admission> byPush(RegisterRequest request) {
    Optional<Tickets.Ticket> ticket =
        request
            .ticket()
            .flatMap(t -> tickets.open(t, request.caller().id(), executors.clock().instant()))
            .filter(t -> !versions.isWrong(t.task().id()));
    if (ticket.isEmpty()) {
      return CompletableFuture.failedFuture(
          new CallRefusedException(
              "The ticket of this preheat is not valid any more. Preheat the file again."));
    }
    Task task = ticket.get().task();
    Optional<Instant> until = Optional.of(ticket.get().expires());
    Optional<SwarmTask> there = swarms.find(task.id());
    if (there.isPresent()) {
      return there.get().started().thenApply(cdn -> new Admission(there.get(), until));
    }
    return arrivals.inBackground(
        () ->
            cache.find(task.id()).isEmpty()
                ? CompletableFuture.failedFuture(gone(task))
                : arrivals.arrive(task).thenApply(swarm -> new Admission(swarm, until)));
  }

  private static CallRefusedException gone(Task task) {
    return new CallRefusedException(
        "Task %s of this preheat is not in the cache any more. Preheat the file again."
            .formatted(task.id().brief()));
  }

  private CompletableFuture<Admission> bySource(TaskKey key, Access access) {
    return probes.ask(key, access).thenApply(swarm -> new Admission(swarm, Optional.empty()));
  }

  /** Returns the swarm that a ticket gives the right to, if there is a ticket that does. */
  private Optional<CompletableFuture<Admission>> byTicket(
      RegisterRequest request, TaskKey key, Access access) {
    PeerId peer = request.caller().id();
    Instant now = executors.clock().instant();
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
    if (cdn != null && !cdn.isComplete() && access(guest, swarm).isEmpty()) {
      fail(guest, gone(swarm.task()));
      return;
    }
    if (cdn == null || !isSmall(swarm.task())) {
      admit(guest, admission);
      return;
    }
    if (swarm.read().isDone()) {
      withContent(swarm, cdn, () -> admit(guest, admission));
      return;
    }
    read(guest, swarm, cdn);
    CompletableFuture<Void> waited = new CompletableFuture<>();
    Continuations.whenDone(
        swarm.read(), (c, failure) -> executors.soon(() -> waited.complete(null)));
    DaemonThreads.later(
        executors.timer(), SupernodeSettings.CONTENT_PATIENCE, () -> waited.complete(null));
    Continuations.whenDone(waited, (done, never) -> admit(guest, admission));
  }

  /** Who was pushed has nothing to ask the source with; others that take part may have. */
  private Optional<Access> access(Guest guest, SwarmTask swarm) {
    return guest.access().or(() -> swarms.access(swarm.id(), Set.of()));
  }

  private void read(Guest guest, SwarmTask swarm, CdnTask cdn) {
    access(guest, swarm).ifPresent(access -> cdn.read(access, Optional.empty()));
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
          read(guest, swarm, cdn);
        }
      }
      RegisterResponse answer = answer(guest, admission, joined);
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
    return admission
        .until()
        .map(end -> new Permission(guest.access(), end, true))
        .orElseGet(
            () -> Permission.bySource(guest.access().orElseThrow(), executors.clock().instant()));
  }

  private RegisterResponse answer(Guest guest, Admission admission, Swarms.Joined joined) {
    PeerId peer = guest.request().caller().id();
    Task task = joined.task();
    // A ticket for a ticket would let somebody in for ever whom the source has long shut out.
    Instant expires =
        admission.until().orElse(joined.terms().now().plus(SupernodeSettings.TICKET_LIFE));
    return new RegisterResponse(
        task,
        tickets.issue(task, peer, expires),
        joined.digests(),
        swarms.content(task.id()),
        joined.advice().issue(task.id(), peer, joined.addresses()),
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

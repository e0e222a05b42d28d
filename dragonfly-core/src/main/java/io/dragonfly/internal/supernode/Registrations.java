package io.dragonfly.internal.supernode;

import io.dragonfly.control.RegisterAnswer;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.internal.access.Tickets;
import io.dragonfly.internal.cdn.Access;
import io.dragonfly.internal.cdn.CdnCache;
import io.dragonfly.internal.cdn.CdnTask;
import io.dragonfly.internal.cdn.DaemonThreads;
import io.dragonfly.peer.PeerId;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskKey;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Lets peers in: by a valid ticket, or else by the source's answer to their own credentials. Safe
 * for concurrent use; no method blocks.
 */
final class Registrations {
  private final Swarms swarms;
  private final Questions questions;
  private final Arrivals arrivals;
  private final Versions versions;
  private final CdnCache cache;
  private final Tickets tickets;
  private final Fingerprints fingerprints;
  private final Rhythm rhythm;

  Registrations(
      Swarms swarms,
      Questions questions,
      Arrivals arrivals,
      Versions versions,
      CdnCache cache,
      Tickets tickets,
      Fingerprints fingerprints,
      Rhythm rhythm) {
    this.swarms = swarms;
    this.questions = questions;
    this.arrivals = arrivals;
    this.versions = versions;
    this.cache = cache;
    this.tickets = tickets;
    this.fingerprints = fingerprints;
    this.rhythm = rhythm;
  }

  /** One who wants to be let in. */
  private record Guest(
      RegisterRequest request, Access access, CompletableFuture<RegisterAnswer> answer) {}

  CompletableFuture<RegisterAnswer> register(RegisterRequest request, boolean fromThisMachine) {
    Access access = fingerprints.access(request.content(), fromThisMachine);
    TaskKey key = request.content().key();
    Guest guest = new Guest(request, access, new CompletableFuture<>());
    Futures.when(
        byTicket(request, key, access).orElseGet(() -> questions.ask(key, access)),
        (swarm, failure) -> {
          if (failure != null) {
            fail(guest, failure);
          } else {
            greet(guest, swarm);
          }
        });
    return guest.answer();
  }

  /** Returns the swarm that a ticket gives the right to, if there is a ticket that does. */
  private Optional<CompletableFuture<SwarmTask>> byTicket(
      RegisterRequest request, TaskKey key, Access access) {
    PeerId peer = request.caller().id();
    Instant now = rhythm.clock().instant();
    return request
        .ticket()
        .flatMap(ticket -> tickets.open(ticket, peer, now))
        .filter(task -> task.key().equals(key) && !versions.isWrong(task.id()))
        .map(task -> swarm(task, key, access));
  }

  private CompletableFuture<SwarmTask> swarm(Task task, TaskKey key, Access access) {
    Optional<SwarmTask> there = swarms.find(task.id());
    if (there.isPresent()) {
      return there.get().started().thenApply(cdn -> there.get());
    }
    return arrivals.inBackground(
        () -> {
          // What cannot be told from other versions is only what it was if its bytes are here.
          if (Versions.isShared(task)) {
            versions.recovered(task);
          } else if (cache.find(task.id()).isEmpty()) {
            return questions.ask(key, access);
          }
          return arrivals.arrive(task);
        });
  }

  /** A small content is waited for, to answer with it; a longer one is asked for piece by piece. */
  private void greet(Guest guest, SwarmTask swarm) {
    CdnTask cdn = swarm.started().getNow(null);
    if (cdn == null || !isSmall(swarm.task()) || swarm.content().isDone()) {
      admit(guest, swarm);
      return;
    }
    cdn.read(guest.access(), Optional.empty());
    CompletableFuture<Void> waited = new CompletableFuture<>();
    Futures.when(swarm.content(), (c, failure) -> rhythm.soon(() -> waited.complete(null)));
    DaemonThreads.later(
        rhythm.timer(), SupernodeSettings.CONTENT_PATIENCE, () -> waited.complete(null));
    Futures.when(waited, (done, never) -> admit(guest, swarm));
  }

  private static boolean isSmall(Task task) {
    PieceLayout layout = task.layout();
    return layout.isLengthKnown() && layout.length().getAsLong() <= CdnTask.SMALL_BYTES;
  }

  private void admit(Guest guest, SwarmTask swarm) {
    if (guest.answer().isDone()) {
      return; // the call was dropped
    }
    try {
      Swarms.Joined joined = swarms.join(swarm, guest.request(), guest.access());
      CdnTask cdn = swarm.started().getNow(null);
      if (cdn != null && joined.lacksPieces()) {
        cdn.read(guest.access(), Optional.empty());
      }
      guest.answer().complete(answer(guest, swarm, joined));
    } catch (RuntimeException e) {
      fail(guest, e);
    }
  }

  private RegisterAnswer answer(Guest guest, SwarmTask swarm, Swarms.Joined joined) {
    PeerId peer = guest.request().caller().id();
    Task task = joined.task();
    Instant expires = joined.terms().now().plus(SupernodeSettings.TICKET_LIFE);
    return new RegisterAnswer(
        task,
        tickets.issue(task, peer, expires),
        joined.digests(),
        swarm.content().isDone() && !swarm.content().isCompletedExceptionally()
            ? swarm.content().join()
            : Optional.empty(),
        joined.advice().issue(task.id(), peer, joined.address()),
        joined.terms());
  }

  private static void fail(Guest guest, Throwable failure) {
    guest
        .answer()
        .completeExceptionally(
            failure instanceof DistributionException
                ? failure
                : new SupernodeUnreachableException(
                    "The supernode could not answer: %s. Try again later.".formatted(failure),
                    failure));
  }
}

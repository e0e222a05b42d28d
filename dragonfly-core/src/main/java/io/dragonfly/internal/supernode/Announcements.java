package io.dragonfly.internal.supernode;

import io.dragonfly.control.AnnounceRequest;
import io.dragonfly.control.AnnounceResponse;
import io.dragonfly.control.Holding;
import io.dragonfly.control.Terms;
import io.dragonfly.internal.access.Tickets;
import io.dragonfly.internal.cdn.CdnCache;
import io.dragonfly.internal.queue.HostKey;
import io.dragonfly.peer.PeerId;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Takes in what peers hold without wanting anything. Who was never admitted to a task offers
 * nothing of it, and does not learn whether others have it. Safe for concurrent use; does not
 * block.
 */
final class Announcements {
  private final Swarms swarms;
  private final Arrivals arrivals;
  private final CdnCache cache;
  private final Tickets tickets;
  private final InstantSource clock;

  Announcements(
      Swarms swarms, Arrivals arrivals, CdnCache cache, Tickets tickets, InstantSource clock) {
    this.swarms = swarms;
    this.arrivals = arrivals;
    this.cache = cache;
    this.tickets = tickets;
    this.clock = clock;
  }

  CompletableFuture<AnnounceResponse> announce(AnnounceRequest request, HostKey place) {
    if (request.holdings().isEmpty()) {
      return CompletableFuture.completedFuture(answer(request, place, Map.of(), List.of()));
    }
    // One call may hold thousands of tickets, and an event loop should not verify them.
    return arrivals.inBackground(() -> verify(request, place));
  }

  private CompletableFuture<AnnounceResponse> verify(AnnounceRequest request, HostKey place) {
    Map<SwarmTask, Holding> known = new LinkedHashMap<>();
    List<Holding> others = new ArrayList<>();
    List<TaskId> refused = new ArrayList<>();
    for (Holding holding : request.holdings()) {
      if (!isAdmitted(request.caller().id(), holding)) {
        refused.add(holding.task());
        continue;
      }
      Optional<SwarmTask> swarm = swarms.find(holding.task()).filter(Announcements::isReady);
      swarm.ifPresentOrElse(task -> known.put(task, holding), () -> others.add(holding));
    }
    if (others.isEmpty()) {
      return CompletableFuture.completedFuture(answer(request, place, known, refused));
    }
    return announceUnknown(request, place, known, others, refused);
  }

  private boolean isAdmitted(PeerId peer, Holding holding) {
    return holding
        .ticket()
        .flatMap(ticket -> tickets.open(ticket, peer, clock.instant()))
        .filter(ticket -> ticket.task().id().equals(holding.task()))
        .isPresent();
  }

  private static boolean isReady(SwarmTask task) {
    return task.started().isDone() && !task.started().isCompletedExceptionally();
  }

  private CompletableFuture<AnnounceResponse> announceUnknown(
      AnnounceRequest request,
      HostKey place,
      Map<SwarmTask, Holding> known,
      List<Holding> others,
      List<TaskId> refused) {
    Map<Holding, CompletableFuture<SwarmTask>> found = new LinkedHashMap<>();
    List<TaskId> unknown = new ArrayList<>(refused);
    for (Holding holding : others) {
      Optional<Task> task = cache.find(holding.task());
      task.ifPresentOrElse(
          t -> found.put(holding, arrivals.arrive(t)), () -> unknown.add(holding.task()));
    }
    CompletableFuture<?>[] all = found.values().toArray(CompletableFuture<?>[]::new);
    return CompletableFuture.allOf(all)
        .handle(
            (done, failure) -> {
              found.forEach(
                  (holding, swarm) -> {
                    if (swarm.isCompletedExceptionally()) {
                      unknown.add(holding.task());
                    } else {
                      known.put(swarm.join(), holding);
                    }
                  });
              return answer(request, place, known, unknown);
            });
  }

  private AnnounceResponse answer(
      AnnounceRequest request, HostKey place, Map<SwarmTask, Holding> known, List<TaskId> unknown) {
    List<TaskId> notTaken = new ArrayList<>(unknown);
    Terms terms = swarms.announce(request.caller(), place, known, notTaken);
    return new AnnounceResponse(notTaken, terms);
  }
}

package io.dragonfly.internal.transfer;

import io.dragonfly.internal.loop.Backoff;
import io.dragonfly.internal.loop.EventLoop;
import io.dragonfly.internal.loop.IoThreads;
import io.dragonfly.internal.transfer.swarm.SupernodeLink;
import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.TaskId;
import java.time.Duration;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells one supernode what the store holds: when the client starts, and again while the supernode
 * does not know some of it, since it may learn of those tasks later. It takes a ticket, so what was
 * registered for more than an hour ago is not told any more. Confined to the loop.
 */
final class Announcing {
  private static final Logger LOG = LoggerFactory.getLogger(Announcing.class);
  private static final Duration AGAIN = Duration.ofSeconds(30);

  private final EventLoop loop;
  private final IoThreads store;
  private final Storage storage;
  private final SupernodeLink link;
  private final KeptTickets tickets;
  private final Backoff backoff;
  private boolean waiting;

  Announcing(
      EventLoop loop,
      IoThreads store,
      Storage storage,
      SupernodeLink link,
      KeptTickets tickets,
      DoubleSupplier random) {
    this.loop = loop;
    this.store = store;
    this.storage = storage;
    this.link = link;
    this.tickets = tickets;
    this.backoff = new Backoff(Duration.ofSeconds(1), AGAIN, random);
    link.onForgotten(() -> after(Duration.ZERO));
    link.onTicket(this::keep);
  }

  private void keep(TaskId task, String ticket) {
    tickets.keep(link.name(), task, ticket);
    var unused =
        store.call(
            () -> {
              tickets.save();
              return task;
            });
  }

  void offer() {
    waiting = false;
    Set<TaskId> left = link.beginOffer();
    loop.when(
        store.call(storage::tasks),
        tasks -> offer(tasks, left),
        failure -> {
          link.endOffer(left);
          LOG.warn("Cannot list the stored tasks: {}", failure.toString());
        });
  }

  private void offer(List<StoredTask> tasks, Set<TaskId> left) {
    Map<TaskId, Supplier<BitSet>> holdings = new HashMap<>();
    for (StoredTask stored : tasks) {
      TaskId id = stored.task().id();
      boolean isTold = link.member(id).isPresent() || stored.pieces().isEmpty();
      if (!isTold && !left.contains(id) && tickets.find(link.name(), id).isPresent()) {
        holdings.put(id, stored::pieces);
      }
    }
    if (holdings.isEmpty()) {
      link.endOffer(left);
      return;
    }
    loop.when(
        link.offer(holdings, id -> tickets.find(link.name(), id), left),
        answer -> {
          backoff.reset();
          if (!answer.unknown().isEmpty()) {
            after(AGAIN);
          }
        },
        failure -> after(backoff.next()));
  }

  private void after(Duration delay) {
    if (!waiting) {
      waiting = true;
      var unused = loop.after(delay, this::offer);
    }
  }
}

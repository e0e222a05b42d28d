package io.dragonfly.examples.server;

import io.dragonfly.DistributionClient;
import io.dragonfly.error.DistributionException;
import io.dragonfly.task.TaskId;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a server small while it waits: removes finished files that nobody has used for long, and
 * gives memory back after the calls are done.
 */
final class Housekeeping {
  private static final Logger log = LoggerFactory.getLogger(Housekeeping.class);
  private static final Duration OFTEN = Duration.ofSeconds(10);
  private static final Duration MOST_OFTEN = Duration.ofMillis(250);

  private final DistributionClient client;
  private final Uses uses;
  private final Duration expireTime;
  private final IdleGc tidying;

  /**
   * Housekeeping of a peer.
   *
   * @param expireTime how long a file stays that nobody uses; zero for ever
   */
  Housekeeping(DistributionClient client, Uses uses, Duration expireTime) {
    this.client = client;
    this.uses = uses;
    this.expireTime = expireTime;
    this.tidying = new IdleGc(uses, client::sinceGiven, System::nanoTime, System::gc);
  }

  /** Starts a thread, which ends when the server is told to stop. */
  void start() {
    Thread keeping = new Thread(this::run, "dragonfly-housekeeping");
    keeping.setDaemon(true);
    keeping.start();
  }

  private void run() {
    try {
      while (uses.awaitTime(period())) {
        expire();
        tidying.tidyIfQuiet();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // nobody does so
    }
  }

  private Duration period() {
    Duration quarter = expireTime.dividedBy(4);
    if (expireTime.isZero() || quarter.compareTo(OFTEN) > 0) {
      return OFTEN;
    }
    return quarter.compareTo(MOST_OFTEN) < 0 ? MOST_OFTEN : quarter;
  }

  private void expire() {
    if (expireTime.isZero()) {
      return;
    }
    try {
      List<TaskId> removed = client.removeIdle(expireTime);
      for (TaskId task : removed) {
        log.info("Task {} is removed: nobody used it for {}", task.brief(), expireTime);
      }
    } catch (DistributionException | IllegalStateException e) { // the latter at the very end
      log.warn("Tasks that nobody uses cannot be removed: {}", e.getMessage());
    }
  }
}

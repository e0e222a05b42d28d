package io.dragonfly.internal.transfer;

import io.dragonfly.internal.loop.EventLoop;
import io.dragonfly.internal.transfer.swarm.Pushed;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches what the operators of a supernode want this peer to have: a few files at a time, into the
 * home, from that supernode and its peers. No source is asked. Confined to the loop.
 */
final class Preheating {
  private static final Logger LOG = LoggerFactory.getLogger(Preheating.class);
  private static final int MOST_RUNNING = 4;
  private static final int MOST_WAITING = 2000;

  private final EventLoop loop;
  private final Function<Pushed, CompletableFuture<?>> fetch;
  private final Deque<Pushed> waiting = new ArrayDeque<>();
  private int running;

  /**
   * Fetches by a function.
   *
   * @param fetch starts a fetch; its future completes with the end. Throws {@link
   *     IllegalArgumentException} for what names no file
   */
  Preheating(EventLoop loop, Function<Pushed, CompletableFuture<?>> fetch) {
    this.loop = loop;
    this.fetch = fetch;
  }

  /** Fetches a file, now or when others have ended. */
  void add(Pushed pushed) {
    if (waiting.size() >= MOST_WAITING) {
      LOG.warn(
          "The supernode wants {} to be fetched, but {} wait already",
          pushed.push().url(),
          MOST_WAITING);
      return;
    }
    waiting.addLast(pushed);
    next();
  }

  private void next() {
    while (running < MOST_RUNNING && !waiting.isEmpty()) {
      start(waiting.removeFirst());
    }
  }

  private void start(Pushed pushed) {
    CompletableFuture<?> fetched;
    try {
      fetched = fetch.apply(pushed);
    } catch (IllegalArgumentException e) {
      LOG.warn("The supernode wants what is no file to be fetched: {}", e.getMessage());
      return;
    }
    LOG.info("{} is fetched since the supernode wants it", pushed.push().url());
    running++;
    loop.when(fetched, done -> ended(), failure -> failed(pushed, failure));
  }

  private void failed(Pushed pushed, Throwable failure) {
    LOG.warn("{} could not be preheated: {}", pushed.push().url(), failure.getMessage());
    ended();
  }

  private void ended() {
    running--;
    next();
  }
}

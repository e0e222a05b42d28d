package io.dragonfly.internal.transfer;

import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.internal.loop.EventLoop;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Headers;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches what the operators of a supernode want this peer to have: a few contents at a time, into
 * the home, as if somebody here had asked for them. Confined to the loop.
 */
final class Preheating {
  private static final Logger LOG = LoggerFactory.getLogger(Preheating.class);
  private static final int MOST_RUNNING = 4;
  private static final int MOST_WAITING = 2000;

  /** Nobody else says what is read of this machine. */
  private static final Set<String> SCHEMES = Set.of("http", "https");

  private final EventLoop loop;
  private final Function<FetchRequest, CompletableFuture<?>> fetch;
  private final Deque<ContentRequest> waiting = new ArrayDeque<>();
  private int running;

  /**
   * Fetches by a function.
   *
   * @param fetch starts a fetch; its future completes with the end
   */
  Preheating(EventLoop loop, Function<FetchRequest, CompletableFuture<?>> fetch) {
    this.loop = loop;
    this.fetch = fetch;
  }

  /** Fetches a content, now or when others have ended. */
  void add(ContentRequest content) {
    String scheme = String.valueOf(content.url().getScheme()).toLowerCase(Locale.ROOT);
    if (!SCHEMES.contains(scheme) || waiting.size() >= MOST_WAITING) {
      LOG.warn("The supernode wants {} to be fetched, which is not done", content.displayUrl());
      return;
    }
    waiting.addLast(content);
    next();
  }

  private void next() {
    while (running < MOST_RUNNING && !waiting.isEmpty()) {
      ContentRequest content = waiting.removeFirst();
      LOG.info("{} is fetched since the supernode wants it", content.displayUrl());
      running++;
      loop.when(
          fetch.apply(request(content)), done -> ended(), failure -> failed(content, failure));
    }
  }

  private void failed(ContentRequest content, Throwable failure) {
    LOG.warn("{} could not be preheated: {}", content.displayUrl(), failure.getMessage());
    ended();
  }

  private void ended() {
    running--;
    next();
  }

  private static FetchRequest request(ContentRequest content) {
    FetchRequest.Builder request =
        FetchRequest.builder(content.url())
            .filter(content.filter())
            .insecure(content.trust().insecure());
    for (Headers.Header header : content.headers().list()) {
      request.header(header.name(), header.value());
    }
    content.digest().ifPresent(request::digest);
    content.identifier().ifPresent(request::identifier);
    content.trust().caCertificates().forEach(request::caCertificate);
    return request.build();
  }
}

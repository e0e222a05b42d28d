package io.dragonfly.transport.http.internal.source;

import io.dragonfly.error.SourceFailedException;
import io.dragonfly.internal.loop.ActiveClock;
import io.dragonfly.spi.SourceConfig;
import io.dragonfly.spi.SourceRequest;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.transport.http.internal.reach.Proxies;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import okhttp3.HttpUrl;
import okhttp3.Response;

/**
 * All that one source has under way. Each question is asked on a thread of its own until it is
 * answered, so that whoever waits for it can be interrupted, whatever the thread is stuck in.
 */
final class SourceExchanges implements AutoCloseable {
  private final SourceThreads threads = new SourceThreads();
  private final ActiveClock clock = ActiveClock.ofProcess();
  private final StallWatch watch = new StallWatch(clock);
  private final Set<SourceExchange> open = ConcurrentHashMap.newKeySet();
  private final SourceCalls calls;
  private volatile boolean closed;

  SourceExchanges(SourceConfig config, Proxies proxies) {
    calls = new SourceCalls(config, proxies, threads);
  }

  /** Makes something of an answer: its body is read, or it is dropped. */
  interface AnswerReader<T> {
    T read(SourceExchange exchange, Response response) throws IOException;
  }

  /** Asks, follows redirects, and returns what the reader makes of the last answer. */
  <T> T run(SourceRequest request, SourceQuery probe, AnswerReader<T> reader) throws IOException {
    CompletableFuture<T> result = new CompletableFuture<>();
    SourceExchange exchange =
        new SourceExchange(request, clock, finished -> finished(finished, result));
    // First among the open ones, then a look at closed, and close() in the other order: so one of
    // the two ends it, and nobody waits for a task that is dropped.
    open.add(exchange);
    watch.add(exchange);
    if (closed) {
      exchange.end(SourceExchange.Ending.GIVEN_UP);
    } else {
      threads.execute(() -> answer(exchange, probe, reader, result));
    }
    return await(result, exchange);
  }

  private <T> void answer(
      SourceExchange exchange,
      SourceQuery probe,
      AnswerReader<T> reader,
      CompletableFuture<T> result) {
    try {
      Response response = follow(exchange, probe);
      T read;
      try {
        read = reader.read(exchange, response);
      } catch (IOException | RuntimeException e) {
        exchange.drop(response);
        throw e;
      }
      if (!result.complete(read)) {
        // Whoever asked is gone; nobody else will close what was opened.
        exchange.end(SourceExchange.Ending.GIVEN_UP);
      }
    } catch (IOException e) {
      result.completeExceptionally(exchange.failureToAnswer(e));
    } catch (RuntimeException | Error e) {
      result.completeExceptionally(e);
    } finally {
      if (!exchange.hasBody()) {
        exchange.finished(true);
      }
    }
  }

  private Response follow(SourceExchange exchange, SourceQuery probe) throws IOException {
    Redirects redirects = new Redirects(exchange.content());
    HttpUrl url = url(exchange.content());
    while (true) {
      Response response = exchange.execute(calls.create(exchange, url, probe));
      Optional<HttpUrl> next;
      try {
        next = redirects.next(url, response);
      } catch (RuntimeException e) {
        exchange.drop(response);
        throw e;
      }
      if (next.isEmpty()) {
        return response;
      }
      exchange.drop(response);
      url = next.get();
    }
  }

  private static HttpUrl url(ContentRequest content) {
    try {
      return HttpUrl.get(content.url().toString());
    } catch (IllegalArgumentException e) {
      // OkHttp's message has the whole URL in it.
      throw new SourceFailedException(
          "%s is no http or https URL: check it".formatted(content.displayUrl()), null);
    }
  }

  private static <T> T await(CompletableFuture<T> result, SourceExchange exchange)
      throws IOException {
    try {
      return result.get();
    } catch (InterruptedException e) {
      exchange.end(SourceExchange.Ending.GIVEN_UP);
      Thread.currentThread().interrupt();
      throw new InterruptedIOException(
          "%s: interrupted while waiting for the source"
              .formatted(exchange.content().displayUrl()));
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IOException("asking the source failed", e.getCause());
    }
  }

  private void finished(SourceExchange exchange, CompletableFuture<?> result) {
    open.remove(exchange);
    watch.remove(exchange);
    if (exchange.isEndedFromOutside()) {
      result.completeExceptionally(exchange.failureToAnswer(null));
    }
  }

  @Override
  public void close() {
    closed = true;
    open.forEach(exchange -> exchange.end(SourceExchange.Ending.GIVEN_UP));
    watch.close();
    calls.close();
    threads.close();
  }
}

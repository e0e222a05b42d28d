package io.dragonfly.internal.transfer;

import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.ContentNotFoundException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.SourceChangedException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.internal.loop.Backoff;
import io.dragonfly.internal.loop.Timers;
import io.dragonfly.internal.transfer.source.SourceFailures;
import io.dragonfly.internal.transfer.source.SourceReading;
import io.dragonfly.spi.Requester;
import io.dragonfly.spi.SourceRequest;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.task.Task;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks a source, when all that was wanted of it has come, whether it still has the version that was
 * read: one that is overwritten in place sends a mixture under the validator that it began with.
 * Confined to the loop.
 */
final class SourceRevalidation {
  private static final Logger LOG = LoggerFactory.getLogger(SourceRevalidation.class);
  private static final int MOST_TRIES = 5;

  private final Parts parts;
  private final Task task;
  private final ContentRequest content;
  private final int read;
  private final Backoff backoff;
  private final CompletableFuture<Void> same = new CompletableFuture<>();
  private @Nullable Future<?> probe;
  private Timers.@Nullable Timer retry;

  /**
   * A question that is not asked.
   *
   * @param content with the credentials to ask with
   * @param read how many pieces had been read from the source by now: they are what it is about
   */
  SourceRevalidation(Parts parts, Task task, ContentRequest content, int read) {
    this.parts = parts;
    this.task = task;
    this.content = content;
    this.read = read;
    this.backoff = new Backoff(Duration.ofMillis(200), Duration.ofSeconds(5), parts.random());
  }

  /** Returns how many pieces had been read from the source when this was asked. */
  int read() {
    return read;
  }

  /** Completes when the version is still the same, or the source does not say any more. */
  CompletableFuture<Void> same() {
    return same;
  }

  void ask() {
    probe = parts.io().interruptibly(this::askNow);
  }

  private void askNow() {
    SourceRequest request =
        new SourceRequest(content, parts.times().sourceStall(), Requester.THIS_PROCESS);
    try {
      SourceVersion now =
          parts.sources().apply(String.valueOf(content.url().getScheme())).ask(request);
      parts.loop().execute(() -> compare(now));
    } catch (IOException | RuntimeException e) {
      DistributionException failure = SourceFailures.asFailure(content, e);
      parts.loop().execute(() -> notAnswered(failure));
    }
  }

  private void compare(SourceVersion now) {
    SourceVersion then = task.version();
    boolean sameLength =
        then.length().isEmpty() || now.length().isEmpty() || then.length().equals(now.length());
    if (sameLength && then.admits(now)) {
      same.complete(null);
    } else {
      same.completeExceptionally(
          new SourceChangedException(
              "The content of %s changed while it was read: it is now %s and was %s. Fetch it again to get the new one."
                  .formatted(content.displayUrl(), now, then)));
    }
  }

  private void notAnswered(DistributionException failure) {
    if (same.isDone()) {
      return; // cancelled
    }
    if (isRefusal(failure)) {
      // A URL that works once, or for a while, is no reason to throw away what it gave.
      LOG.warn(
          "Task {}: the source does not say any more whether it has changed meanwhile: {}",
          task.id().brief(),
          failure.getMessage());
      same.complete(null);
      return;
    }
    Optional<Duration> pause = pauseAfter(failure);
    if (pause.isPresent()) {
      retry = parts.loop().after(pause.get(), this::ask);
    } else {
      same.completeExceptionally(failure);
    }
  }

  private static boolean isRefusal(DistributionException failure) {
    return failure instanceof AccessRefusedException
        || failure instanceof ContentNotFoundException
        || (failure instanceof SourceFailedException && !SourceReading.isWorthARetry(failure));
  }

  private Optional<Duration> pauseAfter(DistributionException failure) {
    if (!(failure instanceof SourceFailedException answer) || backoff.tries() + 1 >= MOST_TRIES) {
      return Optional.empty();
    }
    Duration pause = backoff.next();
    Duration wanted = answer.retryAfter().orElse(pause);
    return wanted.compareTo(SourceReading.LONGEST_RETRY_AFTER) > 0
        ? Optional.empty()
        : Optional.of(wanted.compareTo(pause) > 0 ? wanted : pause);
  }

  /** Drops the question. */
  void cancel() {
    same.cancel(false);
    if (probe != null) {
      probe.cancel(true);
    }
    if (retry != null) {
      retry.cancel();
    }
  }
}

package io.dragonfly.internal.transfer;

import io.dragonfly.error.DistributionException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.internal.loop.Backoff;
import io.dragonfly.internal.loop.Timers;
import io.dragonfly.internal.transfer.source.SourceFailures;
import io.dragonfly.internal.transfer.source.SourceReading;
import io.dragonfly.spi.Requester;
import io.dragonfly.spi.Source;
import io.dragonfly.spi.SourceContent;
import io.dragonfly.spi.SourceRequest;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskKey;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the task by asking the source: with the request for the whole content, so that the source
 * is asked once, unless a part of it is there already or no more than a part is wanted.
 */
final class SourceLookup extends TaskLookup {
  private static final Logger LOG = LoggerFactory.getLogger(SourceLookup.class);
  private static final int MOST_TRIES = 4;

  private final Parts parts;
  private final Downloads downloads;
  private final Backoff backoff;
  private @Nullable Future<?> probe;
  private Timers.@Nullable Timer retry;

  /** The source's answer, with the content if that was asked for. */
  private record Answer(SourceVersion version, Optional<SourceContent> content) {}

  SourceLookup(FetchRequest request, Parts parts, Downloads downloads) {
    super(request);
    this.parts = parts;
    this.downloads = downloads;
    this.backoff = new Backoff(Duration.ofMillis(200), Duration.ofSeconds(2), parts.random());
  }

  @Override
  void ask() {
    TaskKey key = content().key();
    boolean probeOnly = request().range().isPresent() || downloads.isActive(key);
    probe = parts.io().interruptibly(() -> askNow(key, probeOnly));
  }

  private void askNow(TaskKey key, boolean probeOnly) {
    SourceRequest asked =
        new SourceRequest(content(), parts.times().sourceStall(), Requester.THIS_PROCESS);
    try {
      Source source = parts.sources().apply(String.valueOf(content().url().getScheme()));
      Answer answer;
      if (probeOnly || isStored(key)) {
        answer = new Answer(source.ask(asked), Optional.empty());
      } else {
        SourceContent opened = source.open(asked);
        answer = new Answer(opened.version(), Optional.of(opened));
      }
      parts.anonymous().given(content(), Requester.THIS_PROCESS, answer.version());
      parts.loop().execute(() -> answered(answer));
    } catch (IOException | RuntimeException e) {
      DistributionException failure = SourceFailures.asFailure(content(), e);
      parts.loop().execute(() -> refused(failure));
    }
  }

  private boolean isStored(TaskKey key) {
    return parts.storage().versions(key).stream().anyMatch(stored -> !stored.pieces().isEmpty());
  }

  private void answered(Answer answer) {
    if (isOver()) {
      answer.content().ifPresent(this::letGo);
      return;
    }
    Task task =
        Task.of(
            content().key(), answer.version(), content().digest(), UUID.randomUUID().toString());
    downloads.open(
        task,
        download -> {
          if (isOver()) {
            answer.content().ifPresent(this::letGo);
          } else {
            answer.content().ifPresent(download.source()::offer);
            found(download);
          }
        },
        failure -> {
          answer.content().ifPresent(this::letGo);
          if (!isOver()) {
            failed(failure, downloads);
          }
        });
  }

  private void letGo(SourceContent content) {
    parts
        .io()
        .execute(
            () -> {
              try {
                content.close();
              } catch (IOException e) {
                LOG.debug("Closing a source's stream failed", e);
              }
            });
  }

  private void refused(DistributionException failure) {
    if (isOver()) {
      return;
    }
    Optional<SourceVersion> known =
        parts.anonymous().instead(content(), Requester.THIS_PROCESS, failure);
    if (known.isPresent()) {
      LOG.info(
          "{} is fetched without its source, which gave it to everybody: {}",
          content().displayUrl(),
          failure.getMessage());
      answered(new Answer(known.get(), Optional.empty()));
      return;
    }
    if (!SourceReading.isWorthARetry(failure) || backoff.tries() + 1 >= MOST_TRIES) {
      failed(failure, downloads);
      return;
    }
    Duration pause = backoff.next();
    if (failure instanceof SourceFailedException answer && answer.retryAfter().isPresent()) {
      if (answer.retryAfter().get().compareTo(SourceReading.LONGEST_RETRY_AFTER) > 0) {
        failed(failure, downloads);
        return;
      }
      pause = answer.retryAfter().get();
    }
    fetches().forEach(fetch -> fetch.sourceFailed(failure));
    retry = parts.loop().after(pause, this::ask);
  }

  @Override
  void cancelProbe() {
    if (probe != null) {
      probe.cancel(true);
    }
    if (retry != null) {
      retry.cancel();
    }
  }
}

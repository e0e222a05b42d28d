package io.dragonfly.internal.transfer.source;

import io.dragonfly.error.DistributionException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.task.ContentRequest;

/** Says in our own terms what went wrong with a source. */
public final class SourceFailures {
  private SourceFailures() {}

  /** Returns what a source threw if it is typed, else a typed exception for it. */
  public static DistributionException asFailure(ContentRequest content, Throwable e) {
    if (e instanceof DistributionException typed) {
      return typed;
    }
    String why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    return new SourceFailedException(
        "%s cannot be read: %s. Try again later.".formatted(content.displayUrl(), why), e);
  }
}

package io.dragonfly.internal.supernode;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BiConsumer;

/** What is done when a future completes, with failures free of what futures wrap them in. */
final class Futures {
  private Futures() {}

  /** Does something when a future completes: with its value, or else with its failure. */
  static <T> void when(CompletableFuture<T> future, BiConsumer<T, Throwable> action) {
    CompletableFuture<T> unused =
        future.whenComplete(
            (value, failure) -> action.accept(value, failure == null ? null : unwrap(failure)));
  }

  /** Completes one future as another completes. */
  static <T> void passOn(CompletableFuture<T> from, CompletableFuture<T> to) {
    when(
        from,
        (value, failure) -> {
          if (failure != null) {
            to.completeExceptionally(failure);
          } else {
            to.complete(value);
          }
        });
  }

  private static Throwable unwrap(Throwable failure) {
    Throwable cause = failure.getCause();
    return failure instanceof CompletionException && cause != null ? unwrap(cause) : failure;
  }
}

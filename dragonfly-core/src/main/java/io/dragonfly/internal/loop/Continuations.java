package io.dragonfly.internal.loop;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs what is to be done when a stage completes. {@link CompletionStage#whenComplete} and its like
 * put what their action throws into the stage that they return. If nobody looks at that stage, the
 * exception is lost. Here it is logged.
 */
public final class Continuations {
  private static final Logger LOG = LoggerFactory.getLogger(Continuations.class);

  private Continuations() {}

  /**
   * Runs an action when a stage completes, on the thread that completes it, or at once if it is
   * complete. Logs what the action throws.
   *
   * @param action gets the stage's value, or else what went wrong, without the wrapping that
   *     futures add
   */
  public static <T> void whenDone(
      CompletionStage<T> stage, BiConsumer<@Nullable T, @Nullable Throwable> action) {
    var unused =
        stage.handle(
            (value, failure) -> {
              run(() -> action.accept(value, failure == null ? null : causeOf(failure)));
              return null;
            });
  }

  /** Completes a future as a stage completes, in the same way. */
  public static <T> void passOn(CompletionStage<T> stage, CompletableFuture<T> to) {
    whenDone(
        stage,
        (value, failure) -> {
          if (failure != null) {
            to.completeExceptionally(failure);
          } else {
            to.complete(value);
          }
        });
  }

  /** Runs something now. Logs what it throws: a defect, which must not end the thread. */
  public static void run(Runnable task) {
    try {
      task.run();
    } catch (Throwable e) {
      // What it left undone is found by the limits that every wait has.
      LOG.error("An event failed", e);
    }
  }

  /** Returns what went wrong, without the wrapping that futures add. */
  public static Throwable causeOf(Throwable failure) {
    Throwable cause = failure.getCause();
    return failure instanceof CompletionException && cause != null ? causeOf(cause) : failure;
  }
}

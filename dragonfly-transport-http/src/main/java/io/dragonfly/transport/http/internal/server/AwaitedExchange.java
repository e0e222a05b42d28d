package io.dragonfly.transport.http.internal.server;

import io.dragonfly.error.DistributionException;
import io.dragonfly.internal.loop.Continuations;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A request whose answer is made by somebody else, in his own time and threads. Confined to its
 * connection's event loop.
 */
abstract class AwaitedExchange implements ServerExchange {
  private static final Logger LOG = LoggerFactory.getLogger(AwaitedExchange.class);

  private final ServerConnection connection;
  private boolean abandoned;

  AwaitedExchange(ServerConnection connection) {
    this.connection = connection;
  }

  final ServerConnection connection() {
    return connection;
  }

  /** Goes on, on the event loop, with what comes of this, unless the client is gone by then. */
  final <T> void await(
      CompletableFuture<T> asked, Consumer<T> onResult, Consumer<Throwable> onFailure) {
    Continuations.whenDone(
        asked,
        (result, failure) ->
            onLoop(
                () -> {
                  if (failure == null) {
                    onResult.accept(result);
                  } else {
                    onFailure.accept(failure);
                  }
                }));
  }

  /**
   * Says why the supernode did not do what it was asked for.
   *
   * @param what the call, for the log
   */
  final void answerFailure(Throwable failure, String what) {
    if (failure instanceof DistributionException typed) {
      connection.answer(typed);
    } else {
      LOG.warn("{} failed: {}", what, String.valueOf(failure));
      LOG.debug("where a call failed", failure);
      connection.refuse(
          HttpResponseStatus.INTERNAL_SERVER_ERROR, "the supernode failed, see its log");
    }
  }

  private void onLoop(Runnable task) {
    try {
      connection
          .channel()
          .eventLoop()
          .execute(
              () -> {
                if (!abandoned) {
                  task.run();
                }
              });
    } catch (RejectedExecutionException e) {
      LOG.debug("an answer came after the transport was closed");
    }
  }

  @Override
  public void abandon() {
    abandoned = true;
  }

  @Override
  public final long progress() {
    return NOTHING_TO_SEND;
  }
}

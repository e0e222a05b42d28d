package io.dragonfly.transport.http.internal.source;

import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.spi.SourceRequest;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.transport.http.internal.reach.SourceProxy;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import okhttp3.Call;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/**
 * One question to a source, from its first call through all redirects until the body of its answer
 * is closed. It can be ended by any thread at any time; that closes its connection.
 */
final class SourceExchange implements StallWatch.Watched {
  private static final long NOT_WAITING = Long.MIN_VALUE;

  /** A body of at most this length is cheaper to read than a new connection is to make. */
  private static final long SMALL_BODY = 16 << 10;

  /** Why it ended before its time. */
  enum Ending {
    /** The source did nothing for too long. */
    STALLED,
    /** Nobody waits for it any more. */
    GIVEN_UP,
    /** Its reader has closed the body before the end. */
    LEFT
  }

  private final SourceRequest request;
  private final LongSupplier nanoClock;
  private final Consumer<SourceExchange> whenFinished;
  private final AtomicReference<@Nullable Ending> ending = new AtomicReference<>();
  private volatile @Nullable Call call;
  private volatile @Nullable BodyStream body;
  private volatile long waitingSince = NOT_WAITING;
  private volatile boolean hasStrayBytes;

  /**
   * An exchange that has not begun.
   *
   * @param whenFinished called when it is ended or finished, maybe more than once
   */
  SourceExchange(
      SourceRequest request, LongSupplier nanoClock, Consumer<SourceExchange> whenFinished) {
    this.request = request;
    this.nanoClock = nanoClock;
    this.whenFinished = whenFinished;
  }

  SourceRequest request() {
    return request;
  }

  ContentRequest content() {
    return request.content();
  }

  /** Makes a call and waits for the headers of its answer. */
  Response execute(Call next) throws IOException {
    call = next;
    waits();
    if (isEnded()) {
      next.cancel();
    }
    Response response = next.execute();
    waitsNoMore();
    return response;
  }

  /** A wait for the source begins. */
  void waits() {
    waitingSince = nanoClock.getAsLong();
  }

  /** The source has done its part. */
  void waitsNoMore() {
    waitingSince = NOT_WAITING;
  }

  @Override
  public long nanosLeft(long now) {
    long since = waitingSince;
    long all = limit().toNanos();
    return since == NOT_WAITING ? all : since + all - now;
  }

  private Duration limit() {
    return body == null ? request.answerTimeout() : request.stallTimeout();
  }

  @Override
  public void stalled() {
    end(Ending.STALLED);
  }

  /** Ends it from outside. Safe to call at any time. */
  void end(Ending why) {
    if (ending.compareAndSet(null, why)) {
      cancelCall();
      whenFinished.accept(this);
      BodyStream open = body;
      if (open != null) {
        open.close();
      }
    }
  }

  private boolean isEnded() {
    return ending.get() != null;
  }

  /** Tells whether it was ended while somebody may still wait for the answer. */
  boolean isEndedFromOutside() {
    Ending why = ending.get();
    return why == Ending.STALLED || why == Ending.GIVEN_UP;
  }

  private void cancelCall() {
    Call present = call;
    if (present != null) {
      present.cancel();
    }
  }

  /** The server sent more than it announced. Its connection is not fit for another question. */
  void foundStrayBytes() {
    hasStrayBytes = true;
    cancelCall();
  }

  boolean hasStrayBytes() {
    return hasStrayBytes;
  }

  /** Hands out an answer's body. Closing it finishes this exchange. */
  InputStream body(Response response, BodyPlan plan) {
    BodyStream stream = new BodyStream(this, response, plan);
    body = stream;
    if (isEnded()) {
      stream.close();
    }
    return stream;
  }

  boolean hasBody() {
    return body != null;
  }

  /** Gives up an answer, without reading its body unless that is short. */
  void drop(Response response) {
    long length = response.body().contentLength();
    if (length < 0 || length > SMALL_BODY) {
      cancelCall();
    }
    response.close();
  }

  /** Nothing more will be read of it. */
  void finished(boolean atEnd) {
    if (!atEnd) {
      ending.compareAndSet(null, Ending.LEFT);
      cancelCall();
    }
    whenFinished.accept(this);
  }

  /** Says why there is no answer. */
  Exception failureToAnswer(@Nullable IOException cause) {
    Ending why = ending.get();
    if (why == Ending.STALLED) {
      return new SourceFailedException(
          "%s: the source gave no answer for %s".formatted(name(), seconds()), cause);
    }
    if (why == Ending.GIVEN_UP || cause == null) {
      return new IOException("%s: the request was cancelled".formatted(name()), cause);
    }
    SourceProxy.RefusedException proxy = Failures.find(cause, SourceProxy.RefusedException.class);
    if (proxy != null) {
      return new AccessRefusedException(
          "the proxy for %s answered 407: give credentials for the proxy".formatted(name()),
          407,
          proxy.challenges());
    }
    if (cause instanceof BrokenBodyException) {
      return new SourceFailedException(Failures.reason(cause), cause);
    }
    return new SourceFailedException(
        "%s cannot be read: %s".formatted(name(), Failures.reason(cause)), cause);
  }

  /** Says why a body broke off. */
  IOException failureToRead(String what, @Nullable IOException cause) {
    Ending why = ending.get();
    if (why == Ending.STALLED) {
      return new BrokenBodyException(
          "%s: the source brought no byte for %s".formatted(name(), seconds()), cause);
    }
    String reason = why == null ? what : "the stream is closed";
    return new BrokenBodyException("%s: %s".formatted(name(), reason), cause);
  }

  /** A body that is not what was announced, or broke off. Its message says which. */
  static final class BrokenBodyException extends IOException {
    private static final long serialVersionUID = 1L;

    BrokenBodyException(String message, @Nullable IOException cause) {
      super(message, cause);
    }
  }

  private String name() {
    Call present = call;
    return present == null
        ? content().displayUrl()
        : Failures.place(content(), present.request().url());
  }

  private String seconds() {
    return limit().toMillis() / 1000.0 + " s";
  }
}

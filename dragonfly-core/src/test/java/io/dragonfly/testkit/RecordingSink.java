package io.dragonfly.testkit;

import io.dragonfly.spi.PieceDownloadException;
import io.dragonfly.spi.PieceSink;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the bytes of one take and notes each call that breaks the contract of {@link PieceSink}:
 * calls at the same time, or after the end. Safe for concurrent use.
 */
public final class RecordingSink implements PieceSink {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final List<String> wrongCalls = new ArrayList<>();
  private final CompletableFuture<byte[]> end = new CompletableFuture<>();
  private @Nullable Thread inside;
  private Runnable onReceived = () -> {};

  /** Has this run, on the transport's thread, after each call that brings bytes. */
  public synchronized RecordingSink onReceived(Runnable action) {
    onReceived = action;
    return this;
  }

  @Override
  public void received(ByteBuffer data) {
    Runnable action;
    enter("received");
    synchronized (this) {
      byte[] copy = new byte[data.remaining()];
      data.get(copy);
      bytes.writeBytes(copy);
      action = onReceived;
    }
    action.run();
    leave();
  }

  @Override
  public void completed() {
    enter("completed");
    byte[] all;
    synchronized (this) {
      all = bytes.toByteArray();
    }
    leave();
    end.complete(all);
  }

  @Override
  public void failed(PieceDownloadException failure) {
    enter("failed");
    leave();
    end.completeExceptionally(failure);
  }

  private synchronized void enter(String method) {
    if (inside != null) {
      wrongCalls.add(method + " during another call");
    }
    if (end.isDone()) {
      wrongCalls.add(method + " after the end");
    }
    inside = Thread.currentThread();
  }

  private synchronized void leave() {
    inside = null;
  }

  /** Returns how many bytes came so far. */
  public synchronized int count() {
    return bytes.size();
  }

  /** Returns the bytes that came so far. */
  public synchronized byte[] bytesSoFar() {
    return bytes.toByteArray();
  }

  /** Tells whether the take has completed or failed. */
  public boolean isDone() {
    return end.isDone();
  }

  /** Returns the calls that broke the contract. */
  public synchronized List<String> wrongCalls() {
    return List.copyOf(wrongCalls);
  }

  /**
   * Waits for all bytes.
   *
   * @throws AssertionError if the take fails or does not end in time
   */
  public byte[] awaitBytes(Duration limit) {
    try {
      return end.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw new AssertionError("the take failed: " + e.getCause().getMessage(), e.getCause());
    } catch (TimeoutException e) {
      throw new AssertionError("the take has not ended after %d bytes".formatted(count()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  /**
   * Waits for the take to fail, and returns how.
   *
   * @throws AssertionError if it completes or does not end in time
   */
  public PieceDownloadException awaitFailure(Duration limit) {
    try {
      byte[] all = end.get(limit.toMillis(), TimeUnit.MILLISECONDS);
      throw new AssertionError("the take completed with %d bytes".formatted(all.length));
    } catch (ExecutionException e) {
      return (PieceDownloadException) e.getCause();
    } catch (TimeoutException e) {
      throw new AssertionError("the take has not ended after %d bytes".formatted(count()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }
}

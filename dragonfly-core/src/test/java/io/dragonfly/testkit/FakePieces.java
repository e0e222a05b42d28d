package io.dragonfly.testkit;

import io.dragonfly.control.Outcome;
import io.dragonfly.rate.Rate;
import io.dragonfly.spi.PieceDownloadException;
import io.dragonfly.spi.PieceRegion;
import io.dragonfly.spi.PieceService;
import io.dragonfly.spi.RateLimiter;
import io.dragonfly.task.TaskId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Gives any bytes of the contents put into it, whoever asks, and notes who did. The contents are in
 * one temporary file, which goes away on close. Safe for concurrent use.
 */
public final class FakePieces implements PieceService, AutoCloseable {
  private final FileChannel file;
  private final Map<TaskId, Content> contents = new HashMap<>();
  private final List<Ask> asks = new ArrayList<>();
  private final List<CompletableFuture<Given>> held = new ArrayList<>();
  private final AtomicInteger openRegions = new AtomicInteger();
  private RateLimiter uploads = new Unlimited();
  private boolean holding;
  private @Nullable PieceDownloadException refusal;

  private record Content(long position, long length, OptionalLong total) {}

  private static final class Unlimited implements RateLimiter {
    @Override
    public long take(long bytes) {
      return 0;
    }

    @Override
    public void setRate(Optional<Rate> rate) {
      throw new UnsupportedOperationException("the limiter of this fake has no rate");
    }
  }

  /** Holds nothing yet. */
  public FakePieces() {
    try {
      Path path = Files.createTempFile("fake-pieces", null);
      file =
          FileChannel.open(
              path,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE,
              StandardOpenOption.DELETE_ON_CLOSE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Puts a content of known length. */
  public void put(TaskId task, byte[] content) {
    put(task, content, OptionalLong.of(content.length));
  }

  /** Puts the beginning of a content that has {@code total} bytes in all. */
  public synchronized void put(TaskId task, byte[] content, OptionalLong total) {
    try {
      long position = file.size();
      ByteBuffer from = ByteBuffer.wrap(content);
      while (from.hasRemaining()) {
        file.write(from, position + from.position());
      }
      contents.put(task, new Content(position, content.length, total));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Lets each ask from now on wait until {@link #release}. */
  public synchronized void hold() {
    holding = true;
  }

  /** Answers those who wait, and holds nobody any more. */
  public void release() {
    List<CompletableFuture<Given>> waiting;
    List<Ask> theirs;
    synchronized (this) {
      holding = false;
      waiting = List.copyOf(held);
      theirs = asks.subList(asks.size() - waiting.size(), asks.size()).stream().toList();
      held.clear();
    }
    for (int i = 0; i < waiting.size(); i++) {
      answer(theirs.get(i), waiting.get(i));
    }
  }

  /** Refuses each ask from now on. */
  public synchronized void refuse(PieceDownloadException answer) {
    refusal = answer;
  }

  /** Holds what is sent to this limiter's rate. */
  public synchronized void limitUploads(RateLimiter limiter) {
    uploads = limiter;
  }

  /** Returns all asks, in order. */
  public synchronized List<Ask> asks() {
    return List.copyOf(asks);
  }

  /** Returns how many regions were given and are not closed yet. */
  public int openRegions() {
    return openRegions.get();
  }

  /** Returns how many asks wait, those not counted that were given up. */
  public synchronized int waiting() {
    return (int) held.stream().filter(ask -> !ask.isDone()).count();
  }

  @Override
  public CompletableFuture<Given> give(Ask ask) {
    CompletableFuture<Given> future = new CompletableFuture<>();
    synchronized (this) {
      asks.add(ask);
      if (holding) {
        held.add(future);
        return future;
      }
    }
    answer(ask, future);
    return future;
  }

  private void answer(Ask ask, CompletableFuture<Given> future) {
    Content content;
    PieceDownloadException refused;
    synchronized (this) {
      content = contents.get(ask.task());
      refused = refusal;
    }
    if (refused != null) {
      future.completeExceptionally(refused);
    } else if (content == null || ask.range().end() > content.length()) {
      future.completeExceptionally(
          new PieceDownloadException(Outcome.REFUSED, "there are no such bytes here"));
    } else {
      openRegions.incrementAndGet();
      PieceRegion region =
          new PieceRegion(
              file,
              content.position() + ask.range().start(),
              ask.range().length(),
              openRegions::decrementAndGet);
      if (!future.complete(new Given(region, content.total()))) {
        region.close();
      }
    }
  }

  @Override
  public synchronized RateLimiter uploads() {
    return uploads;
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

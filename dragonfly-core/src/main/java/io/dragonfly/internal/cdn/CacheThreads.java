package io.dragonfly.internal.cdn;

import io.dragonfly.internal.writing.BufferPool;
import io.dragonfly.internal.writing.DiskWriter;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads of a cache, and the buffers that they pass on: those that read sources, in turns for
 * each host, the one that writes behind them, and those that block on the disk otherwise. Safe for
 * concurrent use.
 */
final class CacheThreads {
  private static final Logger log = LoggerFactory.getLogger(CacheThreads.class);
  private static final int OTHERS = 2;

  private final ExecutorService reads;
  private final HostShares shares;
  private final ExecutorService background;
  private final WriteBehind.Buffers buffers;
  private final AtomicInteger readsRunning = new AtomicInteger();

  CacheThreads(CdnSettings settings, LongSupplier nanoClock) {
    this.reads = DaemonThreads.pool("dragonfly-cdn-read", settings.reads());
    this.shares = new HostShares(reads, settings.reads(), settings.readsPerHost(), nanoClock);
    this.background = DaemonThreads.pool("dragonfly-cdn-check", OTHERS);
    BufferPool pool = new BufferPool(2 * settings.reads());
    this.buffers = new WriteBehind.Buffers(pool, new DiskWriter("dragonfly-cdn-write"));
  }

  /** Returns those that read. */
  HostShares readers() {
    return shares;
  }

  /** Returns what is written behind them. */
  WriteBehind.Buffers buffers() {
    return buffers;
  }

  /** Returns how many reads wait for a thread. */
  int waitingReads() {
    return shares.waiting();
  }

  void readStarts() {
    readsRunning.incrementAndGet();
  }

  /** The last one lets the buffers go: a process may wait long for the next. */
  void readEnded() {
    if (readsRunning.decrementAndGet() == 0) {
      buffers.pool().shrink();
    }
  }

  /** Runs something that blocks on the disk. */
  void inBackground(Runnable work) {
    try {
      background.execute(work);
    } catch (RejectedExecutionException e) {
      log.debug("not done, since the cache is closing: {}", e.toString());
    }
  }

  boolean isClosing() {
    return background.isShutdown();
  }

  /** Begins nothing any more. */
  void shutdown() {
    reads.shutdown();
    background.shutdown();
  }

  /** Waits until they are gone, 10 s at most; what they do must have been told to end. */
  void awaitEnd() {
    DaemonThreads.awaitEnd(reads, background);
    buffers.writer().close();
  }
}

package io.dragonfly.internal.serve;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.internal.loop.IoThreads;
import io.dragonfly.spi.MonitorService;
import io.dragonfly.spi.Network;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiPredicate;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Says how this process is. Metrics are read on this machine, in the networks that were named, and
 * by operators. Safe for concurrent use.
 */
public final class ProcessMonitor implements MonitorService, AutoCloseable {
  private final BooleanSupplier ready;
  private final Optional<Supplier<String>> page;
  private final List<Network> readers;
  private final BiPredicate<InetAddress, String> operators;
  private final IoThreads threads = new IoThreads("dragonfly-metrics");

  @GuardedBy("this")
  private @Nullable CompletableFuture<String> running;

  /**
   * A monitor of one process.
   *
   * @param ready whether the process can do its work
   * @param page makes the page of metrics; may block. Empty if there is none
   * @param readers networks in which everybody may read it
   * @param operators who shows an operator's token
   */
  public ProcessMonitor(
      BooleanSupplier ready,
      Optional<Supplier<String>> page,
      List<Network> readers,
      BiPredicate<InetAddress, String> operators) {
    this.ready = ready;
    this.page = page;
    this.readers = List.copyOf(readers);
    this.operators = operators;
  }

  @Override
  public boolean isReady() {
    return ready.getAsBoolean();
  }

  @Override
  public boolean mayReadMetrics(InetAddress from, String token) {
    return from.isLoopbackAddress()
        || readers.stream().anyMatch(network -> network.contains(from))
        || operators.test(from, token);
  }

  @Override
  public Optional<CompletableFuture<String>> metrics() {
    return page.map(this::read);
  }

  private synchronized CompletableFuture<String> read(Supplier<String> text) {
    CompletableFuture<String> before = running;
    if (before != null && !before.isDone()) {
      return before.copy();
    }
    CompletableFuture<String> now = threads.call(text::get);
    running = now;
    return now.copy();
  }

  /** Waits until no page is being made. */
  @Override
  public void close() {
    threads.close();
  }
}

package io.dragonfly.testkit;

import io.dragonfly.control.SupernodeApi;
import io.dragonfly.spi.PieceRequest;
import io.dragonfly.spi.PieceSink;
import io.dragonfly.spi.ServeRequest;
import io.dragonfly.spi.Transport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A transport without sockets: servers and takes meet in a {@link FakeNetwork}, where faults are
 * injected. Everything happens on one thread of its own, as on an event loop, so a sink that blocks
 * is found out. Safe for concurrent use.
 */
public final class FakeTransport implements Transport {
  private static final AtomicInteger NUMBERS = new AtomicInteger();

  private final FakeNetwork network;
  private final ScheduledThreadPoolExecutor loop;
  private final Set<FakeServer> servers = new HashSet<>();
  private final Set<FakeTake> takes = new HashSet<>();
  private final Set<FakeSupernodeCall<?>> calls = new HashSet<>();
  private volatile @Nullable Thread thread;
  private boolean closed;

  /** A transport that meets only itself. */
  public FakeTransport() {
    this(new FakeNetwork());
  }

  /** A transport that meets all others of the network. */
  public FakeTransport(FakeNetwork network) {
    this.network = network;
    int number = NUMBERS.incrementAndGet();
    loop =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread made = new Thread(task, "dragonfly-fake-transport-" + number);
              made.setDaemon(true);
              thread = made;
              return made;
            });
    loop.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    loop.setRemoveOnCancelPolicy(true);
  }

  /** Returns the network, to inject faults. */
  public FakeNetwork network() {
    return network;
  }

  @Override
  public Server serve(ServeRequest request) throws IOException {
    FakeServer server = new FakeServer(network, request);
    synchronized (this) {
      checkOpen();
      network.listen(server, request.bind());
      servers.add(server);
    }
    return server;
  }

  @Override
  public SupernodeApi connect(InetSocketAddress supernode, InetAddress local) {
    return new FakeConnection(this, supernode, local);
  }

  @Override
  public Take take(PieceRequest request, PieceSink sink) {
    FakeTake take = new FakeTake(this, request, sink);
    synchronized (this) {
      checkOpen();
      takes.add(take);
    }
    take.start();
    return take;
  }

  /** Waits until all that is due now has been done. */
  public void settle() {
    try {
      loop.submit(() -> {}).get(10, TimeUnit.SECONDS);
    } catch (RejectedExecutionException e) {
      return; // it is closed
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new IllegalStateException("the transport's thread is blocked", e);
    }
  }

  @Override
  public void close() {
    List<FakeServer> openServers;
    List<FakeTake> openTakes;
    List<FakeSupernodeCall<?>> openCalls;
    synchronized (this) {
      closed = true;
      openServers = List.copyOf(servers);
      openTakes = List.copyOf(takes);
      openCalls = List.copyOf(calls);
      servers.clear();
    }
    openServers.forEach(FakeServer::close);
    openTakes.forEach(take -> take.breakOff("this transport was closed"));
    openCalls.forEach(call -> call.breakOff("this transport was closed"));
    loop.shutdown();
    awaitEnd();
  }

  private void awaitEnd() {
    if (Thread.currentThread().getName().startsWith("dragonfly-fake-transport-")) {
      return; // a sink or a supernode's answer closes its own transport: it cannot wait for itself
    }
    boolean interrupted = false;
    Thread last = thread;
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while ((!loop.isTerminated() || isAlive(last)) && System.nanoTime() - deadline < 0) {
      try {
        loop.awaitTermination(1, TimeUnit.SECONDS);
        last = thread;
        if (last != null) {
          last.join(1_000); // a pool says that it has ended a little before its thread has
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (!loop.isTerminated()) {
      throw new IllegalStateException("a sink or supernode blocks the transport's thread");
    }
  }

  private static boolean isAlive(@Nullable Thread thread) {
    return thread != null && thread.isAlive();
  }

  /** Runs on the loop; after {@link #close} not at all. */
  void execute(Runnable task) {
    executeLater(task, 0);
  }

  void executeLater(Runnable task, long nanos) {
    try {
      if (nanos <= 0) {
        loop.execute(() -> run(task));
      } else {
        loop.schedule(() -> run(task), nanos, TimeUnit.NANOSECONDS);
      }
    } catch (RejectedExecutionException e) {
      // Closed: whoever waited for this was told so by close().
      return;
    }
  }

  // The pool would keep what a task throws to itself.
  private static void run(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException | Error e) {
      Thread current = Thread.currentThread();
      current.getUncaughtExceptionHandler().uncaughtException(current, e);
    }
  }

  void ended(FakeTake take) {
    synchronized (this) {
      takes.remove(take);
    }
    network.ended(take);
  }

  synchronized boolean started(FakeSupernodeCall<?> call) {
    return !closed && calls.add(call);
  }

  synchronized void ended(FakeSupernodeCall<?> call) {
    calls.remove(call);
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("this transport is closed");
    }
  }
}

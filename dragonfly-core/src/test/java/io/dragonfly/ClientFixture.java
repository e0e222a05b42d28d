package io.dragonfly;

import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.home.CachedTask;
import io.dragonfly.internal.loop.Timers;
import io.dragonfly.testkit.FakeNetwork;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.FakeSupernode;
import io.dragonfly.testkit.FakeTicker;
import io.dragonfly.testkit.FakeTransport;
import io.dragonfly.testkit.UnlimitedRates;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.function.LongSupplier;
import org.awaitility.Awaitility;

/** A client among fakes: network, supernode and source in memory, and a home in a directory. */
final class ClientFixture {
  static final URI URI_A = URI.create("https://source.test/a");
  static final int PIECE = 128 << 10;

  final FakeNetwork network = new FakeNetwork();
  final FakeSource source = new FakeSource();
  final FakeTicker ticker = new FakeTicker();
  final RecordingListener events = new RecordingListener();

  private final Path dir;
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final List<FakeTransport> transports = new ArrayList<>();
  private final List<DistributionClient> inFakeTime = new ArrayList<>();

  ClientFixture(Path dir) {
    this.dir = dir;
  }

  FakeSupernode supernode() {
    FakeSupernode supernode = new FakeSupernode(network);
    open.push(supernode);
    return supernode;
  }

  FakeTransport transport() {
    FakeTransport transport = new FakeTransport(network);
    open.push(transport);
    transports.add(transport);
    return transport;
  }

  /** Settings of a client that reads the source itself. */
  ClientConfig.Builder alone() {
    return ClientConfig.builder()
        .home(dir.resolve("home"))
        .source("https", source)
        .listener(events)
        .rateLimiter(new UnlimitedRates())
        .limitDir(dir)
        .reserveBytes(0);
  }

  /** Settings of a client of these supernodes. */
  ClientConfig.Builder of(FakeSupernode... supernodes) {
    return alone()
        .supernodes(List.of(supernodes).stream().map(FakeSupernode::address).toList())
        .transport(transport());
  }

  DistributionClient start(ClientConfig.Builder config) {
    DistributionClient client = new DistributionClient(config.build());
    open.push(client);
    return client;
  }

  /** A client in the time of {@link #ticker}. */
  DistributionClient startInFakeTime(ClientConfig.Builder config) {
    return startInFakeTime(config, ticker);
  }

  /** The same, with another clock that tells the time of {@link #ticker}. */
  DistributionClient startInFakeTime(ClientConfig.Builder config, LongSupplier clock) {
    DistributionClient client =
        new DistributionClient(config.build(), new Timers(ticker.timer(), clock));
    open.push(client);
    inFakeTime.add(client);
    return client;
  }

  /** Moves the time on until something has happened; a minute of real time at most. */
  void advanceUntil(Callable<Boolean> condition) {
    advanceUntil(Duration.ofMillis(50), condition);
  }

  /** Moves the time on by small steps, where something must happen before a limit is over. */
  void advanceSlowlyUntil(Callable<Boolean> condition) {
    advanceUntil(Duration.ofMillis(2), condition);
  }

  /** Moves the time on by steps of this length. */
  void advanceUntil(Duration step, Callable<Boolean> condition) {
    Awaitility.await()
        .pollInterval(Duration.ofMillis(2))
        .atMost(Duration.ofMinutes(1))
        .until(
            () -> {
              ticker.advance(step);
              settle();
              return condition.call();
            });
  }

  /** Waits until the threads have done what is due: time must not outrun a slow machine. */
  void settle() {
    for (int round = 0; round < 2; round++) {
      for (DistributionClient client : inFakeTime) {
        try {
          List<CachedTask> unused = client.tasks(); // goes through the client's loop
        } catch (IllegalStateException e) {
          continue; // it is closed
        }
      }
      transports.forEach(FakeTransport::settle); // the call
      transports.forEach(FakeTransport::settle); // and its answer
    }
  }

  static void await(Callable<Boolean> condition) {
    Awaitility.await()
        .pollInterval(Duration.ofMillis(2))
        .atMost(Duration.ofMinutes(1))
        .until(condition);
  }

  Path output() {
    return dir.resolve("out");
  }

  FetchRequest.Builder request() {
    return FetchRequest.builder(URI_A).output(output());
  }

  static byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  void close() throws Exception {
    while (!open.isEmpty()) {
      open.pop().close();
    }
  }
}

package io.dragonfly.load;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import com.google.common.util.concurrent.Uninterruptibles;
import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.control.Caller;
import io.dragonfly.control.PollRequest;
import io.dragonfly.control.AnnounceRequest;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StorageConfig;
import io.dragonfly.spi.StorageProvider;
import io.dragonfly.testkit.ColdStorage;
import io.dragonfly.transport.http.HttpTransport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.CompletableFuture;

/**
 * Measures how long polls at a supernode take while a peer is given pieces that its disk takes 200
 * ms each for: first with all in memory, then with nothing. All are in one process. Prints a line
 * for each.
 */
public final class ColdStoreLoad {
  private static final Duration DISK = Duration.ofMillis(200);
  private static final int PIECES = 64;
  private static final int LENGTH = PIECES * (128 << 10);

  private final Path directory;
  private final Supernode supernode;
  private final LoadSource source;

  private ColdStoreLoad(Path directory, Supernode supernode, LoadSource source) {
    this.directory = directory;
    this.supernode = supernode;
    this.source = source;
  }

  /** Takes no arguments. */
  public static void main(String[] args) throws Exception {
    Path directory = Files.createTempDirectory("cold-store");
    ColdStorage storage =
        new ColdStorage(
            open(directory.resolve("supernode")),
            () -> Uninterruptibles.sleepUninterruptibly(DISK));
    HttpTransport transport =
        HttpTransport.builder().eventLoop(HttpTransport.EventLoop.NIO).build();
    SupernodeConfig config =
        SupernodeConfig.builder()
            .homeDir(directory.resolve("supernode"))
            .port(0)
            .storage(storage)
            .transport(transport)
            .build();
    try (LoadSource source = new LoadSource(LENGTH);
        Supernode supernode = new Supernode(config)) {
      ColdStoreLoad load = new ColdStoreLoad(directory, supernode, source);
      load.fetch("first").get(); // reads the source
      for (int round = 0; round < 20; round++) {
        load.fetch("warm" + round).get(); // while nothing is compiled yet
      }
      load.measure("in memory", "in-memory");
      storage.cool();
      load.measure("on a disk of 200 ms", "cold");
    } finally {
      transport.close();
      storage.close();
      MoreFiles.deleteRecursively(directory, RecursiveDeleteOption.ALLOW_INSECURE);
    }
  }

  private static Storage open(Path home) throws IOException {
    for (StorageProvider provider : ServiceLoader.load(StorageProvider.class)) {
      return provider.create(new StorageConfig(home, 0));
    }
    throw new IllegalStateException("there is no storage");
  }

  private CompletableFuture<FetchResult> fetch(String name) {
    ClientConfig config =
        ClientConfig.builder()
            .home(directory.resolve(name))
            .supernodes(List.of(supernode.address().orElseThrow()))
            .build();
    DistributionClient client = new DistributionClient(config);
    return client
        .start(
            FetchRequest.builder(source.url().resolve("file").toString())
                .output(directory.resolve(name + ".copy"))
                .build())
        .completion()
        .whenCompleteAsync((result, failure) -> client.close());
  }

  private void measure(String how, String name) throws Exception {
    List<Double> millis = new ArrayList<>();
    long start = System.nanoTime();
    Caller caller =
        new Caller(
            PeerSecret.random(new SecureRandom()),
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 1),
            "");
    try (HttpTransport transport = HttpTransport.builder().build()) {
      SupernodeApi api =
          transport.connect(supernode.address().orElseThrow(), InetAddress.getLoopbackAddress());
      api.announce(new AnnounceRequest(caller, List.of())).get();
      CompletableFuture<FetchResult> fetch = fetch(name);
      long answered = 0;
      while (!fetch.isDone()) {
        long before = System.nanoTime();
        PollRequest poll = new PollRequest(caller, answered, List.of(), Duration.ZERO);
        answered = api.poll(poll).get().number();
        millis.add((System.nanoTime() - before) / 1e6);
      }
      fetch.get();
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    Collections.sort(millis);
    System.out.printf(
        "%d pieces %s in %.2f s: %d polls, p50 %.1f ms, p99 %.1f ms, longest %.1f ms%n",
        PIECES, how, seconds, millis.size(), at(millis, 0.5), at(millis, 0.99), at(millis, 1));
  }

  private static double at(List<Double> sorted, double share) {
    return sorted.get((int) Math.min(sorted.size() - 1L, (long) (share * sorted.size())));
  }
}

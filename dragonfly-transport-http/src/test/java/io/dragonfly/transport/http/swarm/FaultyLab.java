package io.dragonfly.transport.http.swarm;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.error.DistributionException;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/** A supernode and clients, each with a home of its own, before a source that may do wrong. */
final class FaultyLab implements AutoCloseable {
  /** Long enough to be read in pieces; a few bytes more than whole ones. */
  static final int LENGTH = (1 << 20) + 17;

  private final Path dir;
  private final Duration giveUp;
  private final RawSource source = new RawSource();
  private final List<DistributionClient> clients = new ArrayList<>();
  private Supernode supernode;
  private int outputs;

  FaultyLab(Path dir, int clientCount) throws IOException {
    this(dir, clientCount, Duration.ofSeconds(2));
  }

  /** The same with a time for which the supernode asks a source that fails. */
  FaultyLab(Path dir, int clientCount, Duration giveUp) throws IOException {
    this.dir = dir;
    this.giveUp = giveUp;
    this.supernode = start();
    for (int i = 0; i < clientCount; i++) {
      clients.add(client(i));
    }
  }

  private Supernode start() {
    return new Supernode(
        SupernodeConfig.builder()
            .homeDir(dir.resolve("supernode"))
            .port(0)
            .sourceGiveUp(giveUp)
            .build());
  }

  private DistributionClient client(int number) {
    return new DistributionClient(
        ClientConfig.builder()
            .home(dir.resolve("home" + number))
            .supernodes(List.of(supernode.address().orElseThrow()))
            .noProgressTimeout(Duration.ofSeconds(30))
            .build());
  }

  /** Starts the supernode again on its home, and the clients, which must find it. */
  void restart() {
    int count = clients.size();
    clients.forEach(DistributionClient::close);
    clients.clear();
    supernode.close();
    supernode = start();
    for (int i = 0; i < count; i++) {
      clients.add(client(i));
    }
  }

  static byte[] random(long seed) {
    byte[] bytes = new byte[LENGTH];
    new SplittableRandom(seed).nextBytes(bytes);
    return bytes;
  }

  RawSource source() {
    return source;
  }

  Path dir() {
    return dir;
  }

  /** What became of a fetch: a file, or a failure. */
  record Outcome(Optional<byte[]> file, Optional<DistributionException> failure) {
    byte[] bytes() {
      failure.ifPresent(
          f -> {
            throw new AssertionError("the fetch failed", f);
          });
      return file.orElseThrow();
    }

    DistributionException refusal() {
      return failure.orElseThrow(() -> new AssertionError("the fetch brought a file"));
    }
  }

  /** A fetch that runs. */
  record Going(Fetch fetch, Path output) {
    Outcome outcome() throws Exception {
      try {
        fetch.completion().get(40, TimeUnit.SECONDS);
        return new Outcome(Optional.of(Files.readAllBytes(output)), Optional.empty());
      } catch (ExecutionException e) {
        if (Files.exists(output)) {
          throw new AssertionError("a fetch that failed left a file", e);
        }
        return new Outcome(Optional.empty(), Optional.of((DistributionException) e.getCause()));
      }
    }
  }

  Going start(int client, String target) {
    return start(client, target, request -> request);
  }

  Going start(int client, String target, UnaryOperator<FetchRequest.Builder> more) {
    Path output = dir.resolve("output" + outputs++);
    FetchRequest.Builder request = FetchRequest.builder(source.url(target)).output(output);
    return new Going(clients.get(client).start(more.apply(request).build()), output);
  }

  Outcome fetch(int client, String target) throws Exception {
    return start(client, target).outcome();
  }

  Outcome fetch(int client, String target, UnaryOperator<FetchRequest.Builder> more)
      throws Exception {
    return start(client, target, more).outcome();
  }

  @Override
  public void close() throws IOException {
    clients.forEach(DistributionClient::close);
    supernode.close();
    source.close();
  }
}

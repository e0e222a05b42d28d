package io.dragonfly.transport.http.swarm;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A whole swarm in one process: a real supernode and clients over real sockets, and a web server.
 */
final class Swarm implements AutoCloseable {
  private final Path dir;
  private final SwarmSource source;
  private final Supernode supernode;
  private final List<DistributionClient> clients = new ArrayList<>();

  private Swarm(Path dir, int size) throws IOException {
    this.dir = dir;
    this.source = new SwarmSource();
    this.supernode =
        new Supernode(SupernodeConfig.builder().homeDir(dir.resolve("supernode")).port(0).build());
    for (int i = 0; i < size; i++) {
      clients.add(new DistributionClient(config(i).build()));
    }
  }

  static Swarm start(Path dir, int size) throws IOException {
    return new Swarm(dir, size);
  }

  ClientConfig.Builder config(int number) {
    return ClientConfig.builder()
        .home(dir.resolve("home" + number))
        .supernodes(List.of(supernode.address().orElseThrow()));
  }

  SwarmSource source() {
    return source;
  }

  Supernode supernode() {
    return supernode;
  }

  DistributionClient client(int number) {
    return clients.get(number);
  }

  FetchRequest.Builder request(TestFile file, int client) {
    return FetchRequest.builder(source.url(file)).output(copy(file, client));
  }

  Path copy(TestFile file, int client) {
    return dir.resolve(file.name() + "." + client);
  }

  List<Path> copies(TestFile file) throws IOException {
    try (var paths = Files.list(dir)) {
      return paths.filter(p -> p.getFileName().toString().startsWith(file.name() + ".")).toList();
    }
  }

  /** Fetches on all clients at once and waits for the last. */
  List<FetchResult> fetchOnAll(TestFile file) throws Exception {
    List<Fetch> fetches = new ArrayList<>();
    for (int i = 0; i < clients.size(); i++) {
      fetches.add(clients.get(i).start(request(file, i).build()));
    }
    List<FetchResult> results = new ArrayList<>();
    for (Fetch fetch : fetches) {
      results.add(fetch.completion().get(4, TimeUnit.MINUTES));
    }
    return results;
  }

  @Override
  public void close() {
    clients.forEach(DistributionClient::close);
    supernode.close();
    source.close();
  }
}

package io.dragonfly.load;

import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Headers;
import io.dragonfly.task.Trust;
import io.netty.channel.EventLoopGroup;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Measures a supernode of the distribution over HTTP on loopback: {@code polls} opens long-polls
 * and says what memory they cost, {@code registrations} lets that many peers register one content,
 * {@code next} lets so many peers report and take pieces as fast as they can. Prints one line.
 */
public final class SupernodeLoad {
  private static final Duration LIMIT = Duration.ofMinutes(5);

  /** 512 pieces of the shortest length. */
  private static final int LENGTH = 64 << 20;

  /** As many results in each call as there are to be assignments in its answer. */
  private static final int BATCH = 8;

  /** The first ones are slow, since nothing is compiled yet. */
  private static final int ROUNDS = 6;

  private final SupernodeProcess supernode;
  private final LoadSource source;
  private final EventLoopGroup loops;
  private final int peers;
  private final List<LoadConnection> connections = new ArrayList<>();

  private SupernodeLoad(
      SupernodeProcess supernode, LoadSource source, EventLoopGroup loops, int peers) {
    this.supernode = supernode;
    this.source = source;
    this.loops = loops;
    this.peers = peers;
  }

  /** Starts with the distribution's directory, what to measure, and the number of peers. */
  public static void main(String[] args) throws Exception {
    if (args.length != 3) {
      System.err.println("usage: SupernodeLoad DISTRIBUTION polls|registrations|next PEERS");
      System.exit(2);
    }
    EventLoopGroup loops = LoadConnection.loops();
    try (LoadSource source = new LoadSource(LENGTH);
        SupernodeProcess supernode = new SupernodeProcess(Path.of(args[0]))) {
      SupernodeLoad load = new SupernodeLoad(supernode, source, loops, Integer.parseInt(args[2]));
      switch (args[1]) {
        case "polls" -> load.polls();
        case "registrations" -> load.registrations();
        case "next" -> load.next();
        default -> throw new IllegalArgumentException("nothing is called " + args[1]);
      }
    } finally {
      loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
    }
  }

  private void polls() throws Exception {
    long before = supernode.mebibytes("VmRSS");
    List<LoadPeer> parked = newPeers(content("polls"));
    AtomicReference<Throwable> failure = new AtomicReference<>();
    for (LoadPeer peer : parked) {
      peer.register().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    }
    for (LoadPeer peer : parked) {
      var unused = peer.park(LIMIT).whenComplete((answer, e) -> failure.compareAndSet(null, e));
    }
    TimeUnit.SECONDS.sleep(20);
    if (failure.get() != null) {
      throw new IllegalStateException("a long-poll ended", failure.get());
    }
    System.out.printf(
        "%d long-polls: %d MiB before, %d MiB with them, peak %d MiB%n",
        peers, before, supernode.mebibytes("VmRSS"), supernode.mebibytes("VmHWM"));
  }

  private void registrations() throws Exception {
    for (String name : List.of("first", "second", "third")) { // nothing is compiled at the first
      List<LoadPeer> asking = newPeers(content(name));
      int asked = source.requests();
      double cpu = supernode.cpuSeconds();
      long start = System.nanoTime();
      CompletableFuture.allOf(
              asking.stream().map(LoadPeer::register).toArray(CompletableFuture[]::new))
          .get(LIMIT.toSeconds(), TimeUnit.SECONDS);
      System.out.printf(
          "%d registrations: %.2f s, %.2f CPU-s, %d requests to the source%n",
          peers,
          (System.nanoTime() - start) / 1e9,
          supernode.cpuSeconds() - cpu,
          source.requests() - asked);
    }
  }

  private void next() throws Exception {
    LoadCounts counts = new LoadCounts();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    open();
    ContentRequest content = content("next");
    int port = 1;
    for (LoadConnection connection : connections) {
      goOn(new LoadPeer(connection, content, port++), content, counts, failure);
    }
    for (int round = 0; round < ROUNDS; round++) {
      long calls = counts.calls();
      long reports = counts.reports();
      long assignments = counts.assignments();
      double cpu = supernode.cpuSeconds();
      TimeUnit.SECONDS.sleep(10);
      if (failure.get() != null) {
        throw new IllegalStateException("a call failed", failure.get());
      }
      double seconds = supernode.cpuSeconds() - cpu;
      long made = counts.calls() - calls;
      System.out.printf(
          "%d peers: %.0f calls of next for each CPU-second (%d in 10 s, %.2f CPU-s), with %.1f"
              + " reports and %.1f assignments each%n",
          peers,
          made / seconds,
          made,
          seconds,
          (counts.reports() - reports) / (double) made,
          (counts.assignments() - assignments) / (double) made);
    }
  }

  /** A peer that is done leaves and comes again as another one. */
  private void goOn(
      LoadPeer peer,
      ContentRequest content,
      LoadCounts counts,
      AtomicReference<Throwable> failure) {
    var unused =
        peer.register()
            .thenCompose(answer -> takeAll(peer, counts))
            .thenCompose(nothing -> peer.leave())
            .whenComplete(
                (nothing, e) -> {
                  if (e == null) {
                    goOn(peer.another(), content, counts, failure);
                  } else {
                    failure.compareAndSet(null, e);
                  }
                });
  }

  private static CompletableFuture<Void> takeAll(LoadPeer peer, LoadCounts counts) {
    return peer.takeMore(BATCH, counts)
        .thenCompose(
            answer ->
                peer.isDone() ? CompletableFuture.completedFuture(null) : takeAll(peer, counts));
  }

  private List<LoadPeer> newPeers(ContentRequest content) throws Exception {
    open();
    List<LoadPeer> made = new ArrayList<>();
    for (LoadConnection connection : connections) {
      made.add(new LoadPeer(connection, content, made.size() + 1));
    }
    return made;
  }

  private void open() throws Exception {
    while (connections.size() < peers) {
      connections.add(
          LoadConnection.open(loops, supernode.address()).get(LIMIT.toSeconds(), TimeUnit.SECONDS));
    }
  }

  /** A digest names the content, so that one answer of the source holds for all of its askers. */
  private ContentRequest content(String name) {
    return new ContentRequest(
        source.url().resolve(name),
        List.of(),
        Optional.of(source.digest()),
        Optional.empty(),
        Headers.NONE,
        Trust.PLATFORM);
  }
}

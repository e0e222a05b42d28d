package io.dragonfly.examples.soak;

import com.google.common.base.Stopwatch;
import io.dragonfly.examples.soak.Links.Link;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** One soak: a swarm, its faults, and what comes of it. */
final class Soak implements AutoCloseable {
  static final int PEERS = 10;
  static final int SUPERNODES = 2;

  private static final long PUBLISH_MILLIS = 4_000;
  private static final int CHANGE_EACH = 3;
  private static final long LOOK_MILLIS = 5_000;
  private static final int LAST_TRIES = 3;

  private final Path dir;
  private final long seed;
  private final Counts counts = new Counts();
  private final Watch watch = new Watch(Path.of("/proc"));
  private final Links links = new Links();
  private final SoakSource source = new SoakSource();
  private final Catalog catalog;
  private final List<Node> supernodes = new ArrayList<>();
  private final List<Node> peers = new ArrayList<>();
  private final CountDownLatch over = new CountDownLatch(1);
  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          work -> {
            Thread thread = new Thread(work, "soak");
            thread.setDaemon(true);
            return thread;
          });

  Soak(Path dir, long seed) throws IOException {
    this.dir = dir;
    this.seed = seed;
    catalog = new Catalog(source, seed);
    List<Link> ways = new ArrayList<>();
    for (int i = 1; i <= SUPERNODES; i++) {
      Link link = links.open();
      ways.add(link);
      supernodes.add(new Node(SoakProcess.SUPERNODE, "supernode" + i, dir, link, List.of()));
    }
    for (int i = 1; i <= PEERS; i++) {
      peers.add(new Node(SoakProcess.PEER, "peer" + i, dir, links.open(), ways));
    }
  }

  private List<Node> nodes() {
    List<Node> all = new ArrayList<>(supernodes);
    all.addAll(peers);
    return all;
  }

  /** Runs for so long, and a little longer until all have recovered. */
  SoakReport run(Duration time, Consumer<String> onProgress)
      throws IOException, InterruptedException {
    Stopwatch clock = Stopwatch.createStarted();
    for (Node node : nodes()) {
      node.start();
    }
    List<Workload> workloads = new ArrayList<>();
    CountDownLatch working = new CountDownLatch(PEERS);
    for (Node peer : peers) {
      Workload workload =
          new Workload(peer, catalog, dir, seed * 31 + workloads.size(), counts, over);
      workloads.add(workload);
      threads.execute(
          () -> {
            workload.run();
            working.countDown();
          });
    }
    repeat(PUBLISH_MILLIS, this::publish);
    repeat(LOOK_MILLIS, this::look);
    repeat(Duration.ofMinutes(1).toMillis(), () -> onProgress.accept(progress(clock)));
    letFaultsHappen(time);
    over.countDown();
    if (!working.await(8, TimeUnit.MINUTES)) {
      counts.defect("the peers did not come to an end");
    }
    awaitRecovery();
    fetchOnceMore(workloads);
    look();
    nodes().forEach(this::tellOfEnds);
    return new SoakReport(seed, clock.elapsed(), counts, watch, source.sentBytes(), logs());
  }

  private List<Path> logs() {
    return nodes().stream().map(Node::log).toList();
  }

  private String progress(Stopwatch clock) {
    return "%d min: %d files right, %d wrong, %d hung, %d defects in all"
        .formatted(
            clock.elapsed(TimeUnit.MINUTES),
            counts.get("right"),
            counts.get("wrong"),
            counts.get("hung"),
            counts.defects().size());
  }

  private void letFaultsHappen(Duration time) throws InterruptedException {
    FaultInjector faultInjector =
        new FaultInjector(peers, supernodes, source, counts, threads, over);
    Fault.Plan plan = new Fault.Plan(seed, PEERS, SUPERNODES);
    Stopwatch clock = Stopwatch.createStarted();
    for (Fault fault = plan.next();
        clock.elapsed().plus(fault.pause()).compareTo(time) < 0;
        fault = plan.next()) {
      TimeUnit.MILLISECONDS.sleep(fault.pause().toMillis());
      faultInjector.begin(fault);
    }
    TimeUnit.NANOSECONDS.sleep(Math.max(0, time.minus(clock.elapsed()).toNanos()));
  }

  private void repeat(long millis, Runnable action) {
    threads.execute(
        () -> {
          try {
            while (!over.await(millis, TimeUnit.MILLISECONDS)) {
              action.run();
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  private void publish() {
    catalog.publish();
    counts.count("published");
    if (counts.get("published") % CHANGE_EACH == 0) {
      catalog.change();
    }
  }

  private void look() {
    for (Node node : nodes()) {
      node.active().ifPresent(process -> watch.look(node.name(), process.pid()));
    }
  }

  private void awaitRecovery() throws InterruptedException {
    Stopwatch clock = Stopwatch.createStarted();
    while (nodes().stream().anyMatch(Node::isBefallen)) {
      if (clock.elapsed(TimeUnit.MINUTES) >= 2) {
        counts.defect("processes were not well again in time");
        return;
      }
      TimeUnit.MILLISECONDS.sleep(100);
    }
  }

  /** All are well now: each must get a new file, and all those that it can ask for. */
  private void fetchOnceMore(List<Workload> workloads) throws IOException, InterruptedException {
    catalog.publish();
    for (int i = 0; i < workloads.size(); i++) {
      boolean right = false;
      for (int tries = 0; !right && tries < LAST_TRIES; tries++) {
        right = workloads.get(i).fetchNewest();
      }
      if (!right) {
        counts.defect(peers.get(i).name() + " gets no file though all is well again");
      }
    }
  }

  private void tellOfEnds(Node node) {
    if (node.unexpectedEnds() > 0) {
      counts.defect(
          "%s ended by itself %d times: see %s"
              .formatted(node.name(), node.unexpectedEnds(), node.log()));
    }
  }

  /** Ends all processes at once. May be called at any time, from any thread. */
  @Override
  public void close() {
    over.countDown();
    nodes().forEach(Node::close);
    links.close();
    source.close();
    threads.shutdownNow();
  }
}

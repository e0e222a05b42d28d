package io.dragonfly.examples.soak;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Lets faults happen, several at once, but never so many that nobody could be well: one supernode
 * at a time, and less than half of the peers. A fault that is one too many is passed over.
 * Thread-safe.
 */
final class FaultInjector {
  private static final int MOST_BYTES_CHANGED = 8;
  private static final long DISK_PATIENCE_SECONDS = 20;

  private final List<Node> peers;
  private final List<Node> supernodes;
  private final SoakSource source;
  private final Counts counts;
  private final ExecutorService threads;
  private final CountDownLatch over;
  private final AtomicBoolean sourceBefallen = new AtomicBoolean();

  FaultInjector(
      List<Node> peers,
      List<Node> supernodes,
      SoakSource source,
      Counts counts,
      ExecutorService threads,
      CountDownLatch over) {
    this.peers = peers;
    this.supernodes = supernodes;
    this.source = source;
    this.counts = counts;
    this.threads = threads;
    this.over = over;
  }

  /** Lets a fault happen, if it is not one too many. Returns at once. */
  void begin(Fault fault) {
    boolean begins =
        switch (fault.kind().sort()) {
          case PEER -> begin(fault, peers, (peers.size() - 1) / 2);
          case SUPERNODE -> begin(fault, supernodes, 1);
          case SOURCE -> beginAtSource(fault);
        };
    counts.count(begins ? "fault." + fault.kind().text() : "passed_over");
  }

  private boolean begin(Fault fault, List<Node> among, int most) {
    Node node = among.get(fault.target());
    boolean room = among.stream().filter(Node::isBefallen).count() < most;
    if (!room || !node.befall()) {
      return false;
    }
    threads.execute(
        () -> {
          try {
            happen(fault, node);
          } catch (IOException e) {
            counts.defect("%s: %s: %s".formatted(node.name(), fault.kind().text(), e));
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          } finally {
            node.recovered();
          }
        });
    return true;
  }

  private boolean beginAtSource(Fault fault) {
    if (!sourceBefallen.compareAndSet(false, true)) {
      return false;
    }
    threads.execute(
        () -> {
          try {
            source.set(
                switch (fault.kind()) {
                  case SLOW_SOURCE -> SoakSource.Trouble.SLOW;
                  case BREAK_SOURCE -> SoakSource.Trouble.BREAKS;
                  default -> SoakSource.Trouble.REFUSES;
                });
            last(fault);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          } finally {
            source.set(SoakSource.Trouble.NONE);
            sourceBefallen.set(false);
          }
        });
    return true;
  }

  /** All faults end early when the soak is over. */
  private void last(Fault fault) throws InterruptedException {
    var unused = over.await(fault.lasting().toMillis(), TimeUnit.MILLISECONDS);
  }

  private void happen(Fault fault, Node node) throws IOException, InterruptedException {
    switch (fault.kind()) {
      case KILL_PEER, KILL_SUPERNODE -> {
        node.kill();
        last(fault);
        node.start();
      }
      case RESTART_PEER, RESTART_SUPERNODE -> {
        if (!node.end()) {
          counts.defect(
              "%s did not end within %d s of SIGTERM".formatted(node.name(), Node.END_SECONDS));
        }
        node.start();
      }
      case STOP_PEER, STOP_SUPERNODE -> {
        try {
          node.setStopped(true);
          last(fault);
        } finally {
          node.setStopped(false);
        }
      }
      case SILENCE_PEER, SILENCE_SUPERNODE -> cut(fault, node, Links.State.SILENT);
      case RESET_PEER, RESET_SUPERNODE -> cut(fault, node, Links.State.RESET);
      case CORRUPT_PEER -> corruptIdle(fault, node);
      case CORRUPT_SUPERNODE -> corrupt(fault, node);
      default -> throw new IllegalArgumentException(fault.toString());
    }
  }

  private void cut(Fault fault, Node node, Links.State state) throws InterruptedException {
    try {
      node.link().set(state);
      last(fault);
    } finally {
      node.link().set(Links.State.OPEN);
    }
  }

  /**
   * Changes the disk of a peer while it fetches nothing, but gives to others. What it had verified
   * for a file that is just becoming its own output it has no reason to read again.
   */
  private void corruptIdle(Fault fault, Node node) throws IOException, InterruptedException {
    if (node.disk.tryLock(DISK_PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      try {
        corrupt(fault, node);
      } finally {
        node.disk.unlock();
      }
    }
  }

  /** Changes some bytes of each third task of a home, while the process runs. */
  private void corrupt(Fault fault, Node node) throws IOException {
    SplittableRandom random = new SplittableRandom(fault.choice());
    for (Path file : dataFiles(node.home())) {
      if (random.nextInt(3) == 0) {
        try (FileChannel channel =
            FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
          corrupt(channel, random);
        } catch (NoSuchFileException e) {
          // its task has just been deleted
        }
      }
    }
  }

  private void corrupt(FileChannel channel, SplittableRandom random) throws IOException {
    long size = channel.size();
    for (int i = random.nextInt(MOST_BYTES_CHANGED); size > 0 && i >= 0; i--) {
      long at = random.nextLong(size);
      ByteBuffer one = ByteBuffer.allocate(1);
      if (channel.read(one, at) == 1) {
        one.put(0, (byte) ~one.get(0)).rewind();
        channel.write(one, at);
        counts.count("bytes_changed");
      }
    }
  }

  private static List<Path> dataFiles(Path home) throws IOException {
    Path tasks = home.resolve("tasks");
    List<Path> found = new ArrayList<>();
    if (Files.isDirectory(tasks)) {
      try (var dirs = Files.list(tasks)) {
        dirs.map(dir -> dir.resolve("data")).filter(Files::exists).sorted().forEach(found::add);
      }
    }
    return found;
  }
}

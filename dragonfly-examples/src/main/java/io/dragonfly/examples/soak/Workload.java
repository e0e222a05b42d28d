package io.dragonfly.examples.soak;

import io.dragonfly.task.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/** Has one peer fetch files, one to four at once, and looks at each that it gets. */
final class Workload implements Runnable {
  /** A fetch must end in this time, those parts of it aside in which its peer is not well. */
  private static final int LIMIT_SECONDS = 150;

  /** However long its peer was not well: no fault lasts a quarter of that. */
  private static final int ABSOLUTE_LIMIT_SECONDS = 400;

  private static final int MOST_AT_ONCE = 4;

  private static final AtomicLong NUMBERS = new AtomicLong();

  private final Node peer;
  private final Catalog catalog;
  private final Path dir;
  private final SplittableRandom random;
  private final Counts counts;
  private final CountDownLatch over;
  private int newestHad = -1;

  Workload(Node peer, Catalog catalog, Path dir, long seed, Counts counts, CountDownLatch over) {
    this.peer = peer;
    this.catalog = catalog;
    this.dir = dir;
    this.random = new SplittableRandom(seed);
    this.counts = counts;
    this.over = over;
  }

  @Override
  public void run() {
    try {
      int had = -2;
      while (!over.await(random.nextInt(newestHad > had ? 300 : 3000), TimeUnit.MILLISECONDS)) {
        had = newestHad;
        fetch(1 + random.nextInt(MOST_AT_ONCE));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      counts.defect("%s: what it got could not be looked at: %s".formatted(peer.name(), e));
    }
  }

  /** Fetches the newest file; tells whether it came. Not while {@link #run} does. */
  boolean fetchNewest() throws IOException, InterruptedException {
    return fetch(1);
  }

  /** Starts so many fetches at once and waits for all; tells whether each one's file came. */
  private boolean fetch(int atOnce) throws IOException, InterruptedException {
    peer.disk.lock();
    List<Asked> asked = new ArrayList<>();
    try {
      int newestAsked = newestHad;
      for (int i = 0; i < atOnce; i++) {
        Catalog.Wanted wanted = catalog.choose(random, newestAsked);
        newestAsked = wanted.isChanging() ? newestAsked : Math.max(newestAsked, wanted.number());
        asked.add(ask(wanted));
      }
      boolean allCame = true;
      for (Asked each : asked) {
        allCame &= ended(each.wanted, await(each), each.output);
      }
      return allCame;
    } finally {
      for (Asked each : asked) {
        Files.deleteIfExists(each.output);
      }
      peer.disk.unlock();
    }
  }

  private Asked ask(Catalog.Wanted wanted) {
    long number = NUMBERS.incrementAndGet();
    Path output = dir.resolve("%s-%d.out".formatted(peer.name(), number));
    return new Asked(number, wanted, output, peer.fetch(number, catalog.url(wanted), output));
  }

  private record Asked(
      long number, Catalog.Wanted wanted, Path output, CompletableFuture<String> answer) {}

  private String await(Asked asked) throws IOException, InterruptedException {
    int well = 0;
    for (int second = 0; second < ABSOLUTE_LIMIT_SECONDS && well < LIMIT_SECONDS; second++) {
      try {
        return asked.answer.get(1, TimeUnit.SECONDS);
      } catch (TimeoutException e) {
        well += peer.isBefallen() ? 0 : 1;
      } catch (ExecutionException e) {
        throw new IllegalStateException("an answer is never a failure", e);
      }
    }
    peer.dumpThreads();
    counts.count("hung");
    counts.defect(
        "%s: fetch %d did not end in %d s; its threads are in %s"
            .formatted(peer.name(), asked.number, LIMIT_SECONDS, peer.log()));
    return SoakProcess.FAILED + " 0 HUNG";
  }

  private boolean ended(Catalog.Wanted wanted, String answer, Path output) throws IOException {
    String[] words = answer.split(" ", 6);
    switch (words[0]) {
      case SoakProcess.DONE -> {
        counts.add("bytes.peers", Long.parseLong(words[2]));
        counts.add("bytes.supernodes", Long.parseLong(words[3]));
        counts.add("bytes.source", Long.parseLong(words[4]));
        counts.add("bytes.store", Long.parseLong(words[5]));
        return check(wanted, output);
      }
      case SoakProcess.FAILED -> {
        counts.count("failed." + words[2].toLowerCase(Locale.ROOT));
        if (words[2].equals("UNTYPED")) {
          counts.defect("%s failed with no error of ours: %s".formatted(peer.name(), answer));
        }
        if (Files.exists(output)) {
          counts.defect("%s left a file though it failed: %s".formatted(peer.name(), answer));
        }
        return false;
      }
      default -> {
        counts.count("cut_short");
        return false;
      }
    }
  }

  private boolean check(Catalog.Wanted wanted, Path output) throws IOException {
    if (catalog.isRight(wanted, digest(output))) {
      counts.count("right");
      if (!wanted.isChanging()) {
        newestHad = Math.max(newestHad, wanted.number());
      }
      return true;
    }
    Path kept = output.resolveSibling("wrong-" + NUMBERS.incrementAndGet());
    Files.copy(output, kept);
    counts.count("wrong");
    counts.defect(
        "%s got a wrong %s, kept as %s".formatted(peer.name(), wanted.file().name(), kept));
    return false;
  }

  private static Digest digest(Path file) throws IOException {
    MessageDigest sha = Digest.newSha256();
    byte[] buffer = new byte[256 << 10];
    try (InputStream in = Files.newInputStream(file)) {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        sha.update(buffer, 0, count);
      }
    }
    return Digest.of(sha);
  }
}

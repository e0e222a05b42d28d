package io.dragonfly.examples.soak;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.task.Digest;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** The files that there are at the source, new ones all the time. Thread-safe. */
final class Catalog {
  /** One URL of it has another content now and then. */
  private static final String CHANGING = "changing";

  private static final int RECENT = 8;
  private static final int LONGEST = 12 << 20;

  private final SoakSource source;

  @GuardedBy("this")
  private final SplittableRandom random;

  @GuardedBy("this")
  private final List<SoakFile> files = new ArrayList<>();

  @GuardedBy("this")
  private final List<SoakFile> changing = new ArrayList<>();

  Catalog(SoakSource source, long seed) {
    this.source = source;
    this.random = new SplittableRandom(seed);
    publish();
    change();
  }

  /**
   * What a peer wants.
   *
   * @param number the file's number; for the changing one that of its version
   */
  record Wanted(SoakFile file, int number) {
    boolean isChanging() {
      return file.name().equals(CHANGING);
    }
  }

  /** Publishes one more file. */
  synchronized void publish() {
    int length =
        switch (random.nextInt(10)) {
          case 0 -> random.nextInt(2);
          case 1 -> random.nextInt(100 << 10);
          default -> random.nextInt(LONGEST);
        };
    add(files, "file" + files.size(), length);
  }

  /** Gives the changing URL another content. */
  synchronized void change() {
    add(changing, CHANGING, 1 + random.nextInt(LONGEST / 2));
  }

  @GuardedBy("this")
  private void add(List<SoakFile> to, String name, int length) {
    SoakFile file = SoakFile.random(name, random.nextLong(), length);
    to.add(file);
    source.publish(file);
  }

  /** Returns what a peer fetches next, whose newest file has this number. */
  synchronized Wanted choose(SplittableRandom choice, int newestHad) {
    int newest = files.size() - 1;
    if (newest > newestHad) {
      return new Wanted(files.get(newest), newest);
    }
    int back = choice.nextInt(RECENT);
    if (back == 0) {
      return new Wanted(changing.get(changing.size() - 1), changing.size() - 1);
    }
    int number = Math.max(0, newest - back);
    return new Wanted(files.get(number), number);
  }

  String url(Wanted wanted) {
    return source.url(wanted.file());
  }

  /** Tells whether a peer that wanted this may have got these bytes. */
  synchronized boolean isRight(Wanted wanted, Digest got) {
    return wanted.isChanging()
        ? changing.subList(wanted.number(), changing.size()).stream()
            .anyMatch(version -> version.digest().equals(got))
        : wanted.file().digest().equals(got);
  }
}

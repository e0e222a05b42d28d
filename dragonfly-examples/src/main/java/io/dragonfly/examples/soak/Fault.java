package io.dragonfly.examples.soak;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Something that goes wrong.
 *
 * @param pause how long after the fault before
 * @param kind what it is
 * @param target the number of the process that it befalls, counted among those of its sort
 * @param lasting how long it lasts, where it does
 * @param choice decides what else there is to be chosen
 */
record Fault(Duration pause, Kind kind, int target, Duration lasting, long choice) {
  /** What it befalls. */
  enum Sort {
    PEER,
    SUPERNODE,
    SOURCE
  }

  /** What can go wrong. */
  enum Kind {
    /** kill -9, and a new start after a while. */
    KILL_PEER(Sort.PEER),
    /** An orderly end, and a new start. */
    RESTART_PEER(Sort.PEER),
    /** SIGSTOP, and SIGCONT after a while. */
    STOP_PEER(Sort.PEER),
    /** Nothing comes through to it for a while; what was sent comes later. */
    SILENCE_PEER(Sort.PEER),
    /** Connections to it are reset, for a while. */
    RESET_PEER(Sort.PEER),
    /** Bytes on its disk change. */
    CORRUPT_PEER(Sort.PEER),
    KILL_SUPERNODE(Sort.SUPERNODE),
    RESTART_SUPERNODE(Sort.SUPERNODE),
    STOP_SUPERNODE(Sort.SUPERNODE),
    SILENCE_SUPERNODE(Sort.SUPERNODE),
    RESET_SUPERNODE(Sort.SUPERNODE),
    CORRUPT_SUPERNODE(Sort.SUPERNODE),
    /** The source sends some KiB a second. */
    SLOW_SOURCE(Sort.SOURCE),
    /** The source ends its answers in the middle. */
    BREAK_SOURCE(Sort.SOURCE),
    /** The source answers 503 or 429, with Retry-After. */
    REFUSE_SOURCE(Sort.SOURCE);

    private final Sort sort;

    Kind(Sort sort) {
      this.sort = sort;
    }

    Sort sort() {
      return sort;
    }

    /** Returns its name as people read it. */
    String text() {
      return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
  }

  /** Draws faults: the same ones, in the same order, for the same seed. Not thread-safe. */
  static final class Plan {
    private static final List<Kind> KINDS = List.of(Kind.values());

    private final SplittableRandom random;
    private final int peers;
    private final int supernodes;

    Plan(long seed, int peers, int supernodes) {
      this.random = new SplittableRandom(seed);
      this.peers = peers;
      this.supernodes = supernodes;
    }

    Fault next() {
      Duration pause = Duration.ofMillis(random.nextLong(1_000, 5_000));
      Kind kind = KINDS.get(random.nextInt(KINDS.size()));
      int targets =
          switch (kind.sort()) {
            case PEER -> peers;
            case SUPERNODE -> supernodes;
            case SOURCE -> 1;
          };
      int target = random.nextInt(targets);
      Duration lasting = Duration.ofMillis(random.nextLong(500, 12_000));
      return new Fault(pause, kind, target, lasting, random.nextLong());
    }
  }
}

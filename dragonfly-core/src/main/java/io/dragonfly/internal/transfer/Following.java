package io.dragonfly.internal.transfer;

import io.dragonfly.control.Outcome;
import io.dragonfly.control.Parent;
import io.dragonfly.internal.loop.Timers;
import io.dragonfly.internal.transfer.swarm.TaskEvents.Assigned;
import io.dragonfly.peer.PeerId;
import io.dragonfly.rate.Rate;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets one of the peers of a lost supernode read the source for all: each that knows a peer with a
 * lower id takes what is missing from the lowest one, as that one reads it. Nobody tells the
 * digests of these pieces, so no reader gets them before the digest of the whole file is right; if
 * it is not, they are dropped. A peer that does not deliver, or too slowly, is left, and the source
 * is read. Confined to the loop.
 */
final class Following {
  private static final Logger LOG = LoggerFactory.getLogger(Following.class);
  private static final int MOST_AT_ONCE = 8;

  /** A reader of a stream gets nothing meanwhile, and may not wait for longer. */
  private static final Duration LONGEST_WITH_READERS = Duration.ofSeconds(60);

  /** How often it is looked whether the leader is fast enough: its source may pause for a while. */
  private static final Duration WINDOW = Duration.ofSeconds(60);

  /** A leader that gives less is no better than the source, and may mean to hold up others. */
  private static final long LEAST_BYTES_PER_SECOND = 512 << 10;

  private final Parts parts;
  private final Download download;
  private final SwarmDownloads takes;
  private @Nullable Parent leader;
  private Runnable instead = () -> {};
  private Timers.@Nullable Timer look;
  private long beganNanos;
  private long progressNanos;
  private long windowNanos;
  private long windowBytes;

  /** No piece before this one is missing, as far as was seen since the last look. */
  private int first;

  private boolean failed;

  Following(Parts parts, Download download, SwarmDownloads takes) {
    this.parts = parts;
    this.download = download;
    this.takes = takes;
  }

  /**
   * Begins, if there is somebody to follow, and the whole file can prove what comes.
   *
   * @param left is run if the other peer does not deliver
   */
  boolean begin(List<Parent> contacts, PeerId self, Runnable left) {
    Optional<Parent> lowest =
        contacts.stream()
            .filter(contact -> contact.peer().id().hex().compareTo(self.hex()) < 0)
            .min(Comparator.comparing(contact -> contact.peer().id().hex()));
    if (failed || lowest.isEmpty() || !download.mayHoldUnproven()) {
      return false;
    }
    LOG.info(
        "Task {}: peer {} reads the source for this one, too",
        download.task().id().brief(),
        lowest.get().peer().id().brief());
    leader = lowest.get();
    instead = left;
    beganNanos = parts.loop().activeNanos();
    progressNanos = beganNanos;
    windowNanos = beganNanos;
    windowBytes = 0;
    first = 0;
    lookLater();
    ask();
    return true;
  }

  /** Asks for pieces that are missing, if somebody is followed. */
  void ask() {
    Parent from = leader;
    if (from == null) {
      return;
    }
    if (!download.mayHoldUnproven()) {
      leave();
      return;
    }
    PieceTable table = download.table();
    int end = table.layout().pieces();
    while (first < end && table.isDone(first)) {
      first++;
    }
    for (int piece = first; piece < end && takes.pieces() < MOST_AT_ONCE; piece++) {
      if (!table.isDone(piece) && !table.isAsked(piece)) {
        takes.assignUnproven(new Assigned(piece, from));
      }
    }
  }

  /** A piece has come, of whomever; only the leader's are a reason to go on following it. */
  void taken(Parent parent, long bytes) {
    if (isLeader(parent)) {
      progressNanos = parts.loop().activeNanos();
      windowBytes += bytes;
    }
    ask();
  }

  private boolean isLeader(Parent parent) {
    return leader != null && leader.peer().id().equals(parent.peer().id());
  }

  /** A peer did not give a piece. One that may have it later is asked again, but not at once. */
  void notTaken(Parent parent, Outcome outcome) {
    boolean isLater = outcome == Outcome.NOT_YET || outcome == Outcome.DROPPED;
    if (isLeader(parent) && !isLater) {
      leave();
    }
  }

  private void lookLater() {
    look = parts.loop().after(silence().dividedBy(4), this::look);
  }

  /** The other peer may have noticed the loss later, and the source may take a while to answer. */
  private Duration silence() {
    return parts.times().backToSource().multipliedBy(2).plusSeconds(1);
  }

  private void look() {
    long now = parts.loop().activeNanos();
    boolean hasReaders =
        download.demand().fetches().stream().anyMatch(fetch -> fetch.feed().isPresent());
    if (now - progressNanos > silence().toNanos()) {
      leave();
    } else if (hasReaders && now - beganNanos > LONGEST_WITH_READERS.toNanos()) {
      var unused = download.dropUnproven();
      leave();
    } else if (now - windowNanos > WINDOW.toNanos() && windowBytes < leastOfWindow()) {
      leave();
    } else {
      if (now - windowNanos > WINDOW.toNanos()) {
        windowNanos = now;
        windowBytes = 0;
      }
      first = 0; // the store may have lost a piece
      lookLater();
      ask();
    }
  }

  /** A limit of the fetches themselves is not the leader's fault. */
  private long leastOfWindow() {
    long limit = download.demand().rate().map(Rate::bytesPerSecond).orElse(Long.MAX_VALUE);
    return Math.min(LEAST_BYTES_PER_SECOND, limit / 2) * WINDOW.toSeconds();
  }

  private void leave() {
    fail();
    instead.run();
  }

  /** Follows nobody any more, nor later. */
  void fail() {
    end();
    failed = true;
  }

  /** Follows nobody for now. */
  void end() {
    leader = null;
    if (look != null) {
      look.cancel();
      look = null;
    }
  }
}

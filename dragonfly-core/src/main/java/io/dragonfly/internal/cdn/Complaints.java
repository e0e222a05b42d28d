package io.dragonfly.internal.cdn;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.error.DistributionException;
import io.dragonfly.internal.queue.HostKey;
import io.dragonfly.internal.queue.KeyedBudget;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.PieceLayout;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is made of complaints about pieces of one task. One that is damaged is read from the source
 * again. After {@link #MOST_DAMAGED} of them all pieces are verified, and then what is damaged is
 * read at once: piece by piece, peers would have to find each, and the source would be asked as
 * often. The store itself may have withdrawn a piece, and a read may put it there again, at any
 * moment.
 *
 * <p>A complaint has a piece read from the disk, so a place may make only so many, about this task
 * and about all. One that was right does not count. One about a piece that turns out to be intact
 * counts against its place for {@link CdnTask#WRONG_COMPLAINT_COUNTS}. How many are being checked
 * at once is bounded for all places together. Safe for concurrent use.
 */
final class Complaints {
  private static final Logger log = LoggerFactory.getLogger(Complaints.class);

  private static final Duration PAUSE = Duration.ofSeconds(10);

  /** Complaints of one place about this task that may be open or wrong. */
  private static final int MOST_OF_ONE_PLACE = 8;

  /** So many damaged pieces may be bad luck; with the last of them all are verified. */
  static final int MOST_DAMAGED = 3;

  private final CdnTask task;
  private final CdnCache cache;

  @GuardedBy("this")
  private final Set<Integer> checking = new HashSet<>();

  /** When pieces were last found to be intact. */
  @GuardedBy("this")
  private final Map<Integer, Long> intactNanos = new HashMap<>();

  /** Since when pieces cannot be read, though the store has them. */
  @GuardedBy("this")
  private final Map<Integer, Long> unreadableNanos = new HashMap<>();

  /** Those that were bad and are perhaps not there anew yet. */
  @GuardedBy("this")
  private final Set<Integer> lost = new HashSet<>();

  /** Without a total: those who are wrong must not silence others. */
  private final KeyedBudget<HostKey> believed =
      new KeyedBudget<>(Long.MAX_VALUE, place -> MOST_OF_ONE_PLACE);

  /** Damaged pieces since all were verified. */
  @GuardedBy("this")
  private int damaged;

  /** All pieces are being verified: complaints are answered by that. */
  @GuardedBy("this")
  private boolean verifying;

  Complaints(CdnTask task, CdnCache cache) {
    this.task = task;
    this.cache = cache;
  }

  /**
   * Checks a piece in the background. One that was intact a moment ago is not read: to complain
   * shall not be cheaper than that. Nor is one that was lost and is not there anew.
   */
  void check(int piece) {
    var unused = check(piece, () -> true, isIntact -> {});
  }

  /**
   * Checks a piece that a peer complains of, if its place is believed.
   *
   * @param budget the complaints of each place about all tasks
   * @return whether it is believed, or nothing depends on that
   */
  boolean complain(int piece, HostKey from, KeyedBudget<HostKey> budget) {
    return check(
        piece,
        () -> isBelieved(from, budget),
        isIntact -> {
          Runnable over =
              () -> {
                believed.giveBack(from, 1);
                budget.giveBack(from, 1);
              };
          cache.complaintsOpen().giveBack(task.task().id(), 1);
          if (isIntact) {
            cache.later(CdnTask.WRONG_COMPLAINT_COUNTS, over);
          } else {
            over.run();
          }
        });
  }

  private boolean isBelieved(HostKey from, KeyedBudget<HostKey> budget) {
    if (believed.take(from, 1) != KeyedBudget.Grant.TAKEN) {
      return false;
    }
    if (budget.take(from, 1) == KeyedBudget.Grant.TAKEN) {
      if (cache.complaintsOpen().take(task.task().id(), 1) == KeyedBudget.Grant.TAKEN) {
        return true;
      }
      budget.giveBack(from, 1);
    }
    believed.giveBack(from, 1);
    return false;
  }

  /**
   * Checks a piece.
   *
   * @param believed asked only if the piece is to be read
   * @param checked then gets whether the piece was found to be intact
   * @return false if {@code believed} was asked and said no
   */
  private boolean check(int piece, BooleanSupplier believed, Consumer<Boolean> checked) {
    StoredTask given = task.serving();
    synchronized (this) {
      boolean isThere = given.has(piece);
      if (isThere) {
        lost.remove(piece);
      }
      if (verifying
          || (isThere && isFresh(intactNanos.get(piece)))
          || lost.contains(piece)
          || checking.contains(piece)) {
        return true;
      }
      if (!believed.getAsBoolean()) {
        return false;
      }
      checking.add(piece);
    }
    given.suspect(piece);
    cache
        .threads()
        .inBackground(
            () -> {
              boolean isIntact = true;
              try {
                isIntact = checkNow(piece);
              } finally {
                checked.accept(isIntact);
              }
            });
    return true;
  }

  private boolean isFresh(@Nullable Long nanos) {
    return nanos != null && cache.nanos() - nanos < PAUSE.toNanos();
  }

  /** Returns whether the piece was read and is intact. */
  private boolean checkNow(int piece) {
    Found found;
    try {
      found = find(piece);
    } finally {
      synchronized (this) {
        checking.remove(piece);
      }
    }
    if (found == Found.DAMAGED && !isAllToBeVerified()) {
      task.readLost();
    }
    return found == Found.INTACT && !isUnreadable(piece);
  }

  private enum Found {
    /** It was passed on and is no longer stored, or has no digest. */
    GONE,
    DAMAGED,
    INTACT
  }

  /** Looks at a piece, and withdraws it if it is damaged. */
  private Found find(int piece) {
    StoredTask given = task.serving();
    boolean isThere = given.has(piece);
    if (given.digest(piece).isEmpty() || (task.isPassedOn() && !isThere)) {
      return Found.GONE;
    }
    if (isThere && isIntact(given, piece)) {
      return Found.INTACT;
    }
    log.warn("task {}: piece {} was damaged in the store", name(), piece);
    lose(given, piece, isThere);
    return Found.DAMAGED;
  }

  /** Counts a damaged piece. Has all verified if it was one too many, or that is on its way. */
  private boolean isAllToBeVerified() {
    synchronized (this) {
      if (verifying || ++damaged < MOST_DAMAGED) {
        return verifying;
      }
      verifying = true;
    }
    log.warn("task {}: many pieces are damaged, so all are verified", name());
    cache.threads().inBackground(this::verifyAll);
    return true;
  }

  private void verifyAll() {
    try {
      StoredTask given = task.serving();
      PieceLayout layout = given.task().layout();
      int pieces = layout.isLengthKnown() ? layout.pieces() : given.pieces().length();
      for (int piece = 0; piece < pieces && !cache.threads().isClosing(); piece++) {
        if (!isKnownLost(given, piece)) {
          var unused = find(piece);
        }
      }
    } finally {
      synchronized (this) {
        verifying = false;
        damaged = 0;
      }
      task.readLost();
    }
  }

  private synchronized boolean isKnownLost(StoredTask given, int piece) {
    if (given.has(piece)) {
      lost.remove(piece);
    }
    return lost.contains(piece);
  }

  /** A disk that fails for a moment does not make a piece bad; one that goes on failing does. */
  private boolean isIntact(StoredTask given, int piece) {
    boolean intact;
    try {
      intact = StoredPieces.isIntact(given, piece, null);
    } catch (IOException | DistributionException e) {
      log.warn("task {}: piece {} cannot be checked: {}", name(), piece, e.toString());
      synchronized (this) {
        return isFresh(unreadableNanos.computeIfAbsent(piece, p -> cache.nanos()));
      }
    }
    synchronized (this) {
      unreadableNanos.remove(piece);
      if (intact) {
        intactNanos.put(piece, cache.nanos());
      }
    }
    return intact;
  }

  private synchronized boolean isUnreadable(int piece) {
    return unreadableNanos.containsKey(piece);
  }

  private void lose(StoredTask given, int piece, boolean isThere) {
    if (isThere) { // one that was not may be there anew
      try {
        given.unseal(piece);
      } catch (IOException | DistributionException e) {
        log.warn("task {}: piece {} cannot be withdrawn: {}", name(), piece, e.toString());
      }
    }
    synchronized (this) {
      unreadableNanos.remove(piece);
      lost.add(piece);
    }
    cache.listener().lost(task.task().id(), piece);
    if (given.has(piece)) {
      // Somebody has had it read meanwhile, and that may have been told before.
      given.digest(piece).ifPresent(d -> cache.listener().sealed(task.task(), piece, d));
    }
  }

  private String name() {
    return task.task().id().brief();
  }
}

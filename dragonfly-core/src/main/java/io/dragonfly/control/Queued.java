package io.dragonfly.control;

import java.util.Locale;

/**
 * What a task waits for at its supernode. A wait is no failure.
 *
 * @param reason what it waits for
 * @param place position in the queue, 1 for the next one; 0 if it is not known
 * @param length length of the queue; 0 if it is not known
 */
public record Queued(Reason reason, int place, int length) {
  /** Reasons to wait. */
  public enum Reason {
    /**
     * The supernode has to download it from the source: others come first, or the source is slow.
     */
    SOURCE,
    /** All uplinks of peers that have its pieces are in use. */
    UPLINK,
    /** A rate limit delays it. */
    LIMIT,
    /** The supernode is too busy to admit the task. */
    SUPERNODE
  }

  /** Checks the position. */
  public Queued {
    if (place < 0 || length < 0 || place > length) {
      throw new IllegalArgumentException("there is no place " + place + " of " + length);
    }
  }

  /** Creates a wait without a known position. */
  public static Queued of(Reason reason) {
    return new Queued(reason, 0, 0);
  }

  /** Returns whether the position is known. */
  public boolean hasPlace() {
    return place > 0;
  }

  /** Returns the wait as text, such as {@code queued: 7th of 12 downloads from this source}. */
  @Override
  public String toString() {
    String subject = hasPlace() ? "%s of %d ".formatted(ordinal(place), length) : "";
    return "queued: "
        + switch (reason) {
          case SOURCE ->
              hasPlace() ? subject + "downloads from this source" : "the source is slow or busy";
          case UPLINK -> hasPlace() ? subject + "tasks for an uplink" : "all uplinks are in use";
          case LIMIT ->
              hasPlace() ? subject + "tasks under a rate limit" : "a rate limit is reached";
          case SUPERNODE -> hasPlace() ? subject + "tasks" : "the supernode is busy";
        };
  }

  private static String ordinal(int number) {
    int last = number % 100 / 10 == 1 ? 0 : number % 10;
    String suffix =
        switch (last) {
          case 1 -> "st";
          case 2 -> "nd";
          case 3 -> "rd";
          default -> "th";
        };
    return String.format(Locale.ROOT, "%d%s", number, suffix);
  }
}

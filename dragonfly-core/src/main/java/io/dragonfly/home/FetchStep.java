package io.dragonfly.home;

import java.time.Duration;
import java.util.Optional;

/**
 * Something that happened to a fetch, once or several times.
 *
 * @param kind what
 * @param first when it happened first, from the fetch's start on
 * @param last when it happened last
 * @param times how often; for {@link Kind#PARENT_CHANGED} how many pieces
 * @param from whom pieces were to come from before; empty for other kinds
 * @param to whom they came from, or were asked of, instead; empty for other kinds
 * @param reason why, in words
 */
public record FetchStep(
    Kind kind,
    Duration first,
    Duration last,
    int times,
    Optional<Provider> from,
    Optional<Provider> to,
    String reason) {
  /** What can happen. */
  public enum Kind {
    /** Pieces came from somebody else than was asked first. */
    PARENT_CHANGED,
    /** No byte came for a while, though some were wanted. */
    STALLED,
    /** It waited in a queue. */
    QUEUED,
    /** The source failed and was asked again, by this peer or by the supernode. */
    SOURCE_RETRIED,
    /** This peer began to read the source itself. */
    BACK_TO_SOURCE,
    /** The supernode could not be reached. */
    SUPERNODE_LOST
  }
}

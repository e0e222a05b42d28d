package io.dragonfly.internal.cdn;

import io.dragonfly.spi.RateLimiter;
import java.time.Duration;

/**
 * How sources are read, and what is kept of it.
 *
 * @param stallTimeout how long a source may take to connect, to answer, or to bring the next byte
 * @param giveUp how long a read that gets no further is resumed before it is given up
 * @param reads how many sources are read at once; who comes later waits in line
 * @param readsPerHost how many of them may be of one host, for each class of file lengths
 * @param firstPause the pause before a read is resumed; doubled each time that it gets no further
 * @param longestPause where the doubling ends
 * @param limiter of all that is read
 * @param keeping what is kept
 */
public record CdnSettings(
    Duration stallTimeout,
    Duration giveUp,
    int reads,
    ReadsPerHost readsPerHost,
    Duration firstPause,
    Duration longestPause,
    RateLimiter limiter,
    Keeping keeping) {
  /**
   * How many sources of one host are read at once. It begins with the least: with more of them
   * peers would get the first whole file later, and where the link is full already, the connections
   * would only fill the queue before this host, and what peers say has to wait there behind them.
   * Where a source is slow for each connection, more of them bring more.
   *
   * @param least to begin with
   * @param most as long as more of them bring more
   */
  public record ReadsPerHost(int least, int most) {}

  /**
   * What is kept of what was read.
   *
   * @param quotaBytes what all tasks together take up at most
   * @param taskTtl how long a task is kept that nobody uses; zero for ever
   * @param ringBytes memory for tasks that are only passed on, since the disk has no room for them;
   *     0 for none
   */
  public record Keeping(long quotaBytes, Duration taskTtl, long ringBytes) {
    /** All, as long as there is room on the disk. */
    public static final Keeping ALL = new Keeping(Long.MAX_VALUE, Duration.ZERO, 0);
  }

  /** The usual numbers. */
  public static CdnSettings of(
      Duration stallTimeout, Duration giveUp, RateLimiter limiter, Keeping keeping) {
    return new CdnSettings(
        stallTimeout,
        giveUp,
        128,
        new ReadsPerHost(3, 16),
        Duration.ofMillis(100),
        Duration.ofSeconds(5),
        limiter,
        keeping);
  }
}

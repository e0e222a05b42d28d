package io.dragonfly.internal.transfer;

import java.time.Duration;

/**
 * How long things may take.
 *
 * @param stall how long a parent may give no byte while another one could be asked
 * @param drop how long a parent may give no byte at all
 * @param sourceStall how long a source may bring no byte in the middle of a body
 * @param backToSource how long a supernode is lost before the source is read
 * @param noProgress how long a fetch may bring nothing
 * @param queue how long a fetch may wait in a queue without a byte
 * @param offline how long what a source gave to everybody is fetched while it cannot be reached
 */
public record TransferTimes(
    Duration stall,
    Duration drop,
    Duration sourceStall,
    Duration backToSource,
    Duration noProgress,
    Duration queue,
    Duration offline) {
  /**
   * Returns how long a source that failed in the middle is asked again: a sixth less than a fetch
   * may bring nothing, since that ends it without a reason.
   */
  Duration sourceGiveUp() {
    return noProgress.dividedBy(6).multipliedBy(5);
  }
}

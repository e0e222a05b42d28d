package io.dragonfly.internal.transfer;

import io.dragonfly.error.DistributionException;
import io.dragonfly.error.NoProgressException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.error.TimeLimitException;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Optional;

/**
 * Makes the exceptions of fetches that exceed a limit of their time.
 *
 * @param times the limits
 */
record LimitErrors(TransferTimes times) {
  /** A fetch is slower than its minimum rate. */
  static NoProgressException tooSlow(RunningFetch fetch, Pace pace) {
    return new NoProgressException(
        "Only %d bytes of %s came in %d s, less than the minimum rate of %s allows. Try again later: what is verified stays in the home directory."
            .formatted(
                fetch.came(),
                fetch.request().content().displayUrl(),
                pace.spent().toSeconds(),
                pace.least()));
  }

  /** A fetch has waited in a queue for too long. */
  NoProgressException queuedTooLong(RunningFetch fetch) {
    return new NoProgressException(
        "%s was queued for %s s without a byte, as long as queueTimeout allows.%s Try again later, or raise queueTimeout."
            .formatted(
                fetch.request().content().displayUrl(), seconds(times.queue()), lastWait(fetch)));
  }

  /** Nothing came for too long. A source that has failed is the reason, with its Retry-After. */
  DistributionException noProgress(RunningFetch fetch, boolean hasSwarm) {
    Optional<String> lack = lack(fetch);
    Optional<DistributionException> source =
        lack.isEmpty() ? fetch.sourceFailure() : Optional.empty();
    String text =
        "Nothing of %s came for %s s%s"
            .formatted(
                fetch.request().content().displayUrl(),
                seconds(times.noProgress()),
                lack.or(() -> trouble(fetch)).orElseGet(() -> silence(fetch, hasSwarm)));
    return source.isPresent() && source.get() instanceof SourceFailedException failed
        ? failed.withMessage(text)
        : new NoProgressException(text, source.orElse(null));
  }

  private static Optional<String> trouble(RunningFetch fetch) {
    return fetch
        .sourceTrouble()
        .map(why -> ": %s What has come stays in the home directory.".formatted(why));
  }

  private static String lastWait(RunningFetch fetch) {
    return fetch.waits().last().map(" The last report was %s."::formatted).orElse("");
  }

  private static String silence(RunningFetch fetch, boolean hasSwarm) {
    if (hasSwarm) {
      return ", neither from peers nor from a supernode nor from the source.%s Try again later."
          .formatted(lastWait(fetch));
    }
    return fetch.download() == null
        ? ": the source has not answered. Try again later."
        : " from the source. Try again later: what has come stays in the home directory.";
  }

  /** The time limit of a request has passed. */
  static TimeLimitException tooLate(RunningFetch fetch) {
    Optional<String> wait =
        fetch.waits().now().map(". It was %s. Try again later, or allow more time."::formatted);
    return new TimeLimitException(
        "%s was not there within the time limit of %s s%s"
            .formatted(
                fetch.request().content().displayUrl(),
                fetch.request().timeout().map(LimitErrors::seconds).orElse(""),
                lack(fetch)
                    .or(() -> trouble(fetch))
                    .or(() -> wait)
                    .orElse(". Try again: what has come stays in the home directory.")),
        fetch.sourceFailure().orElse(null));
  }

  private static Optional<String> lack(RunningFetch fetch) {
    return Optional.ofNullable(fetch.download())
        .flatMap(download -> download.swarm().lack())
        .map(
            lack ->
                ": %s. Start the supernode again, or name several, and try again: what has come stays in the home directory."
                    .formatted(lack));
  }

  private static String seconds(Duration time) {
    return BigDecimal.valueOf(time.toNanos(), 9).stripTrailingZeros().toPlainString();
  }
}

package io.dragonfly.internal.supernode;

import io.dragonfly.error.SourceFailedException;
import io.dragonfly.internal.loop.Backoff;
import java.time.Duration;
import java.util.Optional;

/**
 * Whether, and when, one question is put again to a source that has too much to do just now, or is
 * being mended: it answers 408, 425, 429 or 5xx. It is left alone for as long as its Retry-After
 * says; one that wants more than is left of {@link #PATIENCE} is not asked again. A source that
 * cannot be reached is tried only a few times, since its name may be wrong. Used by one thread at a
 * time.
 */
final class ProbeRetryPolicy {
  /**
   * How long after the registration came a question may still begin. A peer waits for 45 s, and an
   * answer may take 30 s.
   */
  static final Duration PATIENCE = Duration.ofSeconds(12);

  /** As many as a client without a supernode makes. */
  private static final int CONNECTIONS = 4;

  private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(3);

  /** Questions to one host that wait for the same time go through its gate, so nothing is drawn. */
  private final Backoff backoff = new Backoff(FIRST_PAUSE, LONGEST_PAUSE, () -> 0);

  private final long startNanos;
  private int connections;

  ProbeRetryPolicy(long startNanos) {
    this.startNanos = startNanos;
  }

  /** Returns how long to leave the source alone, if it is to be asked again. */
  Optional<Duration> pauseAfter(Throwable failure, long now) {
    if (!(failure instanceof SourceFailedException answer) || !mayPass(answer)) {
      return Optional.empty();
    }
    Duration pause = backoff.next();
    Duration wanted = answer.retryAfter().orElse(Duration.ZERO);
    Duration length = wanted.compareTo(pause) > 0 ? wanted : pause;
    Duration left = PATIENCE.minusNanos(now - startNanos);
    return length.compareTo(left) > 0 ? Optional.empty() : Optional.of(length);
  }

  private boolean mayPass(SourceFailedException answer) {
    if (answer.status().isEmpty()) {
      connections++;
      boolean isDefect =
          answer.getCause() instanceof Error || answer.getCause() instanceof RuntimeException;
      return connections < CONNECTIONS && !isDefect;
    }
    int status = answer.status().getAsInt();
    return status == 408 || status == 425 || status == 429 || status >= 500;
  }
}

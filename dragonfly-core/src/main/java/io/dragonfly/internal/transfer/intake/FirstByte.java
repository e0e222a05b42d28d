package io.dragonfly.internal.transfer.intake;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A race between the takes of one piece: who gets a byte first may write, since two who write the
 * same piece could leave a mixture of both. Safe for concurrent use.
 */
public final class FirstByte {
  private final AtomicReference<@Nullable Object> winner = new AtomicReference<>();

  /** Tells whether this take has won, now or before. */
  boolean isWonBy(Object take) {
    return winner.compareAndSet(null, take) || winner.get() == take;
  }

  /** Tells whether a take has got a byte. */
  public boolean isWon() {
    return winner.get() != null;
  }

  /** Starts the race anew if this take had won it: it has failed. */
  void leave(Object take) {
    winner.compareAndSet(take, null);
  }
}

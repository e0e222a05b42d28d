package io.dragonfly.examples.thin;

/**
 * Watches a connection while its command waits for the background peer: pings a silent one, and
 * closes the connection if no response comes. It counts ticks, not time: a command that was stopped
 * and continued has missed many ticks, and must not give up a background peer for that.
 */
final class Heartbeat extends Thread implements AutoCloseable {
  /** A background peer that has sent nothing for this many ticks is given up. */
  static final int MOST_TICKS = 4;

  private final Connection connection;
  private final long tickMillis;
  private boolean waiting;
  private int silentTicks;
  private boolean over;
  private boolean givenUp;

  Heartbeat(Connection connection, long tickMillis) {
    super("dragonfly-heartbeat");
    this.connection = connection;
    this.tickMillis = tickMillis;
    setDaemon(true);
  }

  /** Begins or ends a wait for the other end. */
  synchronized void setWaiting(boolean now) {
    waiting = now;
    silentTicks = 0;
  }

  /** Tells whether the connection was closed because nothing came. */
  synchronized boolean hasGivenUp() {
    return givenUp;
  }

  /** Returns how long a background peer may be silent. */
  long limitMillis() {
    return MOST_TICKS * tickMillis;
  }

  @Override
  public void run() {
    while (!isOverAfterTick()) {
      if (isSilent()) {
        connection.ping();
      }
    }
    if (hasGivenUp()) {
      connection.close();
    }
  }

  private synchronized boolean isSilent() {
    return waiting;
  }

  private synchronized boolean isOverAfterTick() {
    long end = System.nanoTime() + tickMillis * 1_000_000;
    try {
      for (long left = tickMillis;
          !over && left > 0;
          left = (end - System.nanoTime()) / 1_000_000) {
        wait(left);
      }
    } catch (InterruptedException e) {
      over = true; // nobody does so
    }
    if (!over && waiting && ++silentTicks > MOST_TICKS) {
      givenUp = true;
      over = true;
    }
    return over;
  }

  @Override
  public synchronized void close() {
    over = true;
    notifyAll();
  }
}

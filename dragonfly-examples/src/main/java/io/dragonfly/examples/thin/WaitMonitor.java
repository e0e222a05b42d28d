package io.dragonfly.examples.thin;

/**
 * Watches somebody who waits: says so on stderr when it takes long, and ends it when it takes too
 * long.
 */
final class WaitMonitor extends Thread implements AutoCloseable {
  private static final long LONG_MILLIS = 2_000;

  private final String what;
  private final long limitMillis;
  private final Runnable end;
  private boolean over;

  private WaitMonitor(String what, long limitMillis, Runnable end) {
    super("dragonfly-patience");
    this.what = what;
    this.limitMillis = limitMillis;
    this.end = end;
  }

  /**
   * Starts to watch; closing it is the end.
   *
   * @param what is waited for
   * @param end ends the waiting from another thread
   */
  static WaitMonitor watch(String what, long limitMillis, Runnable end) {
    WaitMonitor patience = new WaitMonitor(what, limitMillis, end);
    patience.setDaemon(true);
    patience.start();
    return patience;
  }

  @Override
  public void run() {
    if (!overAfter(LONG_MILLIS)) {
      Messages.say("waiting for " + what);
      if (!overAfter(limitMillis - LONG_MILLIS)) {
        end.run();
      }
    }
  }

  private synchronized boolean overAfter(long millis) {
    long end = System.nanoTime() + millis * 1_000_000;
    try {
      for (long left = millis; !over && left > 0; left = (end - System.nanoTime()) / 1_000_000) {
        wait(left);
      }
    } catch (InterruptedException e) {
      over = true; // nobody does so
    }
    return over;
  }

  @Override
  public synchronized void close() {
    over = true;
    notifyAll();
  }
}

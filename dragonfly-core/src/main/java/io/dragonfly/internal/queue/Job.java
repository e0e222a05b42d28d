package io.dragonfly.internal.queue;

/**
 * Work for a key. Two jobs are never equal.
 *
 * @param <K> the keys
 */
public final class Job<K> {
  private final K key;
  private final Runnable work;

  /** A job that has not run. */
  public Job(K key, Runnable work) {
    this.key = key;
    this.work = work;
  }

  /** Returns what the job counts for. */
  public K key() {
    return key;
  }

  /** Does the work. */
  public void run() {
    work.run();
  }
}

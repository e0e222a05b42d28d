package io.dragonfly.testkit;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.Delayed;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A scheduled executor without threads: {@link FakeTicker#advance} runs what is due. */
final class FakeTimer extends AbstractExecutorService implements ScheduledExecutorService {
  private final FakeTicker ticker;
  private final PriorityQueue<Timed<?>> queue = new PriorityQueue<>(Timed.ORDER);
  private long added;
  private boolean shutDown;

  FakeTimer(FakeTicker ticker) {
    this.ticker = ticker;
  }

  /** Runs all that is due until then, also what the tasks themselves add. */
  void runUntil(long end) {
    for (Timed<?> next = poll(end); next != null; next = poll(end)) {
      ticker.moveTo(next.time);
      next.run();
    }
  }

  private synchronized @Nullable Timed<?> poll(long end) {
    Timed<?> first = queue.peek();
    return first != null && first.time - end <= 0 ? queue.poll() : null;
  }

  synchronized int size() {
    return queue.size();
  }

  private synchronized <V> ScheduledFuture<V> add(Timed<V> task) {
    if (shutDown) {
      throw new RejectedExecutionException("this timer is shut down");
    }
    task.number = added++;
    queue.add(task);
    return task;
  }

  @Override
  public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
    return add(new Timed<>(command, after(unit.toNanos(delay)), 0));
  }

  @Override
  public <V> ScheduledFuture<V> schedule(Callable<V> callable, long delay, TimeUnit unit) {
    return add(new Timed<>(callable, after(unit.toNanos(delay))));
  }

  @Override
  public ScheduledFuture<?> scheduleAtFixedRate(
      Runnable command, long initialDelay, long period, TimeUnit unit) {
    return add(new Timed<>(command, after(unit.toNanos(initialDelay)), unit.toNanos(period)));
  }

  @Override
  public ScheduledFuture<?> scheduleWithFixedDelay(
      Runnable command, long initialDelay, long delay, TimeUnit unit) {
    return scheduleAtFixedRate(command, initialDelay, delay, unit); // tasks take no time here
  }

  @Override
  public void execute(Runnable command) {
    schedule(command, 0, TimeUnit.NANOSECONDS);
  }

  private long after(long nanos) {
    return ticker.getAsLong() + Math.max(0, nanos);
  }

  @Override
  public synchronized void shutdown() {
    shutDown = true;
    queue.clear();
  }

  @Override
  public synchronized List<Runnable> shutdownNow() {
    List<Runnable> left = new ArrayList<>(queue);
    shutdown();
    return left;
  }

  @Override
  public synchronized boolean isShutdown() {
    return shutDown;
  }

  @Override
  public synchronized boolean isTerminated() {
    return shutDown;
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) {
    return isTerminated();
  }

  private final class Timed<V> extends FutureTask<V> implements ScheduledFuture<V> {
    static final Comparator<Timed<?>> ORDER =
        (a, b) ->
            a.time != b.time ? Long.signum(a.time - b.time) : Long.compare(a.number, b.number);

    private long time;
    private final long period;
    private long number;

    @SuppressWarnings("NullAway")
    Timed(Runnable command, long time, long period) {
      super(command, null);
      this.time = time;
      this.period = period;
    }

    Timed(Callable<V> callable, long time) {
      super(callable);
      this.time = time;
      this.period = 0;
    }

    @Override
    public void run() {
      if (period == 0) {
        super.run();
      } else if (runAndReset()) {
        time += period;
        if (!isShutdown()) {
          add(this);
        }
      }
    }

    @Override
    public boolean cancel(boolean mayInterrupt) {
      synchronized (FakeTimer.this) {
        queue.remove(this);
      }
      return super.cancel(mayInterrupt);
    }

    @Override
    public long getDelay(TimeUnit unit) {
      return unit.convert(time - ticker.getAsLong(), TimeUnit.NANOSECONDS);
    }

    @Override
    public int compareTo(Delayed other) {
      return Long.compare(getDelay(TimeUnit.NANOSECONDS), other.getDelay(TimeUnit.NANOSECONDS));
    }
  }
}

package io.dragonfly.internal.rate;

import io.dragonfly.rate.Limits;
import io.dragonfly.rate.Rate;
import io.dragonfly.spi.RateLimiter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * What a client may take from the network and give to it: its own limits, and its host's. They can
 * be changed at any time. Safe for concurrent use.
 */
public final class ClientLimits implements AutoCloseable {
  private final Own downloads;
  private final Own uploads;
  private final HostLimit host;

  /**
   * Limits.
   *
   * @param downloadRate of all that the client takes
   * @param uploadRate of all that it gives
   * @param totalRate what it gives as the host's limit
   * @param limitDir where the host's limit is kept, if not in the usual place
   */
  public record Rates(
      Optional<Rate> downloadRate,
      Optional<Rate> uploadRate,
      Optional<Rate> totalRate,
      Optional<Path> limitDir) {}

  /**
   * The limits of one client.
   *
   * @param limiters makes the client's own limiters
   * @param timer stays its owner's, and outlives these limits
   */
  public ClientLimits(
      Rates rates,
      Function<Optional<Rate>, RateLimiter> limiters,
      ScheduledExecutorService timer,
      LongSupplier nanoClock) {
    this.host = new HostLimit(rates.totalRate(), LimitFile.of(rates.limitDir()), timer, nanoClock);
    this.downloads = new Own(rates.downloadRate(), limiters, host.down());
    this.uploads = new Own(rates.uploadRate(), limiters, host.up());
  }

  /** The client's own limit in one direction, together with the host's. */
  private static final class Own implements RateLimiter {
    private final RateLimiter own;
    private final HostFlow host;
    private volatile Optional<Rate> rate;

    Own(Optional<Rate> rate, Function<Optional<Rate>, RateLimiter> limiters, HostFlow host) {
      this.rate = rate;
      this.own = limiters.apply(rate);
      this.host = host;
    }

    @Override
    public long take(long bytes) {
      return Math.max(own.take(bytes), host.take(bytes));
    }

    @Override
    public synchronized void setRate(Optional<Rate> newRate) {
      rate = newRate;
      own.setRate(newRate);
    }
  }

  /** Returns the limiter of all that the client takes from the network. */
  public RateLimiter downloads() {
    return downloads;
  }

  /** Returns the limiter of all that the client gives to others. */
  public RateLimiter uploads() {
    return uploads;
  }

  /** Changes the rate that the client gives as the host's limit. */
  public void setTotalRate(Optional<Rate> rate) {
    host.setOwn(rate);
  }

  /** Returns what holds now. */
  public Limits now() {
    return new Limits(downloads.rate, uploads.rate, host.own(), host.holding());
  }

  /** Tells the host's other processes that this one has no part in its limit any more. */
  @Override
  public void close() {
    host.close();
  }
}

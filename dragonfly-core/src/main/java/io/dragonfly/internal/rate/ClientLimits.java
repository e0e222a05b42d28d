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
 * The limits of a client's downloads and uploads: its own, and the host limit. They can be changed
 * at any time. Safe for concurrent use.
 */
public final class ClientLimits implements AutoCloseable {
  private final Own downloads;
  private final Own uploads;
  private final HostLimit host;

  /**
   * Limits.
   *
   * @param downloadRate of all that the client downloads
   * @param uploadRate of all that it uploads
   * @param shareHostLimit whether it takes part in the host limit without a rate for the host
   * @param totalRate the rate that it sets for the host
   * @param limitDir the directory of the host limit, if not the default
   */
  public record Rates(
      Optional<Rate> downloadRate,
      Optional<Rate> uploadRate,
      boolean shareHostLimit,
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
    LimitFile file = LimitFile.of(rates.limitDir());
    this.host = new HostLimit(rates.shareHostLimit(), rates.totalRate(), file, timer, nanoClock);
    this.downloads = new Own(rates.downloadRate(), limiters, host.down());
    this.uploads = new Own(rates.uploadRate(), limiters, host.up());
  }

  /** The client's own limit in one direction, together with the host limit. */
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

  /** Returns the limiter of all that the client downloads over the network. */
  public RateLimiter downloads() {
    return downloads;
  }

  /** Returns the limiter of all that the client uploads. */
  public RateLimiter uploads() {
    return uploads;
  }

  /** Changes the rate that the client sets for the host. */
  public void setTotalRate(Optional<Rate> rate) {
    host.setOwn(rate);
  }

  /** Returns the limits that hold now. */
  public Limits now() {
    return new Limits(downloads.rate, uploads.rate, host.own(), host.holding());
  }

  /** Ends this process's part in the host limit. */
  @Override
  public void close() {
    host.close();
  }
}

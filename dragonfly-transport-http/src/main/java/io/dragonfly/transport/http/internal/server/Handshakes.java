package io.dragonfly.transport.http.internal.server;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.internal.queue.FairQueue;
import io.dragonfly.internal.queue.HostKey;
import io.dragonfly.internal.queue.KeyedBudget;
import io.dragonfly.internal.queue.KeyedLimiter;
import io.netty.channel.EventLoop;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Decides when a TLS handshake begins. It costs the server milliseconds of processor time before
 * anything is known of the client, so one address may begin its share of all within a time. The
 * others wait, without any cryptography; the addresses get their turns one after the other. Safe
 * for concurrent use.
 */
final class Handshakes {
  private final long withinNanos;

  @GuardedBy("this")
  private final KeyedLimiter<HostKey, Waiting> limiter;

  /** A handshake that has not begun. Its fields belong to the owner's lock. */
  static final class Waiting {
    private final HostKey place;
    private final EventLoop loop;
    private final Runnable begin;
    private boolean hasBegun;

    private Waiting(HostKey place, EventLoop loop, Runnable begin) {
      this.place = place;
      this.loop = loop;
      this.begin = begin;
    }

    private HostKey place() {
      return place;
    }
  }

  /**
   * Handshakes of which none has begun.
   *
   * @param share the part of them that one client address may begin
   */
  Handshakes(ServerLimits.HandshakeRate rate, double share) {
    this.withinNanos = rate.within().toNanos();
    int each = (int) KeyedBudget.part(rate.most(), share);
    this.limiter =
        new KeyedLimiter<>(rate.most(), place -> each, FairQueue.byCount(Waiting::place));
  }

  /**
   * Begins a handshake now, or later.
   *
   * @param loop the connection's loop, which calls this
   * @param begin runs on the loop, within this call or later; never if it is cancelled before
   * @return what waits; null if it has begun
   */
  @Nullable Waiting begin(HostKey place, EventLoop loop, Runnable begin) {
    Waiting waiting = new Waiting(place, loop, begin);
    synchronized (this) {
      waiting.hasBegun = limiter.tryStart(place);
      if (!waiting.hasBegun) {
        limiter.add(waiting);
        return waiting;
      }
    }
    endLater(waiting);
    begin.run();
    return null;
  }

  /** The connection is gone: its handshake need not begin. */
  synchronized void cancel(Waiting waiting) {
    if (!waiting.hasBegun) {
      limiter.end(waiting);
    }
  }

  private void endLater(Waiting begun) {
    if (!begun.loop.isShuttingDown()) {
      var unused = begun.loop.schedule(() -> end(begun.place), withinNanos, TimeUnit.NANOSECONDS);
    }
  }

  private void end(HostKey place) {
    synchronized (this) {
      limiter.endOne(place);
    }
    for (Waiting next = next(); next != null; next = next()) {
      endLater(next);
      if (!next.loop.isShuttingDown()) {
        next.loop.execute(next.begin);
      }
    }
  }

  private synchronized @Nullable Waiting next() {
    Waiting next = limiter.next();
    if (next != null) {
      next.hasBegun = true;
    }
    return next;
  }
}

package io.dragonfly.transport.http.internal.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.util.ArrayDeque;
import java.util.Deque;
import okhttp3.Call;
import okhttp3.Connection;
import okhttp3.ConnectionPool;
import okhttp3.EventListener;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets few connections to one supernode be made at once. A call that finds none that is free waits
 * for one that is given back or made, and registrations wait longest. Whoever calls has a limit for
 * that: the call's own counts from when it begins.
 *
 * <p>OkHttp would make one for each call at once, and a TLS handshake takes a program that was just
 * started a good part of a second of processor time. With 17 of them in each of eight peers on two
 * processors none was over after 10 s, and all calls were given up, to be made anew.
 *
 * <p>Safe for concurrent use.
 */
final class Connecting {
  private static final Logger LOG = LoggerFactory.getLogger(Connecting.class);
  private static final int AT_ONCE = 2;

  private final ConnectionPool pool;

  @GuardedBy("this")
  private final Deque<Runnable> urgent = new ArrayDeque<>();

  @GuardedBy("this")
  private final Deque<Runnable> others = new ArrayDeque<>();

  /** Calls that have begun and have no connection yet. */
  @GuardedBy("this")
  private int seeking;

  /** So many of those that wait need not wait for a connection any more. */
  @GuardedBy("this")
  private int released;

  @GuardedBy("this")
  private boolean isStarting;

  Connecting(ConnectionPool pool) {
    this.pool = pool;
  }

  ConnectionPool pool() {
    return pool;
  }

  /**
   * Begins a call, now or later, on any thread.
   *
   * @param call enqueues a call whose events go to a {@link #listener}; throws if it could not
   * @param isUrgent whether it goes before all that are not
   */
  void begin(Runnable call, boolean isUrgent) {
    synchronized (this) {
      (isUrgent ? urgent : others).add(call);
    }
    start();
  }

  /** Forgets a call that waits. */
  synchronized void forget(Runnable call) {
    if (!urgent.remove(call)) {
      others.remove(call);
    }
  }

  /**
   * Begins as many as may. One that fails at once is not to begin the next further down the stack.
   */
  private void start() {
    boolean isFirst = true;
    for (@Nullable Runnable call = next(isFirst); call != null; call = next(isFirst)) {
      isFirst = false;
      try {
        call.run();
      } catch (RuntimeException | Error e) { // no more threads: it has told who waits for it
        LOG.error("A call to a supernode could not begin", e);
        hasFound();
      }
    }
  }

  private synchronized @Nullable Runnable next(boolean isFirst) {
    if (isFirst && isStarting) {
      return null; // whoever is at it looks again
    }
    Deque<Runnable> waiting = urgent.isEmpty() ? others : urgent;
    released = Math.min(released, urgent.size() + others.size());
    boolean mayBegin =
        released > 0 || (!waiting.isEmpty() && seeking < AT_ONCE + pool.idleConnectionCount());
    isStarting = mayBegin;
    if (!mayBegin) {
      return null;
    }
    released = Math.max(0, released - 1);
    seeking++;
    return waiting.remove();
  }

  private synchronized void seeksToo() {
    seeking++;
  }

  private synchronized void hasFound() {
    seeking--;
  }

  private void found() {
    hasFound();
    start();
  }

  /** Where nobody listens nobody waits for a connection: all find that out at the same time. */
  private void cannotConnect() {
    synchronized (this) {
      released = urgent.size() + others.size();
    }
    start();
  }

  /** Returns what is told of one call. */
  EventListener listener() {
    return new Events();
  }

  private final class Events extends EventListener {
    private boolean isSeeking = true;
    private boolean isThere;
    private boolean isOver;

    /** The connection that it had was of no use any more. */
    @Override
    public void connectStart(Call call, InetSocketAddress address, Proxy proxy) {
      if (seeksAgain()) {
        seeksToo();
      }
    }

    /** Somebody listens, however long the handshake will take. */
    @Override
    public synchronized void secureConnectStart(Call call) {
      isThere = true;
    }

    @Override
    public void connectionAcquired(Call call, Connection connection) {
      seeksNoMore();
    }

    @Override
    public void callEnd(Call call) {
      ended();
    }

    @Override
    public void callFailed(Call call, IOException failure) {
      if (foundNobody() && !call.isCanceled()) {
        cannotConnect();
      }
      ended();
    }

    private synchronized boolean foundNobody() {
      return isSeeking && !isThere;
    }

    /** An attempt to connect may begin on its own thread when its call is over already. */
    private synchronized boolean seeksAgain() {
      boolean again = !isSeeking && !isOver;
      isSeeking |= again;
      return again;
    }

    private synchronized boolean takeSeeking() {
      boolean was = isSeeking;
      isSeeking = false;
      return was;
    }

    private void seeksNoMore() {
      if (takeSeeking()) {
        found();
      }
    }

    /** Its connection is free, if it had one. */
    private void ended() {
      if (takeEnd()) {
        found();
      } else {
        start();
      }
    }

    private synchronized boolean takeEnd() {
      isOver = true;
      return takeSeeking();
    }
  }
}

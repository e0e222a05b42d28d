package io.dragonfly.examples.server;

import io.dragonfly.DistributionClient;
import io.dragonfly.examples.command.Addresses;
import io.dragonfly.examples.command.Commands;
import io.dragonfly.examples.dfget.DfgetMain;
import io.dragonfly.examples.dfget.PeerHost;
import io.dragonfly.examples.dfget.PeerSettings;
import io.dragonfly.examples.thin.SocketPath;
import io.dragonfly.examples.thin.StartLock;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A background peer from its start to its end. While its socket is there it can be reached: the
 * socket appears when the peer is ready. It is deleted, under the start lock, just before the peer
 * lets go of the home. A call that comes in between is told to wait.
 */
public final class RunningServer {
  private static final Logger log = LoggerFactory.getLogger(RunningServer.class);

  /** How long calls may take to end once they are told to. */
  private static final Duration CANCEL_TIME = Duration.ofSeconds(10);

  private static final long END_LOCK_MILLIS = 5_000;

  private final PeerSettings settings;
  private final Path home;
  private final DistributionClient client;
  private final Uses uses = new Uses(System::nanoTime);
  private final CountDownLatch ended = new CountDownLatch(1);
  private final ServerPeer peer;
  private final CallServer calls;
  private final AutoCloseable addition;
  private final Duration additionCloses;
  private volatile boolean told;
  private volatile Runnable cancelFirst = () -> {};
  private volatile boolean first;
  private boolean peerClosed;

  private RunningServer(
      PeerSettings settings,
      DistributionClient client,
      AutoCloseable addition,
      Duration additionCloses)
      throws IOException {
    this.settings = settings;
    this.client = client;
    this.addition = addition;
    this.additionCloses = additionCloses;
    this.home = settings.client().home().orElseThrow();
    this.peer = new ServerPeer(client, settings);
    this.calls =
        new CallServer(SocketPath.of(home.toFile()), uses, call -> DfgetMain.run(call, peer));
  }

  /** What a server does beside working for calls, with the same peer. */
  public interface Addition {
    /**
     * Starts it. It is closed before the peer is.
     *
     * @throws IOException if it cannot be started
     */
    AutoCloseable start(DistributionClient client) throws IOException;

    /** How long its close may take while work ends that was begun. */
    default Duration closesWithin() {
      return Duration.ZERO;
    }
  }

  /**
   * Starts a server; it can be called when this returns.
   *
   * @throws IOException if it cannot be started
   */
  static RunningServer start(PeerSettings settings, Addition addition) throws IOException {
    DistributionClient client = new DistributionClient(settings.client());
    AutoCloseable added = () -> {};
    boolean started = false;
    try {
      Warmup.run();
      added = addition.start(client);
      RunningServer server = new RunningServer(settings, client, added, addition.closesWithin());
      started = true;
      return server;
    } finally {
      if (!started) {
        close(added);
        client.close();
      }
    }
  }

  private static void close(AutoCloseable addition) {
    try {
      addition.close();
    } catch (Exception e) {
      log.warn("A part of the server did not end well", e);
    }
  }

  /**
   * Takes the call with which this process was started, which does not come over the socket.
   *
   * @param cancel tells the call to end
   * @return the peer for it
   */
  PeerHost begin(Runnable cancel) {
    cancelFirst = cancel;
    first = uses.begin();
    return peer;
  }

  /** The first call is done. */
  void endFirst() {
    if (first) {
      uses.end();
    }
  }

  /** Says that the server is ready, in one line. */
  void sayReady(PrintWriter out) {
    String where = client.address().map(address -> " on " + Addresses.text(address)).orElse("");
    String alone =
        settings.client().supernodes().isEmpty()
            ? "; without a supernode (--node) it reads each source itself and gives nothing to"
                + " others"
            : "";
    out.println("dfget server ready" + where + alone);
    out.flush();
  }

  /**
   * Works until nobody has used the server for its alive time, or it is told to end.
   *
   * @throws IOException if the home cannot be let go
   */
  public void run() throws IOException, InterruptedException {
    Commands.onShutdown("dragonfly-server-shutdown", this::endAtOnce);
    Archives.ofThisProcess(true).ifPresent(Archives::makeInBackground);
    new Housekeeping(client, uses, settings.expireTime().orElseThrow()).start();
    boolean idle = uses.awaitIdle(settings.aliveTime().orElseThrow(), client::sinceGiven);
    uses.stop();
    log.info("The server of {} ends{}", home, idle ? ": nobody used it" : "");
    if (!told) {
      uses.awaitNone();
    }
    end();
  }

  /** Ends what runs, when the process is told to end; returns when nothing is left. */
  private void endAtOnce() {
    told = true;
    uses.stop();
    cancelFirst.run();
    calls.cancelAll();
    try {
      uses.awaitNone(CANCEL_TIME);
      ended.await(CANCEL_TIME.plus(additionCloses).toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void end() throws IOException {
    try {
      letGo();
    } finally {
      calls.close();
      ended.countDown();
    }
  }

  /**
   * Nobody may look at the home between the end of the socket and that of the lock: a process that
   * is to take this one's place waits for the start lock until the home is free.
   */
  @SuppressWarnings("try")
  private void letGo() throws IOException {
    try (StartLock lock = StartLock.take(home.toFile(), END_LOCK_MILLIS)) {
      calls.hide();
      closePeer();
    } finally {
      closePeer(); // also without the lock
    }
  }

  private void closePeer() {
    if (!peerClosed) {
      peerClosed = true;
      close(addition);
      client.close();
    }
  }
}

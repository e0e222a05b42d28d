package io.dragonfly.examples.server;

import ch.qos.logback.classic.Level;
import io.dragonfly.error.StorageException;
import io.dragonfly.examples.command.Commands;
import io.dragonfly.examples.command.ExitCode;
import io.dragonfly.examples.command.LogOptions;
import io.dragonfly.examples.command.Logging;
import io.dragonfly.examples.command.ProcessMetrics;
import io.dragonfly.examples.dfget.DfgetMain;
import io.dragonfly.examples.dfget.OwnPeer;
import io.dragonfly.examples.dfget.PeerHost;
import io.dragonfly.examples.dfget.PeerSettings;
import io.dragonfly.examples.thin.CallMessage;
import io.dragonfly.examples.thin.Frame;
import io.dragonfly.examples.thin.HomeDirectory;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The call with which a dfget has started this process. It comes over stdin, and its answer goes to
 * stdout. A fetch makes this process the background peer of the home once its command line has been
 * parsed; the process then outlives the call. It ends with any other call, so a wrong command line
 * leaves nothing behind.
 */
final class FirstCall implements PeerHost {
  private static final Logger log = LoggerFactory.getLogger(FirstCall.class);

  private final Path home;
  private final boolean mayStay;
  private final RemoteCall call;
  private final OwnPeer own;
  private final CompletableFuture<Optional<RunningServer>> decision = new CompletableFuture<>();
  private volatile int code = ExitCode.INTERNAL;
  private volatile @Nullable LogOptions logging;

  private FirstCall(Path home, boolean mayStay, RemoteCall call) {
    this.home = home;
    this.mayStay = mayStay;
    this.call = call;
    this.own = new OwnPeer(call, false);
  }

  /**
   * Does the call that comes over the standard streams of this process.
   *
   * @see #run(Path, boolean, InputStream, OutputStream)
   */
  static int run(Path home, boolean mayStay) throws IOException, InterruptedException {
    Logging.start(false, Level.WARN);
    OutputStream out = new FileOutputStream(FileDescriptor.out);
    System.setOut(System.err); // nothing else may come between
    return run(home, mayStay, new FileInputStream(FileDescriptor.in), out);
  }

  /**
   * Does the call, and then what a background peer does if the process has become one.
   *
   * @param home the caller's data directory
   * @param mayStay whether the process may become its background peer; the caller holds the start
   *     lock then until it hears that the start is over
   * @return the exit code of the process
   * @throws IOException if no call comes, or the home cannot be let go
   */
  static int run(Path home, boolean mayStay, InputStream stdin, OutputStream out)
      throws IOException, InterruptedException {
    DataInputStream in = new DataInputStream(new BufferedInputStream(stdin));
    Frame frame = Frame.read(in);
    if (frame == null || frame.type() != Frame.CALL) {
      throw new IOException("no call has come over stdin");
    }
    RemoteCall call = new RemoteCall(CallMessage.parse(frame.payload()), out);
    Commands.onShutdown("dragonfly-first-call-shutdown", call::gone);
    FirstCall first = new FirstCall(home, mayStay, call);
    start("dragonfly-first-call", () -> first.follow(in));
    start("dragonfly-first-call-work", () -> first.work(out));
    Optional<RunningServer> server = first.decision.join();
    if (server.isPresent()) {
      server.get().run();
      return ExitCode.OK;
    }
    return first.code;
  }

  private static void start(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    thread.start();
  }

  private void follow(DataInputStream in) {
    try {
      CallConnection.follow(in, call);
    } catch (IOException e) {
      log.debug("The first caller is left: {}", e.toString());
    }
  }

  private void work(OutputStream out) {
    try {
      code = CallConnection.run(made -> DfgetMain.run(made, this), call);
      call.exit(code);
    } catch (IOException e) {
      log.debug("The first caller does not hear its exit code: {}", e.toString());
    } finally {
      close(out); // who waits for the end of a pipe must not wait for a background peer
      if (!decision.complete(Optional.empty())) {
        decision.join().ifPresent(RunningServer::endFirst);
      }
    }
  }

  /** Standard streams that are closed lead to /dev/null. */
  private static void close(OutputStream out) {
    try {
      out.close();
    } catch (IOException e) {
      log.debug("The stdout of the first call could not be closed: {}", e.toString());
    }
  }

  @Override
  public boolean outlivesCalls() {
    return false;
  }

  /** The log is opened only when this process has the home: until then it may be another's. */
  @Override
  public void logWith(LogOptions options) {
    logging = options;
  }

  private void openLog() {
    LogOptions options = logging;
    if (options == null) {
      return;
    }
    Path logs = home.resolve("logs");
    try {
      HomeDirectory.create(logs);
      options.startInFile(logs.resolve("dfget-server.log"), call.directory());
    } catch (IOException e) {
      throw new StorageException("The log in %s cannot be written: %s".formatted(logs, e), e);
    }
  }

  /**
   * For the commands that are about a home: without a background peer, and without starting one.
   */
  @Override
  public Lease lend(PeerSettings wanted) {
    return own.lend(wanted);
  }

  @Override
  public Lease lend(PeerSettings wanted, Wanted wantedIn) {
    Optional<Lease> lasting = mayStay ? stay(wantedIn) : Optional.empty();
    Lease lease = lasting.orElseGet(() -> own.lend(wanted, wantedIn));
    try {
      call.started();
    } catch (IOException e) {
      log.debug("The first caller is gone: {}", e.toString());
    }
    return lease;
  }

  /** Becomes the background peer; empty if another process uses the home. */
  private Optional<Lease> stay(Wanted wantedIn) {
    ProcessMetrics metrics = new ProcessMetrics("dfget");
    PeerSettings settings = ServerMain.withTimes(wantedIn.in(home, metrics::ofClient));
    RunningServer server;
    try {
      server = ServerStart.startDetached(settings, this::openLog);
    } catch (StorageException e) {
      log.warn("This process is the peer of one call alone: {}", e.getMessage());
      return Optional.empty();
    }
    PeerHost peer = server.begin(call::gone);
    decision.complete(Optional.of(server));
    return Optional.of(peer.lend(settings));
  }
}

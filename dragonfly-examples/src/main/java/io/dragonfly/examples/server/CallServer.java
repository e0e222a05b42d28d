package io.dragonfly.examples.server;

import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.thin.Frame;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.function.ToIntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes calls from other processes of this user over a socket that only this host reaches. Each has
 * threads of its own; a caller that goes away ends its call alone. Safe for concurrent use.
 */
final class CallServer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(CallServer.class);
  private static final int BACKLOG = 512;

  /** More connections than this wait in line. */
  private static final int MOST_CONNECTIONS = 512;

  private final byte[] token;
  private final Uses uses;
  private final ToIntFunction<Call> command;
  private final ServerSocket listening;
  private final Semaphore room = new Semaphore(MOST_CONNECTIONS);
  private final Set<CallConnection> connections = ConcurrentHashMap.newKeySet();

  /**
   * Starts to listen.
   *
   * @param token what callers must know
   * @param uses told of each call
   * @param command does a call's work, and returns its exit code
   */
  CallServer(byte[] token, Uses uses, ToIntFunction<Call> command) throws IOException {
    this.token = token.clone();
    this.uses = uses;
    this.command = command;
    this.listening = new ServerSocket();
    InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
    listening.bind(new InetSocketAddress(loopback, 0), BACKLOG);
    Thread accepting = new Thread(this::accept, "dragonfly-calls");
    accepting.setDaemon(true);
    accepting.start();
  }

  /** Returns where it listens. */
  int port() {
    return listening.getLocalPort();
  }

  private void accept() {
    int number = 0;
    while (!listening.isClosed()) {
      try {
        room.acquire();
        start(listening.accept(), ++number);
      } catch (IOException e) {
        room.release();
        if (!listening.isClosed()) {
          log.warn("A call could not be accepted: {}", e.toString());
        }
      } catch (InterruptedException e) {
        return; // nobody does so
      }
    }
  }

  private void start(Socket socket, int number) {
    CallConnection connection = new CallConnection(socket, token, uses, command);
    connections.add(connection);
    connection.start(
        "dragonfly-call-" + number,
        () -> {
          connections.remove(connection);
          room.release();
        });
  }

  /** Tells all calls to end. */
  void cancelAll() {
    connections.forEach(CallConnection::cancel);
  }

  /** Ends all connections: those who were told with {@link Frame#ENDING} go on from here. */
  @Override
  public void close() throws IOException {
    listening.close();
    connections.forEach(CallConnection::close);
  }
}

package io.dragonfly.examples.server;

import io.dragonfly.error.StorageException;
import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.thin.Frame;
import io.dragonfly.examples.thin.LocalSocket;
import io.dragonfly.examples.thin.SocketPath;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.function.ToIntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes calls from other processes of this user over a Unix domain socket in a directory that
 * nobody else can enter. Each has threads of its own; a caller that goes away ends its call alone.
 * Safe for concurrent use.
 */
final class CallServer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(CallServer.class);
  private static final int BACKLOG = 512;

  /** More connections than this wait in line. */
  private static final int MOST_CONNECTIONS = 512;

  private final Path path;
  private final Uses uses;
  private final ToIntFunction<Call> command;
  private final ServerSocketChannel listening;
  private final Semaphore room = new Semaphore(MOST_CONNECTIONS);
  private final Set<CallConnection> connections = ConcurrentHashMap.newKeySet();

  /**
   * Starts to listen. The lock of the home must be held: a socket that is there is replaced.
   *
   * @param path see {@link SocketPath}
   * @param uses told of each call
   * @param command does a call's work, and returns its exit code
   * @throws StorageException if the socket cannot be made
   */
  CallServer(Path path, Uses uses, ToIntFunction<Call> command) {
    this.path = path;
    this.uses = uses;
    this.command = command;
    this.listening = listen(path);
    Thread accepting = new Thread(this::accept, "dragonfly-calls");
    accepting.setDaemon(true);
    accepting.start();
  }

  private static ServerSocketChannel listen(Path path) {
    try {
      SocketPath.prepare(path);
      ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      boolean listens = false;
      try {
        channel.bind(UnixDomainSocketAddress.of(path), BACKLOG);
        listens = true;
        return channel;
      } finally {
        if (!listens) {
          channel.close();
        }
      }
    } catch (IOException e) {
      throw new StorageException(
          "Socket %s cannot be made: %s. Choose another --home.".formatted(path, e.getMessage()),
          e);
    }
  }

  private void accept() {
    int number = 0;
    while (listening.isOpen()) {
      try {
        room.acquire();
        start(listening.accept(), ++number);
      } catch (IOException e) {
        room.release();
        if (listening.isOpen()) {
          log.warn("A call could not be accepted: {}", e.toString());
        }
      } catch (InterruptedException e) {
        return; // nobody does so
      }
    }
  }

  private void start(SocketChannel channel, int number) {
    LocalSocket socket = new LocalSocket(channel);
    CallConnection connection = new CallConnection(socket, uses, command);
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

  /** Takes the socket away, so that nobody finds it any more; who has found it is answered. */
  void hide() throws IOException {
    Files.deleteIfExists(path);
  }

  /** Ends all connections: those who were told with {@link Frame#ENDING} go on from here. */
  @Override
  public void close() throws IOException {
    listening.close();
    connections.forEach(CallConnection::close);
  }
}

package io.dragonfly.testkit;

import io.dragonfly.spi.ServeRequest;
import io.dragonfly.spi.Transport;
import java.net.InetSocketAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A server of a {@link FakeTransport}, and who is connected to it. */
final class FakeServer implements Transport.Server {
  private final FakeNetwork network;
  private final ServeRequest request;
  private final Set<Runnable> connections = new HashSet<>();
  private volatile InetSocketAddress address;
  private boolean closed;

  FakeServer(FakeNetwork network, ServeRequest request) {
    this.network = network;
    this.request = request;
    this.address = request.bind();
  }

  ServeRequest request() {
    return request;
  }

  void boundTo(InetSocketAddress bound) {
    address = bound;
  }

  @Override
  public InetSocketAddress address() {
    return address;
  }

  /**
   * Adds a connection.
   *
   * @param onBreak run once, in no particular thread, if this side ends the connection
   * @return whether the server still runs
   */
  synchronized boolean connect(Runnable onBreak) {
    if (closed) {
      return false;
    }
    connections.add(onBreak);
    return true;
  }

  synchronized void disconnect(Runnable onBreak) {
    connections.remove(onBreak);
  }

  void breakConnections() {
    List<Runnable> broken;
    synchronized (this) {
      broken = List.copyOf(connections);
      connections.clear();
    }
    broken.forEach(Runnable::run);
  }

  @Override
  public void close() {
    network.unlisten(this);
    synchronized (this) {
      closed = true;
    }
    breakConnections();
  }
}

package io.dragonfly.testkit;

import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.PieceRequest;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What connects {@link FakeTransport}s within this JVM: which server listens where, and what goes
 * wrong with which parent. Has no thread of its own and needs no closing. Safe for concurrent use.
 */
public final class FakeNetwork {
  private static final int FIRST_PORT = 20_000;

  private final Map<InetSocketAddress, FakeServer> servers = new HashMap<>();
  private final Map<PeerId, Planned> faults = new HashMap<>();
  private final Set<InetSocketAddress> cut = new HashSet<>();
  private final List<PieceRequest> takes = new ArrayList<>();
  private final Set<FakeTake> running = new HashSet<>();
  private int nextPort = FIRST_PORT;

  private static final class Planned {
    private final Fault fault;
    private int left;

    Planned(Fault fault, int left) {
      this.fault = fault;
      this.left = left;
    }
  }

  /** Makes each take from this parent go wrong, from now on until it is healed. */
  public void inject(PeerId parent, Fault fault) {
    inject(parent, fault, Integer.MAX_VALUE);
  }

  /** Makes the next {@code times} takes from this parent go wrong. */
  public synchronized void inject(PeerId parent, Fault fault, int times) {
    faults.put(parent, new Planned(fault, times));
  }

  /** Lets nothing go wrong with this parent any more; takes that were stalled go on. */
  public void heal(PeerId parent) {
    List<FakeTake> stalled;
    synchronized (this) {
      faults.remove(parent);
      stalled = running.stream().filter(t -> t.parent().equals(parent)).toList();
    }
    stalled.forEach(FakeTake::heal);
  }

  /** Breaks all connections to an address, and lets none come about until it is joined again. */
  public void cut(InetSocketAddress address) {
    FakeServer server;
    synchronized (this) {
      cut.add(address);
      server = servers.get(address);
    }
    if (server != null) {
      server.breakConnections();
    }
  }

  /** Ends a {@link #cut}. */
  public synchronized void join(InetSocketAddress address) {
    cut.remove(address);
  }

  /** Returns all takes that were started, in order. */
  public synchronized List<PieceRequest> takes() {
    return List.copyOf(takes);
  }

  synchronized void listen(FakeServer server, InetSocketAddress wanted) throws BindException {
    InetSocketAddress address = wanted;
    while (address.getPort() == 0 || (wanted.getPort() == 0 && servers.containsKey(address))) {
      address = new InetSocketAddress(wanted.getAddress(), nextPort++);
    }
    if (servers.putIfAbsent(address, server) != null) {
      throw new BindException(address + " is in use");
    }
    server.boundTo(address);
  }

  synchronized void unlisten(FakeServer server) {
    servers.remove(server.address(), server);
  }

  synchronized Optional<FakeServer> serverAt(InetSocketAddress address) {
    if (cut.contains(address)) {
      return Optional.empty();
    }
    FakeServer server = servers.get(address);
    return Optional.ofNullable(
        server != null ? server : servers.get(anyAddress(address.getPort())));
  }

  private static InetSocketAddress anyAddress(int port) {
    return new InetSocketAddress(port);
  }

  /** Notes a take and returns what shall go wrong with it. */
  synchronized Optional<Fault> started(FakeTake take, PieceRequest request) {
    takes.add(request);
    running.add(take);
    Planned planned = faults.get(request.parent().id());
    if (planned == null || planned.left == 0) {
      return Optional.empty();
    }
    if (planned.left != Integer.MAX_VALUE) {
      planned.left--;
    }
    return Optional.of(planned.fault);
  }

  synchronized void ended(FakeTake take) {
    running.remove(take);
  }

  /** The address that a caller is seen at. */
  static InetAddress seenFrom(InetAddress local) {
    return local.isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : local;
  }
}

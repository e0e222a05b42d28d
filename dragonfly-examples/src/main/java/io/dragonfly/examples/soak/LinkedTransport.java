package io.dragonfly.examples.soak;

import io.dragonfly.control.SupernodeApi;
import io.dragonfly.spi.PieceRequest;
import io.dragonfly.spi.PieceSink;
import io.dragonfly.spi.ServeRequest;
import io.dragonfly.spi.Transport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.function.IntConsumer;

/** A transport whose servers are reached over a link: at the port of that, not at their own. */
final class LinkedTransport implements Transport {
  private final Transport transport;
  private final int linkPort;
  private final IntConsumer onServing;

  /**
   * Wraps a transport.
   *
   * @param onServing is told the port of a server itself
   */
  LinkedTransport(Transport transport, int linkPort, IntConsumer onServing) {
    this.transport = transport;
    this.linkPort = linkPort;
    this.onServing = onServing;
  }

  @Override
  public Server serve(ServeRequest request) throws IOException {
    Server server = transport.serve(request);
    InetSocketAddress own = server.address();
    onServing.accept(own.getPort());
    return new Server() {
      @Override
      public InetSocketAddress address() {
        return new InetSocketAddress(own.getAddress(), linkPort);
      }

      @Override
      public void close() {
        server.close();
      }
    };
  }

  @Override
  public SupernodeApi connect(InetSocketAddress supernode, InetAddress local) {
    return transport.connect(supernode, local);
  }

  @Override
  public Take take(PieceRequest request, PieceSink sink) {
    return transport.take(request, sink);
  }

  @Override
  public void close() {
    transport.close();
  }
}

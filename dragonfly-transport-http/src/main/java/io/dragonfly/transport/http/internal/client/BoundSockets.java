package io.dragonfly.transport.http.internal.client;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import javax.net.SocketFactory;

/** Makes sockets that connect from one address. */
final class BoundSockets extends SocketFactory {
  private final InetAddress local;

  BoundSockets(InetAddress local) {
    this.local = local;
  }

  @Override
  public Socket createSocket() throws IOException {
    Socket socket = new Socket();
    if (!local.isAnyLocalAddress()) {
      bind(socket);
    }
    return socket;
  }

  private void bind(Socket socket) throws IOException {
    try {
      socket.bind(new InetSocketAddress(local, 0));
    } catch (IOException e) {
      socket.close();
      throw new IOException("cannot call from %s: %s".formatted(local, e.getMessage()), e);
    }
  }

  @Override
  public Socket createSocket(String host, int port) {
    throw onlyUnconnected();
  }

  @Override
  public Socket createSocket(String host, int port, InetAddress from, int fromPort) {
    throw onlyUnconnected();
  }

  @Override
  public Socket createSocket(InetAddress host, int port) {
    throw onlyUnconnected();
  }

  @Override
  public Socket createSocket(InetAddress host, int port, InetAddress from, int fromPort) {
    throw onlyUnconnected();
  }

  private static UnsupportedOperationException onlyUnconnected() {
    return new UnsupportedOperationException("OkHttp connects sockets itself");
  }
}

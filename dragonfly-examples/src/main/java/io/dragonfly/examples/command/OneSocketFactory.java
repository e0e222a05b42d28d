package io.dragonfly.examples.command;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * Makes the socket of one connection and keeps it. {@link java.net.HttpURLConnection} takes its
 * read timeout for the handshake and for the answer alike: only the socket can have one for each.
 * For one thread.
 */
final class OneSocketFactory extends SSLSocketFactory {
  private final SSLSocketFactory sockets;
  private @Nullable Socket made;

  OneSocketFactory(SSLSocketFactory sockets) {
    this.sockets = sockets;
  }

  /** Returns the socket that was made last; there must be one. */
  Socket made() {
    return requireNonNull(made, "no socket was made");
  }

  private Socket keep(Socket socket) {
    made = socket;
    return socket;
  }

  @Override
  public Socket createSocket() throws IOException {
    return keep(sockets.createSocket());
  }

  @Override
  public Socket createSocket(Socket socket, String host, int port, boolean autoClose)
      throws IOException {
    return keep(sockets.createSocket(socket, host, port, autoClose));
  }

  @Override
  public Socket createSocket(String host, int port) throws IOException {
    return keep(sockets.createSocket(host, port));
  }

  @Override
  public Socket createSocket(String host, int port, InetAddress local, int localPort)
      throws IOException {
    return keep(sockets.createSocket(host, port, local, localPort));
  }

  @Override
  public Socket createSocket(InetAddress host, int port) throws IOException {
    return keep(sockets.createSocket(host, port));
  }

  @Override
  public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort)
      throws IOException {
    return keep(sockets.createSocket(host, port, local, localPort));
  }

  @Override
  public String[] getDefaultCipherSuites() {
    return sockets.getDefaultCipherSuites();
  }

  @Override
  public String[] getSupportedCipherSuites() {
    return sockets.getSupportedCipherSuites();
  }
}

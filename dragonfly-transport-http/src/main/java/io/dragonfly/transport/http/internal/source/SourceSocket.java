package io.dragonfly.transport.http.internal.source;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import javax.net.SocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * A socket that is read a lot at a time, and that keeps away from some addresses if it is told so.
 */
final class SourceSocket extends Socket {
  private final AddressCheck addresses;
  private volatile @Nullable SocketInput input;

  /** Says which addresses must not be connected to. */
  @FunctionalInterface
  interface AddressCheck {
    void check(InetAddress address) throws IOException;
  }

  private SourceSocket(AddressCheck addresses) {
    this.addresses = addresses;
  }

  /** Makes such sockets; OkHttp connects them itself. */
  static final class Factory extends SocketFactory {
    private final AddressCheck addresses;

    /**
     * A factory.
     *
     * @param addresses says which addresses its sockets refuse. Checked here and not in a resolver,
     *     since addresses in URLs are never resolved
     */
    Factory(AddressCheck addresses) {
      this.addresses = addresses;
    }

    @Override
    public Socket createSocket() {
      return new SourceSocket(addresses);
    }

    @Override
    public Socket createSocket(String host, int port) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress localHost, int localPort) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Socket createSocket(InetAddress host, int port) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Socket createSocket(
        InetAddress address, int port, InetAddress localAddress, int localPort) {
      throw new UnsupportedOperationException();
    }
  }

  @Override
  public void connect(SocketAddress endpoint, int timeout) throws IOException {
    addresses.check(((InetSocketAddress) endpoint).getAddress());
    super.connect(endpoint, timeout);
  }

  @Override
  public synchronized InputStream getInputStream() throws IOException {
    return input();
  }

  /**
   * OkHttp looks here before it uses a connection again. One on which bytes have arrived that
   * nobody asked for is not fit for that: they would be taken for the next answer.
   */
  @Override
  public boolean isInputShutdown() {
    SocketInput known = input;
    if (super.isInputShutdown() || known == null) {
      return super.isInputShutdown();
    }
    try {
      return known.hasUnaskedBytes();
    } catch (IOException e) {
      return true;
    }
  }

  /**
   * Gets ready for the answer to a request that is about to be sent.
   *
   * @throws IOException if bytes have arrived already: nobody asked for them
   */
  void expectAnswer() throws IOException {
    input().expectAnswer();
  }

  /** Tells whether more has arrived than the headers and this many bytes of body. */
  boolean hasMoreThan(long bodyLength) throws IOException {
    return input().hasMoreThan(bodyLength);
  }

  private synchronized SocketInput input() throws IOException {
    SocketInput known = input;
    if (known == null) {
      known = new SocketInput(super.getInputStream());
      input = known;
    }
    return known;
  }
}

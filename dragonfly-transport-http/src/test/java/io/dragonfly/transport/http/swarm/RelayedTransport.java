package io.dragonfly.transport.http.swarm;

import io.dragonfly.control.SupernodeApi;
import io.dragonfly.spi.PieceRequest;
import io.dragonfly.spi.PieceSink;
import io.dragonfly.spi.ServeRequest;
import io.dragonfly.spi.Transport;
import io.dragonfly.spi.TransportConfig;
import io.dragonfly.transport.http.HttpTransport;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;

/** A transport whose servers are reached through somebody in between, who keeps all he hears. */
final class RelayedTransport implements Transport {
  private final HttpTransport transport;
  private final boolean impersonates;
  private final List<Relay> relays = new ArrayList<>();

  /**
   * A transport.
   *
   * @param impersonates whether who is in between ends TLS with a certificate of his own, and
   *     begins it anew, instead of passing on what comes
   */
  RelayedTransport(TransportConfig config, boolean impersonates) {
    this.transport = HttpTransport.builder().config(config).threads(1).build();
    this.impersonates = impersonates;
  }

  @Override
  public Server serve(ServeRequest request) throws IOException {
    Server server = transport.serve(request);
    Relay relay;
    try {
      relay = new Relay(server.address(), impersonates);
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
    relays.add(relay);
    return new Server() {
      @Override
      public InetSocketAddress address() {
        return new InetSocketAddress(server.address().getAddress(), relay.server.getLocalPort());
      }

      @Override
      public String certificate() {
        return server.certificate();
      }

      @Override
      public void close() {
        relay.close();
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
    relays.forEach(Relay::close);
    transport.close();
  }

  /** Returns what the one in between has read so far, both ways. */
  String heard() {
    StringBuilder all = new StringBuilder();
    relays.forEach(relay -> all.append(relay.heard()));
    return all.toString();
  }

  /** Returns how many connections there were. */
  int connections() {
    return relays.stream().mapToInt(relay -> relay.connections.get()).sum();
  }

  private static final class Relay {
    private final ServerSocket server;
    private final InetSocketAddress behind;
    private final boolean impersonates;
    private final ByteArrayOutputStream heard = new ByteArrayOutputStream();
    private final AtomicInteger connections = new AtomicInteger();
    private final List<Socket> sockets = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();

    Relay(InetSocketAddress behind, boolean impersonates)
        throws IOException, GeneralSecurityException {
      this.behind = behind;
      this.impersonates = impersonates;
      InetAddress here = InetAddress.getLoopbackAddress();
      server =
          impersonates
              ? impostor().getServerSocketFactory().createServerSocket(0, 50, here)
              : new ServerSocket(0, 50, here);
      run(this::accept);
    }

    private static SSLContext impostor() {
      HeldCertificate own = new HeldCertificate.Builder().ecdsa256().commonName("relay").build();
      return new HandshakeCertificates.Builder().heldCertificate(own).build().sslContext();
    }

    private String heard() {
      synchronized (heard) {
        return heard.toString(StandardCharsets.ISO_8859_1);
      }
    }

    private synchronized void run(Runnable task) {
      Thread thread = new Thread(task, "relay");
      threads.add(thread);
      thread.start();
    }

    private void accept() {
      try {
        while (true) {
          Socket client = server.accept();
          connections.incrementAndGet();
          Socket there = connect();
          synchronized (this) {
            sockets.add(client);
            sockets.add(there);
          }
          run(() -> copy(client, there));
          run(() -> copy(there, client));
        }
      } catch (IOException | GeneralSecurityException e) {
        // It is closed.
      }
    }

    private Socket connect() throws IOException, GeneralSecurityException {
      if (!impersonates) {
        return new Socket(behind.getAddress(), behind.getPort());
      }
      SSLContext towards = SSLContext.getInstance("TLS");
      towards.init(null, new TrustManager[] {new Credulous()}, new SecureRandom());
      return towards.getSocketFactory().createSocket(behind.getAddress(), behind.getPort());
    }

    private void copy(Socket from, Socket to) {
      byte[] buffer = new byte[64 << 10];
      try {
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream();
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
          synchronized (heard) {
            heard.write(buffer, 0, count);
          }
          out.write(buffer, 0, count);
          out.flush();
        }
      } catch (IOException e) {
        // One of the two has hung up, or the handshake has failed.
      }
      closeQuietly(from);
      closeQuietly(to);
    }

    private static void closeQuietly(Socket socket) {
      try {
        socket.close();
      } catch (IOException e) {
        // It is closed.
      }
    }

    private void close() {
      List<Socket> open;
      List<Thread> running;
      try {
        server.close();
      } catch (IOException e) {
        // It is closed.
      }
      synchronized (this) {
        open = List.copyOf(sockets);
        running = List.copyOf(threads);
      }
      open.forEach(Relay::closeQuietly);
      for (Thread thread : running) {
        try {
          thread.join(30_000);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
    }
  }

  /** Believes everybody. */
  static final class Credulous implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}

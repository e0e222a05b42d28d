package io.dragonfly.transport.http.internal.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dragonfly.internal.queue.HostKey;
import io.dragonfly.spi.ServeRequest;
import io.dragonfly.spi.TransportConfig;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.FakePieces;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.transport.http.RawConnection;
import io.dragonfly.transport.http.internal.loop.EventLoops;
import io.dragonfly.transport.http.internal.tls.TransportTls;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** How many TLS handshakes the clients of one address get, and what that leaves to the others. */
@ExtendWith(LeakCheck.class)
class HandshakesTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Duration LONG = Duration.ofMinutes(10);
  private static final Duration SHORT = Duration.ofMillis(200);
  private static final int CROWD = 6;
  private static final TaskId TASK = new TaskId("ab".repeat(32));

  private final EventLoops loops = EventLoops.nio(1);
  private final FakePieces pieces = new FakePieces();
  private final List<Socket> opened = new ArrayList<>();
  private final SSLContext tls = credulous();

  @AfterEach
  void close() throws IOException {
    for (Socket socket : opened) {
      socket.close();
    }
    loops.close();
    pieces.close();
  }

  private static SSLContext credulous() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  /** Only 127.0.0.1 counts as this machine here: all others of 127.0.0.0/8 are other machines. */
  private HttpServer serve(Duration within, Duration request) throws IOException {
    pieces.put(TASK, new byte[100]);
    ServerLimits limits =
        new ServerLimits(1_000, 0.1, LONG, request, LONG, 1 << 20, Duration.ofMillis(50))
            .withThisMachine(address -> address.equals(ip(1)))
            .withHandshakes(new ServerLimits.HandshakeRate(20, within)); // two of one address
    return HttpServer.start(
        loops,
        ServeRequest.piecesOnly(new InetSocketAddress(ip(1), 0), pieces),
        limits,
        TransportTls.of(TransportConfig.builder().build(), System::nanoTime).forServer(true));
  }

  private static InetAddress ip(int last) {
    try {
      return InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) last});
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Connects and sends the first message of a handshake. */
  private Socket greet(HttpServer server, InetAddress from) throws IOException {
    Socket socket = new Socket(server.address().getAddress(), server.address().getPort(), from, 0);
    opened.add(socket);
    SSLEngine engine = tls.createSSLEngine();
    engine.setUseClientMode(true);
    ByteBuffer hello = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
    engine.wrap(ByteBuffer.allocate(0), hello);
    socket.getOutputStream().write(Arrays.copyOf(hello.array(), hello.position()));
    return socket;
  }

  private List<Socket> crowd(HttpServer server) throws IOException {
    List<Socket> crowd = new ArrayList<>();
    for (int i = 0; i < CROWD; i++) {
      crowd.add(greet(server, ip(2)));
    }
    return crowd;
  }

  private static boolean isAnswered(Socket socket) throws IOException {
    InputStream in = socket.getInputStream();
    return in.available() > 0;
  }

  private static long answered(List<Socket> sockets) throws IOException {
    long count = 0;
    for (Socket socket : sockets) {
      count += isAnswered(socket) ? 1 : 0;
    }
    return count;
  }

  @Test
  void anAddressAboveItsShareGetsNoMoreHandshakesWhileOthersGetTheirsAtOnce() throws IOException {
    try (HttpServer server = serve(LONG, LONG)) {
      List<Socket> crowd = crowd(server);
      await().atMost(SOON).until(() -> answered(crowd) >= 2);

      Socket other = greet(server, ip(3));
      await().atMost(SOON).until(() -> isAnswered(other));
      List<Socket> here = new ArrayList<>();
      for (int i = 0; i < CROWD; i++) {
        here.add(greet(server, ip(1)));
      }
      await().atMost(SOON).until(() -> answered(here) == CROWD);

      assertThat(answered(crowd)).isEqualTo(2);
    }
  }

  @Test
  void thoseAboveTheShareGetTheirHandshakesAndAreServedLater() throws IOException {
    try (HttpServer server = serve(SHORT, LONG)) {
      List<Socket> crowd = crowd(server);
      await().atMost(SOON).until(() -> answered(crowd) == CROWD);

      for (int i = 0; i < CROWD; i++) {
        Socket socket =
            tls.getSocketFactory()
                .createSocket(server.address().getAddress(), server.address().getPort(), ip(2), 0);
        try (RawConnection client = new RawConnection(socket)) {
          client.send("GET /healthz HTTP/1.1\nHost: h\n\n");
          assertThat(client.read().first()).startsWith("HTTP/1.1 ");
        }
      }
    }
  }

  @Test
  void oneThatWaitsForLongerThanARequestMayTakeIsClosed() throws IOException {
    try (HttpServer server = serve(LONG, SHORT)) {
      crowd(server);
      Socket last = opened.get(CROWD - 1);
      last.setSoTimeout((int) SOON.toMillis());
      assertThat(last.getInputStream().read()).isNegative();
    }
  }

  @Test
  void oneThatIsGoneLeavesItsTurnToTheNext() throws Exception {
    HostKey place = new HostKey("a");
    EventLoop loop = new DefaultEventLoop();
    try {
      Handshakes handshakes = new Handshakes(new ServerLimits.HandshakeRate(10, SHORT), 0.1);
      CompletableFuture<Void> gone = new CompletableFuture<>();
      CompletableFuture<Void> next = new CompletableFuture<>();
      assertThat(handshakes.begin(place, loop, () -> {})).isNull();
      Handshakes.Waiting left = handshakes.begin(place, loop, () -> gone.complete(null));
      assertThat(left).isNotNull();
      assertThat(handshakes.begin(place, loop, () -> next.complete(null))).isNotNull();

      handshakes.cancel(left);

      next.get(SOON.toMillis(), TimeUnit.MILLISECONDS);
      assertThat(gone).isNotDone();
      handshakes.cancel(left); // once more changes nothing
    } finally {
      loop.shutdownGracefully(0, 10, TimeUnit.SECONDS).await();
    }
  }
}

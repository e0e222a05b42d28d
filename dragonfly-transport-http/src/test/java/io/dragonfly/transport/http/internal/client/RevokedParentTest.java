package io.dragonfly.transport.http.internal.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.control.Outcome;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.PieceRequest;
import io.dragonfly.spi.TransportConfig;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.RecordingSink;
import io.dragonfly.transport.http.RawConnection;
import io.dragonfly.transport.http.TestCa;
import io.dragonfly.transport.http.internal.loop.EventLoops;
import io.dragonfly.transport.http.internal.tls.TransportTls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Connections to a parent whose certificate is revoked while they are open. */
@ExtendWith(LeakCheck.class)
class RevokedParentTest {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
  private static final String RIGHT =
      "HTTP/1.1 206 Partial Content\nContent-Length: 5\nContent-Range: bytes 10-14/100\n\nhello";

  @TempDir private Path dir;
  private final TestCa ca = new TestCa();
  private final HeldCertificate host = ca.issue("", "127.0.0.1");
  private final List<Socket> opened = new ArrayList<>();
  private final EventLoops loops = EventLoops.nio(2);
  private Path list;
  private TransportTls tls;
  private PieceConnections connections;
  private ServerSocket parent;

  @BeforeEach
  void listen() throws Exception {
    parent = new ServerSocket(0, 50, LOOPBACK);
    parent.setSoTimeout((int) SOON.toMillis());
    list = ca.revoke(dir.resolve("crl.pem"));
    TestCa.PemFiles files = ca.write(dir, "127.0.0.1");
    TransportConfig config =
        TransportConfig.builder()
            .tlsCert(files.cert())
            .tlsKey(files.key())
            .tlsCa(files.ca())
            .crl(list)
            .build();
    tls = TransportTls.of(config, System::nanoTime);
    connections = new PieceConnections(loops, tls);
  }

  @AfterEach
  void close() throws IOException {
    connections.close();
    loops.close();
    parent.close();
    for (Socket socket : opened) {
      socket.close(); // TLS on top of it may have failed
    }
  }

  private RawConnection accept() throws IOException {
    Socket socket = parent.accept();
    opened.add(socket);
    return new RawConnection(ca.sockets(host).createSocket(socket, null, true));
  }

  private RecordingSink take() {
    RecordingSink sink = new RecordingSink();
    InetSocketAddress address = new InetSocketAddress(LOOPBACK, parent.getLocalPort());
    connections.take(
        new PieceRequest(
            new Peer(new PeerId("01".repeat(16)), address, ""),
            new TaskId("ab".repeat(32)),
            ByteRange.of(10, 15),
            OptionalLong.of(100),
            new PeerId("02".repeat(16)),
            LOOPBACK,
            "right"),
        sink);
    return sink;
  }

  private void revoke() throws Exception {
    ca.revoke(list, host.certificate());
    tls.look();
  }

  @Test
  void oneThatIsKeptIsUsedAgainOnlyWhileNothingHasChanged() throws Exception {
    RecordingSink first = take();
    RawConnection kept = accept();
    kept.readHead();
    kept.send(RIGHT);
    assertThat(first.awaitBytes(SOON)).hasSize(5);
    RecordingSink second = take();
    kept.readHead();
    kept.send(RIGHT);
    assertThat(second.awaitBytes(SOON)).hasSize(5);

    revoke();
    RecordingSink third = take();
    RawConnection anew = accept();
    assertThatThrownBy(anew::readHead).isNotNull();
    assertThat(third.awaitFailure(SOON).outcome()).isEqualTo(Outcome.UNREACHABLE);
    assertThat(kept.awaitClose()).isLessThanOrEqualTo(0);
  }

  @Test
  void oneThatIsInUseIsNotUsedForTheNextInLine() throws Exception {
    List<RecordingSink> sinks = new ArrayList<>();
    List<RawConnection> children = new ArrayList<>();
    for (int i = 0; i < PieceConnections.MAX_CONNECTIONS; i++) {
      sinks.add(take());
      children.add(accept());
      children.get(i).readHead();
    }
    RecordingSink next = take();
    revoke();
    children.get(0).send(RIGHT);

    RawConnection anew = accept();
    assertThatThrownBy(anew::readHead).isNotNull();
    assertThat(children.get(0).awaitClose()).isLessThanOrEqualTo(0);
    assertThat(next.awaitFailure(SOON).outcome()).isEqualTo(Outcome.UNREACHABLE);
    for (int i = 1; i < PieceConnections.MAX_CONNECTIONS; i++) {
      children.get(i).send(RIGHT);
      assertThat(sinks.get(i).awaitBytes(SOON)).hasSize(5);
    }
  }
}

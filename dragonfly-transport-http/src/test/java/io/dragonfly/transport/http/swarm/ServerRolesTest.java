package io.dragonfly.transport.http.swarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.control.Outcome;
import io.dragonfly.error.DistributionException;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.PieceDownloadException;
import io.dragonfly.spi.PieceRequest;
import io.dragonfly.spi.TransportConfig;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.ControlExamples;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.RecordingSink;
import io.dragonfly.transport.http.HttpTransport;
import io.dragonfly.transport.http.SupernodeSockets;
import io.dragonfly.transport.http.TestCa;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A server whose certificate has the right name and authority must have a peer's role as well. */
@ExtendWith(LeakCheck.class)
class ServerRolesTest {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

  @TempDir private Path dir;
  private final TestCa ca = new TestCa();
  private TransportConfig mutual;
  private TransportConfig authorityAlone;
  private Supernode supernode;

  @BeforeEach
  void writePeer() throws IOException {
    TestCa.PemFiles files = ca.write(dir.resolve("peer"), "127.0.0.1");
    mutual =
        TransportConfig.builder()
            .tlsCert(files.cert())
            .tlsKey(files.key())
            .tlsCa(files.ca())
            .build();
    authorityAlone = TransportConfig.builder().tlsCa(files.ca()).build();
  }

  @AfterEach
  void stop() {
    if (supernode != null) {
      supernode.close();
    }
  }

  /** Starts a supernode, which is a parent, too. */
  private void start(String unit, boolean isMutual) throws IOException {
    TestCa.PemFiles files = ca.write(dir.resolve("pem"), ca.issue(unit, "127.0.0.1", "localhost"));
    SupernodeConfig.Builder config =
        SupernodeConfig.builder()
            .homeDir(dir.resolve("supernode"))
            .port(0)
            .tlsCert(files.cert())
            .tlsKey(files.key());
    supernode = new Supernode(isMutual ? config.tlsCa(files.ca()).build() : config.build());
  }

  private InetSocketAddress address() {
    return supernode.address().orElseThrow();
  }

  private Throwable call(TransportConfig config) {
    try (HttpTransport transport = HttpTransport.builder().config(config).build()) {
      return transport
          .connect(address(), LOOPBACK)
          .announce(ControlExamples.offerRequests().get(0))
          .handle((answer, failure) -> failure)
          .orTimeout(60, TimeUnit.SECONDS)
          .join();
    }
  }

  private PieceDownloadException take() {
    RecordingSink sink = new RecordingSink();
    try (HttpTransport transport = HttpTransport.builder().config(mutual).build()) {
      var unused =
          transport.take(
              new PieceRequest(
                  new Peer(new PeerId("01".repeat(16)), address(), ""),
                  new TaskId("ab".repeat(32)),
                  ByteRange.of(10, 15),
                  OptionalLong.of(100),
                  new PeerId("02".repeat(16)),
                  LOOPBACK,
                  "none"),
              sink);
      return sink.awaitFailure(Duration.ofSeconds(60));
    }
  }

  private void operate(TransportConfig config) throws IOException {
    SupernodeSockets sockets = SupernodeSockets.of(config, address());
    try (SSLSocket socket =
        (SSLSocket) sockets.factory().createSocket(address().getAddress(), address().getPort())) {
      socket.setSoTimeout(60_000);
      socket.startHandshake();
      sockets.connected(socket.getSession());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"dragonfly-scraper", "dragonfly-operator"})
  void oneWithAnotherRoleIsNeitherASupernodeNorAParent(String unit) throws Exception {
    start(unit, true);
    String named = "OU=" + unit;

    assertThat(call(mutual))
        .isInstanceOfSatisfying(
            DistributionException.class,
            failure ->
                assertThat(failure.retry()).isEqualTo(DistributionException.Retry.AFTER_A_CHANGE))
        .hasMessageContaining("is not trusted")
        .hasMessageContaining(named)
        .hasMessageContaining("OU=dragonfly-peer");
    assertThat(take())
        .hasMessageContaining(named)
        .hasMessageContaining("OU=dragonfly-peer")
        .returns(Outcome.UNREACHABLE, PieceDownloadException::outcome);
    assertThatThrownBy(() -> operate(mutual))
        .isInstanceOf(SSLHandshakeException.class)
        .hasMessageContaining(named);
  }

  @Test
  void itIsNoSupernodeForPeersWithoutACertificateEither() throws Exception {
    start("dragonfly-scraper", false);

    assertThat(call(authorityAlone)).hasMessageContaining("OU=dragonfly-scraper");
    assertThatThrownBy(() -> operate(authorityAlone)).isInstanceOf(SSLHandshakeException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "dragonfly-peer", "storage"})
  void oneWithAPeersRoleOrWithoutAnyIsBoth(String unit) throws Exception {
    start(unit, true);

    assertThat(call(mutual)).isNull();
    assertThat(take().outcome()).isEqualTo(Outcome.REFUSED); // it has no capability
    operate(mutual);
  }

  /** Whoever gives it an authority means clients to prove who they are. */
  @Test
  void oneWithAnAuthorityAndNoCertificateSaysWhatIsMissing() {
    try (HttpTransport transport = HttpTransport.builder().config(authorityAlone).build()) {
      assertThatThrownBy(
              () ->
                  new Supernode(
                      SupernodeConfig.builder()
                          .homeDir(dir.resolve("supernode"))
                          .port(0)
                          .transport(transport)
                          .build()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("tlsCa is set without tlsCert");
    }
  }
}

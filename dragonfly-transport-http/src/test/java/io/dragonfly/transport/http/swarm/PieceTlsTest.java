package io.dragonfly.transport.http.swarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.rate.Rate;
import io.dragonfly.spi.TransportConfig;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.transport.http.RawConnection;
import io.dragonfly.transport.http.TestCa;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What somebody on the way hears of pieces in a fleet with a join token, and without one. */
@ExtendWith(LeakCheck.class)
class PieceTlsTest {
  private static final int MIB = 1 << 20;

  @TempDir private Path dir;
  private SwarmSource source;
  private TestFile file;
  private Path token;

  @BeforeEach
  void publish() throws IOException {
    source = new SwarmSource();
    file = source.publish(TestFile.random("file", 8 * MIB));
    token = Files.writeString(dir.resolve("token"), "0123456789abcdef".repeat(4));
  }

  @AfterEach
  void close() {
    source.close();
  }

  private TransportConfig transport(String home, UnaryOperator<TransportConfig.Builder> more) {
    return more.apply(TransportConfig.builder().home(dir.resolve(home))).build();
  }

  private static TransportConfig.Builder joining(TransportConfig.Builder config) {
    return config.joining(true);
  }

  /** It gives slowly, so that peers take from each other, too. */
  private SupernodeConfig.Builder supernode() {
    return SupernodeConfig.builder()
        .homeDir(dir.resolve("supernode"))
        .port(0)
        .uploadRate(Rate.ofBytes(4 * MIB));
  }

  private ClientConfig.Builder client(String home, Supernode supernode) {
    return ClientConfig.builder()
        .home(dir.resolve(home))
        .supernodes(List.of(supernode.address().orElseThrow()));
  }

  private FetchResult fetch(DistributionClient client, String name) throws Exception {
    Path copy = dir.resolve(name);
    FetchResult result = client.fetch(FetchRequest.builder(source.url(file)).output(copy).build());
    assertThat(file.hasSameBytes(copy)).isTrue();
    return result;
  }

  /** Returns parts of the file, each long enough to occur in nothing else. */
  private List<String> samples() {
    String bytes = new String(file.bytes(), StandardCharsets.ISO_8859_1);
    List<String> samples = new ArrayList<>();
    for (int at = 0; at + 32 <= bytes.length(); at += 256 << 10) {
      samples.add(bytes.substring(at, at + 32));
    }
    return samples;
  }

  private long samplesIn(String heard) {
    return samples().stream().filter(heard::contains).count();
  }

  /** Two peers take a file; returns what is heard of the supernode and of the first peer. */
  private List<String> heard(
      UnaryOperator<TransportConfig.Builder> settings,
      UnaryOperator<SupernodeConfig.Builder> supernodes,
      UnaryOperator<ClientConfig.Builder> clients)
      throws Exception {
    RelayedTransport first = new RelayedTransport(transport("supernode", settings), false);
    RelayedTransport second = new RelayedTransport(transport("one", settings), false);
    try (first;
        second;
        Supernode supernode =
            new Supernode(supernodes.apply(supernode()).transport(first).build());
        DistributionClient one =
            new DistributionClient(
                clients.apply(client("one", supernode)).transport(second).build());
        DistributionClient two =
            new DistributionClient(clients.apply(client("two", supernode)).build())) {
      assertThat(fetch(one, "copy1").bytesFromSupernode()).isEqualTo(8 * MIB);
      assertThat(fetch(two, "copy2").bytesFromPeers()).isPositive();
      assertThat(source.bytesServed()).isLessThan(9L * MIB);
      return List.of(first.heard(), second.heard());
    }
  }

  @Test
  void withAJoinTokenNobodyOnTheWayReadsAPiece() throws Exception {
    List<String> heard =
        heard(
            PieceTlsTest::joining,
            config -> config.joinTokenFile(token),
            config -> config.joinTokenFile(token));

    assertThat(heard.get(0).length()).as("bytes of the supernode").isGreaterThan(8 * MIB);
    assertThat(heard.get(1).length()).as("bytes of the peer").isGreaterThan(128 << 10);
    for (String each : heard) {
      assertThat(samplesIn(each)).isZero();
      assertThat(each.contains("Dragonfly-Capability")).isFalse();
    }
  }

  @Test
  void withoutATokenPiecesAreInPlain() throws Exception {
    List<String> heard = heard(config -> config, config -> config, config -> config);

    assertThat(samplesIn(heard.get(0))).isEqualTo(samples().size());
    assertThat(samplesIn(heard.get(1))).isPositive();
  }

  @Test
  void plainPiecesAreGivenWhereTheyAreSwitchedOn() throws Exception {
    List<String> heard =
        heard(
            config -> joining(config).plainPieces(true),
            config -> config.joinTokenFile(token),
            config -> config.joinTokenFile(token));

    assertThat(samplesIn(heard.get(0))).isEqualTo(samples().size());
    assertThat(samplesIn(heard.get(1))).isPositive();
  }

  /** Whoever gives decides, and the supernode tells takers what he has decided. */
  @Test
  void whoTakesNeedNotBeSetAsWhoGives() throws Exception {
    try (Supernode supernode =
            new Supernode(supernode().joinTokenFile(token).plainPieces(true).build());
        DistributionClient one =
            new DistributionClient(client("one", supernode).joinTokenFile(token).build());
        DistributionClient two =
            new DistributionClient(
                client("two", supernode).joinTokenFile(token).plainPieces(true).build());
        DistributionClient three =
            new DistributionClient(client("three", supernode).joinTokenFile(token).build())) {
      assertThat(fetch(one, "copy1").bytesFromSupernode()).isEqualTo(8 * MIB);
      assertThat(fetch(two, "copy2").bytesFromPeers()).isPositive();
      assertThat(fetch(three, "copy3").bytesFromPeers()).isPositive();

      assertThat(plainRequest(one.address().orElseThrow()).text()).contains("TLS alone");
      assertThat(plainRequest(two.address().orElseThrow()).text()).doesNotContain("TLS");
      assertThat(plainRequest(supernode.address().orElseThrow()).text()).doesNotContain("TLS");
    }
  }

  @Test
  void whoAsksInPlainIsRefusedAndToldWhy() throws Exception {
    try (Supernode supernode = new Supernode(supernode().joinTokenFile(token).build());
        DistributionClient peer =
            new DistributionClient(client("one", supernode).joinTokenFile(token).build())) {
      for (InetSocketAddress parent :
          List.of(supernode.address().orElseThrow(), peer.address().orElseThrow())) {
        RawConnection.Message answer = plainRequest(parent);
        assertThat(answer.status()).isEqualTo(403);
        assertThat(answer.text()).contains("TLS alone", "--plain-pieces");
      }
    }
  }

  private static RawConnection.Message plainRequest(InetSocketAddress parent) throws IOException {
    String piece = "GET /api/v2/tasks/%s/data HTTP/1.1\nHost: h\nRange: bytes=0-9\n\n";
    try (RawConnection plain = RawConnection.to(parent)) {
      return plain.send(piece.formatted("ab".repeat(32))).read();
    }
  }

  @Test
  void whoIsInBetweenWithAnotherCertificateGetsNothingAndAnotherParentGives() throws Exception {
    RelayedTransport between = new RelayedTransport(transport("one", PieceTlsTest::joining), true);
    try (between;
        Supernode supernode = new Supernode(supernode().joinTokenFile(token).build());
        DistributionClient one =
            new DistributionClient(
                client("one", supernode).joinTokenFile(token).transport(between).build());
        DistributionClient two =
            new DistributionClient(client("two", supernode).joinTokenFile(token).build())) {
      fetch(one, "copy1");
      FetchResult result = fetch(two, "copy2");

      assertThat(between.connections()).as("attempts to take from the peer").isPositive();
      assertThat(between.heard().isEmpty()).isTrue();
      assertThat(result.bytesFromPeers()).isZero();
      assertThat(result.bytesFromSupernode()).isEqualTo(8 * MIB);
    }
  }

  @Test
  void aCertificateIsKeptInTheHomeAndConnectionsAreKept() throws Exception {
    RelayedTransport relayed = new RelayedTransport(transport("one", PieceTlsTest::joining), false);
    try (relayed;
        Supernode supernode = new Supernode(supernode().joinTokenFile(token).build());
        DistributionClient one =
            new DistributionClient(
                client("one", supernode).joinTokenFile(token).transport(relayed).build());
        DistributionClient two =
            new DistributionClient(client("two", supernode).joinTokenFile(token).build())) {
      fetch(one, "copy1");
      fetch(two, "copy2");

      assertThat(dir.resolve("one/tls-cert.pem")).exists();
      assertThat(relayed.connections()).isBetween(1, 4); // as without TLS: see PieceConnections
    }
  }

  @Test
  void aRenewedCertificateOfTheSupernodeIsToldToTakers() throws Exception {
    TestCa ca = new TestCa();
    TestCa.PemFiles pem = ca.write(dir.resolve("pem"), "localhost");
    SupernodeConfig config =
        SupernodeConfig.builder()
            .homeDir(dir.resolve("supernode"))
            .port(0)
            .joinTokenFile(token)
            .tlsCert(pem.cert())
            .tlsKey(pem.key())
            .build();
    try (Supernode supernode = new Supernode(config);
        DistributionClient one =
            new DistributionClient(client("one", supernode).joinTokenFile(token).build())) {
      int port = supernode.address().orElseThrow().getPort();
      fetch(one, "copy1");
      Certificate before = shown(port);
      ca.write(dir.resolve("pem"), "localhost");
      await().until(() -> !shown(port).equals(before));

      file = source.publish(TestFile.random("next", 2 * MIB));
      assertThat(fetch(one, "copy2").bytesFromSupernode()).isEqualTo(2 * MIB);
    }
  }

  private static Certificate shown(int port) throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {new RelayedTransport.Credulous()}, null);
    try (SSLSocket socket =
        (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", port)) {
      socket.setSoTimeout(30_000);
      socket.startHandshake();
      return socket.getSession().getPeerCertificates()[0];
    }
  }

  /** With mutual TLS nothing is in plain, and what says otherwise would be a mistake. */
  @Test
  void whereEverythingIsOverTlsNothingCanBeSwitchedOff() {
    Path pem = dir.resolve("pem");
    assertThatThrownBy(
            () ->
                ClientConfig.builder()
                    .joinTokenFile(token)
                    .tlsCert(pem)
                    .tlsKey(pem)
                    .tlsCa(pem)
                    .plainPieces(true)
                    .build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("plainPieces");
  }
}

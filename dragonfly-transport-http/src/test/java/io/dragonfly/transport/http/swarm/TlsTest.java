package io.dragonfly.transport.http.swarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.error.DistributionException;
import io.dragonfly.fetch.FetchMode;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.spi.TransportConfig;
import io.dragonfly.testkit.ControlExamples;
import io.dragonfly.testkit.FreePorts;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.transport.http.HttpTransport;
import io.dragonfly.transport.http.RawConnection;
import io.dragonfly.transport.http.TestCa;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Swarms whose calls, or all of whose connections, go over TLS. */
@ExtendWith(LeakCheck.class)
class TlsTest {
  private static final int MIB = 1 << 20;

  @TempDir private Path dir;
  private SwarmSource source;
  private TestFile file;

  @BeforeEach
  void publish() throws IOException {
    source = new SwarmSource();
    file = source.publish(TestFile.random("file", 4 * MIB));
  }

  @AfterEach
  void close() {
    source.close();
  }

  private SupernodeConfig.Builder supernode(String home, int port) {
    return SupernodeConfig.builder().homeDir(dir.resolve(home)).port(port);
  }

  private static InetSocketAddress byName(Supernode supernode) {
    return InetSocketAddress.createUnresolved("localhost", port(supernode));
  }

  private static int port(Supernode supernode) {
    return supernode.address().orElseThrow().getPort();
  }

  private ClientConfig.Builder client(String home, InetSocketAddress supernode) {
    return ClientConfig.builder().home(dir.resolve(home)).supernodes(List.of(supernode));
  }

  private FetchResult fetch(DistributionClient client, String name) throws Exception {
    Path copy = dir.resolve(name);
    FetchResult result =
        client.fetch(
            FetchRequest.builder(source.url(file)).pattern(FetchMode.P2P).output(copy).build());
    assertThat(file.hasSameBytes(copy)).isTrue();
    return result;
  }

  @Test
  void aSupernodeIsKnownByTheCertificateThatItShowedFirst() throws Exception {
    int port = FreePorts.next();
    try (Supernode first = new Supernode(supernode("supernode", port).build());
        DistributionClient client = new DistributionClient(client("peer", byName(first)).build())) {
      fetch(client, "copy");
    }
    Path known = dir.resolve("peer/known_supernodes");
    assertThat(known).content().startsWith("localhost:" + port + " sha256:");
    assertThat(dir.resolve("supernode/tls-key.pem")).exists();

    try (Supernode same = new Supernode(supernode("supernode", port).build());
        DistributionClient client = new DistributionClient(client("peer", byName(same)).build())) {
      fetch(client, "copy-again"); // it has kept its certificate
    }

    try (Supernode impostor = new Supernode(supernode("impostor", port).build());
        DistributionClient client =
            new DistributionClient(client("peer", byName(impostor)).build())) {
      assertThatThrownBy(() -> fetch(client, "stolen"))
          .isInstanceOf(DistributionException.class)
          .hasMessageContaining("another certificate than before")
          .hasMessageContaining("remove line 1 of " + known);

      Files.writeString(known, "");
      fetch(client, "known-anew");
    }
  }

  @Test
  void aFingerprintThatIsGivenIsTheOnlyOneThatIsTaken() throws Exception {
    try (Supernode supernode = new Supernode(supernode("supernode", 0).build())) {
      String fingerprint = fingerprint(port(supernode));
      InetSocketAddress address = supernode.address().orElseThrow();
      ClientConfig right = client("a", address).supernodeFingerprint(fingerprint).build();
      try (DistributionClient client = new DistributionClient(right)) {
        fetch(client, "copy");
      }
      TransportConfig wrong =
          TransportConfig.builder().supernodeFingerprint("sha256:" + "0".repeat(64)).build();
      assertThat(failure(wrong, supernode)).hasMessageContaining("fingerprint " + fingerprint);
    }
  }

  @Test
  void whatComesInTheClearIsRefusedFromWhereverItComes() throws Exception {
    Optional<InetAddress> own =
        NetworkInterface.networkInterfaces()
            .flatMap(NetworkInterface::inetAddresses)
            .filter(each -> each instanceof Inet4Address && !each.isLoopbackAddress())
            .findFirst();
    Assumptions.assumeTrue(own.isPresent(), "this machine has no other address than loopback");
    SupernodeConfig open = supernode("supernode", 0).advertiseIp(own.orElseThrow()).build();
    try (Supernode supernode = new Supernode(open)) {
      InetSocketAddress address = supernode.address().orElseThrow();
      String call = "POST /api/v2/announce HTTP/1.1\nHost: h\nContent-Length: 2\n\n{}";
      try (RawConnection other = RawConnection.to(address)) {
        RawConnection.Message answer = other.send(call).read();
        assertThat(answer.status()).isEqualTo(403);
        assertThat(answer.text()).contains("TLS");
      }
      String operator = "GET /api/v2/admin/status HTTP/1.1\nHost: h\nAuthorization: Bearer x\n\n";
      try (RawConnection other = RawConnection.to(address)) {
        assertThat(other.send(operator).read().status()).isEqualTo(403);
      }
      InetSocketAddress near = new InetSocketAddress("127.0.0.1", address.getPort());
      try (RawConnection local = RawConnection.to(near)) {
        assertThat(local.send(call).read().status()).isEqualTo(403);
      }
      try (RawConnection local = RawConnection.overTls(near)) {
        assertThat(local.send(call).read().status()).isEqualTo(400); // it is looked at
      }
      ClientConfig config = client("peer", address).build();
      try (DistributionClient client = new DistributionClient(config)) {
        assertThat(client.address().orElseThrow().getAddress()).isEqualTo(own.orElseThrow());
        assertThatThrownBy(() -> fetch(client, "copy")) // the source is on loopback
            .hasMessageContaining("is not read for this client");
      }
      assertThat(dir.resolve("peer/known_supernodes")).content().contains(" sha256:");
    }
  }

  private SupernodeConfig mutualSupernode(TestCa.PemFiles pem) {
    return supernode("supernode", 0).tlsCert(pem.cert()).tlsKey(pem.key()).tlsCa(pem.ca()).build();
  }

  private ClientConfig mutual(String home, Supernode supernode, TestCa.PemFiles pem) {
    return client(home, supernode.address().orElseThrow())
        .tlsCert(pem.cert())
        .tlsKey(pem.key())
        .tlsCa(pem.ca())
        .build();
  }

  private static TransportConfig transport(TestCa.PemFiles pem) {
    return TransportConfig.builder().tlsCert(pem.cert()).tlsKey(pem.key()).tlsCa(pem.ca()).build();
  }

  /** Returns why a call fails. */
  private static Throwable failure(TransportConfig config, Supernode supernode) {
    try (HttpTransport transport = HttpTransport.builder().config(config).build()) {
      InetSocketAddress address = supernode.address().orElseThrow();
      return transport
          .connect(address, InetAddress.getLoopbackAddress())
          .announce(ControlExamples.offerRequests().get(0))
          .handle((answer, failure) -> failure)
          .join();
    }
  }

  @Test
  void everybodyProvesWhoItIsIfAllHaveCertificates() throws Exception {
    TestCa ca = new TestCa();
    TestCa.PemFiles pem = ca.write(dir.resolve("pem"), "127.0.0.1", "localhost");
    try (Supernode supernode = new Supernode(mutualSupernode(pem));
        DistributionClient one = new DistributionClient(mutual("one", supernode, pem));
        DistributionClient two = new DistributionClient(mutual("two", supernode, pem))) {
      fetch(one, "copy1");
      FetchResult second = fetch(two, "copy2");
      assertThat(second.bytesFromSource()).isZero();
      assertThat(second.bytesFromPeers() + second.bytesFromSupernode()).isEqualTo(4 * MIB);

      for (InetSocketAddress port :
          List.of(supernode.address().orElseThrow(), one.address().orElseThrow())) {
        try (RawConnection plain = RawConnection.to(port)) {
          String piece =
              "GET /api/v2/tasks/%s/data HTTP/1.1\nHost: h\n\n".formatted("ab".repeat(32));
          RawConnection.Message answer = plain.send(piece).read();
          assertThat(answer.status()).isEqualTo(403);
          assertThat(answer.text()).contains("TLS alone");
        }
        assertThatThrownBy(() -> shown(port.getPort(), true))
            .as("a client without a certificate")
            .isInstanceOf(IOException.class);
      }
    }
  }

  @Test
  void nobodyWithAnotherAuthorityGetsIn() throws Exception {
    TestCa.PemFiles pem = new TestCa().write(dir.resolve("pem"), "127.0.0.1", "localhost");
    TestCa.PemFiles foreign = new TestCa().write(dir.resolve("foreign"), "127.0.0.1", "localhost");
    TestCa.PemFiles mixed = new TestCa.PemFiles(foreign.cert(), foreign.key(), pem.ca());
    try (Supernode supernode = new Supernode(mutualSupernode(pem))) {
      // The supernode hangs up after the caller has sent its call: that may be all it sees.
      assertThat(failure(transport(mixed), supernode)).hasMessageContaining("cannot be reached");
      assertThat(failure(transport(foreign), supernode)).hasMessageContaining("TLS fails");
    }
  }

  @Test
  void aCertificateForAnotherHostIsNotTaken() throws Exception {
    TestCa ca = new TestCa();
    TestCa.PemFiles right = ca.write(dir.resolve("right"), "127.0.0.1", "localhost");
    TestCa.PemFiles wrong = ca.write(dir.resolve("wrong"), "192.0.2.77", "other.example");
    try (Supernode supernode = new Supernode(mutualSupernode(wrong))) {
      assertThat(failure(transport(right), supernode))
          .hasMessageContaining("localhost not verified");
    }
  }

  @Test
  void aParentWithACertificateForAnotherHostGivesNothing() throws Exception {
    TestCa ca = new TestCa();
    TestCa.PemFiles right = ca.write(dir.resolve("right"), "127.0.0.1", "localhost");
    TestCa.PemFiles wrong = ca.write(dir.resolve("wrong"), "192.0.2.77");
    try (Supernode supernode = new Supernode(mutualSupernode(right));
        DistributionClient liar = new DistributionClient(mutual("liar", supernode, wrong));
        DistributionClient client = new DistributionClient(mutual("peer", supernode, right))) {
      fetch(liar, "copy1");
      FetchResult result = fetch(client, "copy2");
      assertThat(result.bytesFromPeers()).isZero();
      assertThat(result.bytesFromSupernode()).isEqualTo(4 * MIB);
    }
  }

  @Test
  void aRenewedCertificateIsShownWithoutARestart() throws Exception {
    TestCa ca = new TestCa();
    TestCa.PemFiles pem = ca.write(dir.resolve("pem"), "127.0.0.1", "localhost");
    SupernodeConfig config =
        supernode("supernode", 0).tlsCert(pem.cert()).tlsKey(pem.key()).build();
    try (Supernode supernode = new Supernode(config)) {
      String before = fingerprint(port(supernode));
      ca.write(dir.resolve("pem"), "127.0.0.1", "localhost");
      await().until(() -> !fingerprint(port(supernode)).equals(before));
    }
  }

  private static String fingerprint(int port) throws Exception {
    MessageDigest sha = MessageDigest.getInstance("SHA-256");
    return "sha256:" + HexFormat.of().formatHex(sha.digest(shown(port, false).getEncoded()));
  }

  /** Returns the certificate that a port shows to somebody who believes everything. */
  private static X509Certificate shown(int port, boolean read) throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {new Credulous()}, new SecureRandom());
    try (SSLSocket socket =
        (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", port)) {
      socket.setSoTimeout(30_000);
      socket.startHandshake();
      if (read && socket.getInputStream().read() < 0) {
        throw new SSLException("the other side has hung up");
      }
      return (X509Certificate) socket.getSession().getPeerCertificates()[0];
    }
  }

  private static final class Credulous implements X509TrustManager {
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

package io.dragonfly.transport.http.swarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.error.DistributionException.Retry;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.spi.TransportConfig;
import io.dragonfly.testkit.ControlExamples;
import io.dragonfly.testkit.FreePorts;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.transport.http.HttpTransport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509ExtendedKeyManager;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** How a supernode becomes known by its certificate, and what becomes of one that has another. */
@ExtendWith(LeakCheck.class)
class PinnedSupernodeTest {
  @TempDir Path dir;

  @BeforeEach
  void makeHomes() throws IOException {
    Files.createDirectory(dir.resolve("peer"));
    Files.createDirectory(dir.resolve("peer2"));
  }

  private Path known() {
    return dir.resolve("peer/known_supernodes");
  }

  /** Calls a supernode of which nobody knows that it is on this machine. */
  private Throwable failure(int port) {
    TransportConfig config = TransportConfig.builder().home(dir.resolve("peer")).build();
    try (HttpTransport transport = HttpTransport.builder().config(config).build()) {
      return transport
          .connect(
              InetSocketAddress.createUnresolved("localhost", port),
              InetAddress.getLoopbackAddress())
          .announce(ControlExamples.offerRequests().get(0))
          .handle((answer, failure) -> failure)
          .orTimeout(30, TimeUnit.SECONDS)
          .join();
    }
  }

  @Test
  void whoShowsACertificateThatIsNotItsOwnIsNotRemembered() throws Exception {
    HeldCertificate shown = new HeldCertificate.Builder().ecdsa256().commonName("one").build();
    HeldCertificate other = new HeldCertificate.Builder().ecdsa256().commonName("two").build();
    try (SSLServerSocket server = serverOf(shown.certificate(), other.keyPair().getPrivate())) {
      CompletableFuture<Void> served = CompletableFuture.runAsync(() -> shakeHands(server));

      assertThat(failure(server.getLocalPort()))
          .isInstanceOf(SupernodeUnreachableException.class)
          .hasMessageContaining("TLS fails");

      served.get(30, TimeUnit.SECONDS);
      assertThat(known()).doesNotExist();
    }
    // The same with its own key has no answer to the call, but it is met.
    try (SSLServerSocket server = serverOf(shown.certificate(), shown.keyPair().getPrivate())) {
      CompletableFuture<Void> served = CompletableFuture.runAsync(() -> shakeHands(server));
      assertThat(failure(server.getLocalPort())).isNotNull();
      served.get(30, TimeUnit.SECONDS);
      assertThat(known()).content().startsWith("localhost:" + server.getLocalPort() + " sha256:");
    }
  }

  private static void shakeHands(SSLServerSocket server) {
    try (SSLSocket socket = (SSLSocket) server.accept()) {
      socket.setSoTimeout(30_000);
      socket.startHandshake();
      var unused = socket.getInputStream().read();
    } catch (IOException e) {
      // The other side has hung up, as it should.
    }
  }

  private static SSLServerSocket serverOf(X509Certificate shown, PrivateKey key) throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(new KeyManager[] {new Keys(shown, key)}, null, new SecureRandom());
    return (SSLServerSocket)
        context
            .getServerSocketFactory()
            .createServerSocket(0, 1, InetAddress.getByName("localhost"));
  }

  /** A certificate and a key that need not go together. */
  private static final class Keys extends X509ExtendedKeyManager {
    private final X509Certificate certificate;
    private final PrivateKey key;

    Keys(X509Certificate certificate, PrivateKey key) {
      this.certificate = certificate;
      this.key = key;
    }

    @Override
    public String chooseEngineServerAlias(String type, Principal[] issuers, SSLEngine engine) {
      return type;
    }

    @Override
    public String chooseServerAlias(String type, Principal[] issuers, Socket socket) {
      return type;
    }

    @Override
    public String[] getServerAliases(String type, Principal[] issuers) {
      return new String[] {type};
    }

    @Override
    public String[] getClientAliases(String type, Principal[] issuers) {
      return new String[0];
    }

    @Override
    public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) {
      return "";
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
      return new X509Certificate[] {certificate};
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
      return key;
    }
  }

  private Supernode supernode(String home, int port) {
    return new Supernode(SupernodeConfig.builder().homeDir(dir.resolve(home)).port(port).build());
  }

  private static int port(Supernode supernode) {
    return supernode.address().orElseThrow().getPort();
  }

  private DistributionClient client(String home, int... ports) {
    List<InetSocketAddress> supernodes = new ArrayList<>();
    for (int port : ports) {
      supernodes.add(InetSocketAddress.createUnresolved("localhost", port));
    }
    return new DistributionClient(
        ClientConfig.builder().home(dir.resolve(home)).supernodes(supernodes).build());
  }

  @Test
  void aChangedCertificateFailsAtOnceSinceTimeDoesNotMendIt() throws Exception {
    try (SwarmSource source = new SwarmSource()) {
      TestFile file = source.publish(TestFile.random("file", 1 << 20));
      FetchRequest request =
          FetchRequest.builder(source.url(file)).output(dir.resolve("copy")).build();
      int port;
      try (Supernode first = supernode("first", FreePorts.next())) {
        port = port(first);
        assertThat(failure(port)).isNull();
      }
      try (Supernode impostor = supernode("impostor", port);
          DistributionClient client = client("peer", port(impostor))) {
        assertThatThrownBy(() -> client.fetch(request))
            .isInstanceOfSatisfying(
                SupernodeUnreachableException.class,
                refused -> assertThat(refused.retry()).isEqualTo(Retry.AFTER_A_CHANGE))
            .hasMessageContaining("is not trusted: it shows another certificate than before")
            .hasMessageContaining("remove line 1 of " + known());
        // One that is trusted serves all the same.
        Files.copy(known(), dir.resolve("peer2/known_supernodes"));
        try (Supernode honest = supernode("honest", 0);
            DistributionClient both = client("peer2", port, port(honest))) {
          both.fetch(request);
          assertThat(file.hasSameBytes(dir.resolve("copy"))).isTrue();
        }
      }
    }
  }
}

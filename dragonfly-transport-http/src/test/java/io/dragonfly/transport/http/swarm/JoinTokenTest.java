package io.dragonfly.transport.http.swarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.util.concurrent.Uninterruptibles;
import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.error.DistributionException.Retry;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.transport.http.TestCa;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A fleet without certificates of its own, whose machines know each other by a join token. */
@ExtendWith(LeakCheck.class)
class JoinTokenTest {
  private static final int MIB = 1 << 20;
  private static final String TOKEN = "0123456789abcdef".repeat(4);

  @TempDir private Path dir;
  private SwarmSource source;
  private TestFile file;
  private Path token;

  @BeforeEach
  void publish() throws IOException {
    source = new SwarmSource();
    file = source.publish(TestFile.random("file", 2 * MIB));
    token = Files.writeString(dir.resolve("token"), TOKEN + "\n");
  }

  @AfterEach
  void close() {
    source.close();
  }

  private Supernode supernode(UnaryOperator<SupernodeConfig.Builder> more) {
    return new Supernode(
        more.apply(SupernodeConfig.builder().homeDir(dir.resolve("supernode")).port(0)).build());
  }

  private static int port(Supernode supernode) {
    return supernode.address().orElseThrow().getPort();
  }

  /** A name is not looked up before it is called, so nobody knows that it is this machine. */
  private DistributionClient client(
      String home, int port, UnaryOperator<ClientConfig.Builder> more) {
    ClientConfig.Builder config =
        ClientConfig.builder()
            .home(dir.resolve(home))
            .supernodes(List.of(InetSocketAddress.createUnresolved("localhost", port)));
    return new DistributionClient(more.apply(config).build());
  }

  private FetchResult fetch(DistributionClient client, TestFile wanted, String name)
      throws Exception {
    Path copy = dir.resolve(name);
    FetchResult result =
        client.fetch(FetchRequest.builder(source.url(wanted)).output(copy).build());
    assertThat(wanted.hasSameBytes(copy)).isTrue();
    return result;
  }

  @Test
  void whoHasTheTokenTakesPartAndNobodyElse() throws Exception {
    try (Supernode supernode = supernode(config -> config.joinTokenFile(token));
        DistributionClient one =
            client("one", port(supernode), config -> config.joinTokenFile(token));
        DistributionClient two =
            client("two", port(supernode), config -> config.joinTokenFile(token));
        DistributionClient stranger = client("stranger", port(supernode), config -> config)) {
      fetch(one, file, "copy1");
      FetchResult second = fetch(two, file, "copy2");
      assertThat(second.bytesFromSource()).isZero();
      assertThat(source.bytesServed()).isLessThan(3L * MIB);
      // The proof says who the supernode is: nobody is remembered by what he showed first.
      assertThat(dir.resolve("one/known_supernodes")).doesNotExist();

      assertThatThrownBy(() -> fetch(stranger, file, "stolen"))
          .isInstanceOf(CallRefusedException.class)
          .hasMessageContaining("--join-token-file");
    }
  }

  @Test
  void aSupernodeWithoutTheTokenLearnsNothing() throws Exception {
    Path other = Files.writeString(dir.resolve("other"), "f".repeat(64));
    for (UnaryOperator<SupernodeConfig.Builder> without :
        List.<UnaryOperator<SupernodeConfig.Builder>>of(
            config -> config, config -> config.joinTokenFile(other))) {
      try (Supernode supernode = supernode(without);
          DistributionClient client =
              client("peer", port(supernode), config -> config.joinTokenFile(token))) {
        assertThatThrownBy(() -> fetch(client, file, "copy"))
            .isInstanceOfSatisfying(
                SupernodeUnreachableException.class,
                refused -> assertThat(refused.retry()).isEqualTo(Retry.AFTER_A_CHANGE))
            .hasMessageContaining("--join-token-file");
        assertThat(supernode.admin().peers().join()).isEmpty();
      }
    }
  }

  @Test
  void whoPassesOnEachCallLearnsNothing() throws Exception {
    try (Supernode supernode = supernode(config -> config.joinTokenFile(token));
        Relay relay = new Relay(port(supernode));
        DistributionClient client =
            client("peer", relay.port(), config -> config.joinTokenFile(token))) {
      assertThatThrownBy(() -> fetch(client, file, "copy"))
          .isInstanceOf(SupernodeUnreachableException.class)
          .hasMessageContaining("put himself in between");

      assertThat(relay.heard())
          .contains("POST /api/v2/join")
          .doesNotContainIgnoringCase("Dragonfly-Secret")
          .doesNotContain(TOKEN, "/file");
    }
  }

  @Test
  void aRenewedCertificateIsProvedAnew() throws Exception {
    TestCa ca = new TestCa();
    TestCa.PemFiles pem = ca.write(dir.resolve("pem"), "localhost");
    try (Supernode supernode =
            supernode(config -> config.joinTokenFile(token).tlsCert(pem.cert()).tlsKey(pem.key()));
        DistributionClient client =
            client("peer", port(supernode), config -> config.joinTokenFile(token))) {
      fetch(client, file, "copy");
      for (int i = 0; i < 3; i++) {
        ca.write(dir.resolve("pem"), "localhost");
        TestFile next = source.publish(TestFile.random("next" + i, MIB));
        fetch(client, next, "copy-of-next" + i);
      }
    }
  }

  /** Stands between a client and a supernode, with a certificate of its own, and listens. */
  private static final class Relay implements AutoCloseable {
    private final SSLServerSocket server;
    private final SSLContext towards;
    private final int supernode;
    private final ByteArrayOutputStream heard = new ByteArrayOutputStream();
    private final List<Socket> sockets = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();

    Relay(int supernode) throws Exception {
      this.supernode = supernode;
      HeldCertificate own = new HeldCertificate.Builder().ecdsa256().commonName("relay").build();
      SSLContext from =
          new HandshakeCertificates.Builder().heldCertificate(own).build().sslContext();
      server =
          (SSLServerSocket)
              from.getServerSocketFactory()
                  .createServerSocket(0, 10, InetAddress.getByName("localhost"));
      towards = SSLContext.getInstance("TLS");
      towards.init(null, new TrustManager[] {new Credulous()}, new SecureRandom());
      run(this::accept);
    }

    int port() {
      return server.getLocalPort();
    }

    String heard() {
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
          Socket there = towards.getSocketFactory().createSocket("127.0.0.1", supernode);
          synchronized (this) {
            sockets.add(client);
            sockets.add(there);
          }
          run(() -> copy(client, there, true));
          run(() -> copy(there, client, false));
        }
      } catch (IOException e) {
        // It is closed.
      }
    }

    private void copy(Socket from, Socket to, boolean listens) {
      byte[] buffer = new byte[8192];
      try {
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream();
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
          if (listens) {
            synchronized (heard) {
              heard.write(buffer, 0, count);
            }
          }
          out.write(buffer, 0, count);
          out.flush();
        }
      } catch (IOException e) {
        // One of the two has hung up.
      }
    }

    @Override
    public void close() throws IOException {
      server.close();
      List<Socket> open;
      List<Thread> running;
      synchronized (this) {
        open = List.copyOf(sockets);
        running = List.copyOf(threads);
      }
      for (Socket socket : open) {
        socket.close();
      }
      for (Thread thread : running) {
        Uninterruptibles.joinUninterruptibly(thread, Duration.ofSeconds(30));
      }
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

package io.dragonfly.transport.http.swarm;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.control.AnnounceRequest;
import io.dragonfly.control.AnnounceResponse;
import io.dragonfly.control.Caller;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.control.LeaveResponse;
import io.dragonfly.control.PollRequest;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.control.Terms;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.peer.PeerId;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.spi.ServeRequest;
import io.dragonfly.spi.Transport;
import io.dragonfly.spi.TransportConfig;
import io.dragonfly.testkit.FakePieces;
import io.dragonfly.testkit.FreePorts;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.transport.http.HttpTransport;
import io.dragonfly.transport.http.TestCa;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Which secrets go to which supernodes over TLS: they depend on the certificates shown. */
@ExtendWith(LeakCheck.class)
class SecretPerSupernodeTest {
  @TempDir Path dir;

  /** A supernode that notes what it is sent. */
  private static final class Recorder implements SupernodeApi, AutoCloseable {
    private final Set<PeerSecret> sent = ConcurrentHashMap.newKeySet();
    private final HttpTransport transport;
    private final FakePieces pieces = new FakePieces();
    private final Transport.Server server;

    Recorder(TransportConfig config, int port) throws IOException {
      transport = HttpTransport.builder().config(config).build();
      InetSocketAddress bind = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
      server = transport.serve(new ServeRequest(bind, pieces, origin -> this));
    }

    InetSocketAddress address() {
      return server.address();
    }

    private void note(Caller caller) {
      sent.add(PeerSecret.parse(caller.secret().reveal()));
    }

    @Override
    public CompletableFuture<RegisterResponse> register(RegisterRequest request) {
      note(request.caller());
      return CompletableFuture.failedFuture(new CallRefusedException("not here"));
    }

    @Override
    public CompletableFuture<AnnounceResponse> announce(AnnounceRequest request) {
      note(request.caller());
      Terms terms = new Terms(new PeerId("01".repeat(16)), Instant.now(), Duration.ofMinutes(1));
      return CompletableFuture.completedFuture(new AnnounceResponse(List.of(), terms));
    }

    @Override
    public CompletableFuture<PollResponse> poll(PollRequest request) {
      note(request.caller());
      return CompletableFuture.failedFuture(new CallRefusedException("not here"));
    }

    @Override
    public CompletableFuture<LeaveResponse> leave(LeaveRequest request) {
      note(request.caller());
      return CompletableFuture.completedFuture(new LeaveResponse());
    }

    @Override
    public void close() throws IOException {
      server.close();
      transport.close();
      pieces.close();
    }
  }

  private Recorder withOwnCertificate(String home, int port) throws IOException {
    Path directory = Files.createDirectories(dir.resolve(home));
    return new Recorder(TransportConfig.builder().home(directory).build(), port);
  }

  private Recorder signedBy(TestCa ca, String home) throws IOException {
    TestCa.PemFiles pem = ca.write(dir.resolve(home), "127.0.0.1", "localhost");
    return new Recorder(TransportConfig.builder().tlsCert(pem.cert()).tlsKey(pem.key()).build(), 0);
  }

  private ClientConfig.Builder client(Recorder... supernodes) {
    return ClientConfig.builder()
        .home(dir.resolve("peer"))
        .limitDir(dir.resolve("limit"))
        .supernodes(List.of(supernodes).stream().map(Recorder::address).toList());
  }

  /** Calls each supernode once. */
  private static void callAll(DistributionClient client) throws Exception {
    assertThat(client.silentSupernodes().get(60, TimeUnit.SECONDS)).isEmpty();
  }

  private PeerSecret kept() throws IOException {
    return PeerSecret.parse(Files.readString(dir.resolve("peer/secret")).trim());
  }

  @Test
  void supernodesWithCertificatesOfTheirOwnGetDifferentSecrets() throws Exception {
    try (Recorder one = withOwnCertificate("one", 0);
        Recorder other = withOwnCertificate("other", 0);
        DistributionClient client = new DistributionClient(client(one, other).build())) {
      callAll(client);
      callAll(client);

      assertThat(one.sent).hasSize(1);
      assertThat(other.sent).hasSize(1);
      assertThat(one.sent).doesNotContainAnyElementsOf(other.sent).doesNotContain(kept());
      assertThat(other.sent).doesNotContain(kept());
    }
  }

  @Test
  void theSameSupernodeGetsTheSameSecretAfterARestartOfThePeerUntilItIsRenewed() throws Exception {
    try (Recorder one = withOwnCertificate("one", 0)) {
      for (int i = 0; i < 2; i++) {
        try (DistributionClient client = new DistributionClient(client(one).build())) {
          callAll(client);
        }
      }
      assertThat(one.sent).hasSize(1);

      try (DistributionClient client = new DistributionClient(client(one).build())) {
        callAll(client);
        client.renewSecret();
        callAll(client);
      }
      assertThat(one.sent).hasSize(2);
    }
  }

  @Test
  void theSupernodesOfOneAuthoritySeeOnePeerAndThoseOfAnotherAnotherOne() throws Exception {
    TestCa ca = new TestCa();
    TestCa elsewhere = new TestCa();
    try (Recorder one = signedBy(ca, "one");
        Recorder other = signedBy(ca, "other");
        Recorder third = signedBy(elsewhere, "third")) {
      Path both =
          Files.writeString(
              dir.resolve("both.pem"),
              Files.readString(dir.resolve("one/ca.pem"))
                  + Files.readString(dir.resolve("third/ca.pem")));
      try (DistributionClient client =
          new DistributionClient(client(one, other, third).tlsCa(both).build())) {
        callAll(client);
      }
      assertThat(one.sent).hasSize(1).isEqualTo(other.sent);
      assertThat(third.sent).hasSize(1).doesNotContainAnyElementsOf(one.sent);

      // The other authority does not matter.
      try (DistributionClient client =
          new DistributionClient(client(one, other).tlsCa(dir.resolve("one/ca.pem")).build())) {
        callAll(client);
      }
      assertThat(one.sent).hasSize(1).isEqualTo(other.sent);
    }
  }

  @Test
  void aSupernodeWithANewCertificateSeesANewPeer() throws Exception {
    int port = FreePorts.next();
    Recorder before = withOwnCertificate("before", port);
    try (DistributionClient client = new DistributionClient(client(before).build())) {
      callAll(client);
      before.close();
      try (Recorder after = withOwnCertificate("after", port)) {
        assertThat(client.silentSupernodes().get(60, TimeUnit.SECONDS)).isNotEmpty();
        assertThat(after.sent).isEmpty();

        Files.delete(dir.resolve("peer/known_supernodes")); // as the message says
        await(client);

        assertThat(after.sent).hasSize(1).doesNotContainAnyElementsOf(before.sent);
      }
    }
  }

  private static void await(DistributionClient client) {
    org.awaitility.Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> client.silentSupernodes().get(60, TimeUnit.SECONDS).isEmpty());
  }

  @Test
  void aSecretForAnotherSupernodeIsNotSent() throws Exception {
    try (Recorder one = withOwnCertificate("one", 0);
        HttpTransport transport = HttpTransport.builder().build()) {
      SupernodeApi api = transport.connect(one.address(), InetAddress.getLoopbackAddress());
      String identity = api.identity().get(60, TimeUnit.SECONDS);
      assertThat(identity).startsWith("sha256:");
      PeerSecret secret = PeerSecret.random(new java.security.SecureRandom());
      InetSocketAddress here = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);

      CompletableFuture<AnnounceResponse> wrong =
          api.announce(
              new AnnounceRequest(
                  new Caller(secret.forSupernode("sha256:x"), here, ""), List.of()));
      assertThat(wrong)
          .failsWithin(Duration.ofMinutes(1))
          .withThrowableThat()
          .havingCause()
          .isInstanceOfSatisfying(
              CallRefusedException.class, refused -> assertThat(refused.joinsAgain()).isTrue());
      assertThat(one.sent).isEmpty();

      api.announce(
              new AnnounceRequest(new Caller(secret.forSupernode(identity), here, ""), List.of()))
          .get(60, TimeUnit.SECONDS);
      assertThat(one.sent).containsExactly(secret.forSupernode(identity));
    }
  }
}

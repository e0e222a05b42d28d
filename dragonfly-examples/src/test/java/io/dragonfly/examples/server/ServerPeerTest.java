package io.dragonfly.examples.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.examples.dfget.PeerSettings;
import io.dragonfly.rate.Rate;
import io.dragonfly.testkit.LeakCheck;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakCheck.class)
class ServerPeerTest {
  private static final long PID = ProcessHandle.current().pid();

  @TempDir private Path dir;
  private DistributionClient client;
  private ServerPeer peer;

  @BeforeEach
  void start() {
    ClientConfig config =
        ClientConfig.builder()
            .home(dir.resolve("home"))
            .limitDir(dir)
            .totalRate(Rate.ofBytes(10 << 20))
            .build();
    client = new DistributionClient(config);
    peer =
        new ServerPeer(
            client,
            new PeerSettings(
                config, Optional.of(Duration.ofMinutes(5)), Optional.of(Duration.ofMinutes(3))));
  }

  @AfterEach
  void close() {
    client.close();
  }

  @Test
  void whatDiffersIsQuotedAsPeopleWriteIt() {
    assertRefused(
        client -> client.totalRate(Rate.ofBytes(20 << 20)), "--totallimit is '20M'", "has '10M'.");
    assertRefused(client -> client.reserveBytes(1 << 30), "--reserve-bytes is '1G'", "has none");
    assertRefused(client -> client.quotaBytes(1 << 30), "--quota-bytes is '1G'", "has none");
    assertRefused(
        client -> client.taskTtl(Duration.ofHours(1)), "--task-ttl is '1h'", "has '168h'.");
    assertRefused(
        client -> client.queueTimeout(Duration.ofMinutes(2)),
        "--queue-timeout is '2m'",
        "has '1h'.");
    assertRefused(
        client -> client.acceptsPreheats(true), "--allow-preheat is 'true'", "has 'false'.");
    assertRefused(client -> client.tlsCa(Path.of("/ca.pem")), "--tls-ca is '/ca.pem'", "has none.");
    assertRefused(
        client -> client.joinTokenFile(Path.of("/token")),
        "--join-token-file is '/token'",
        "has none.");
    assertRefused(client -> client.plainPieces(true), "--plain-pieces is 'true'", "has 'false'.");
    assertRefused(
        client -> client.supernodeFingerprint("sha256:" + "a".repeat(64)),
        "--supernode-fingerprint is 'sha256:aaa",
        "has none.");
    PeerSettings longer =
        new PeerSettings(
            ClientConfig.builder().build(), Optional.of(Duration.ofHours(1)), Optional.empty());
    assertThatThrownBy(() -> peer.lend(longer))
        .hasMessageContaining("--alivetime is '1h'")
        .hasMessageContaining("has '5m'.");
  }

  @Test
  void whatIsNotSetIsNoneAndTheWayOutIsSaid() {
    assertRefused(
        client -> client.zone("east"),
        "--zone is 'east', but the server of this home, process " + PID + ", has none.",
        "end the server (kill " + PID + "), or choose another --home.");
  }

  @Test
  void theLimitThatHoldsNowIsTheOneThatIsQuoted() {
    client.setTotalRate(Optional.of(Rate.ofBytes(5 << 20)));

    assertRefused(
        client -> client.totalRate(Rate.ofBytes(20 << 20)), "--totallimit is '20M'", "has '5M'.");
    assertThat(peer.lend(settings(client -> client.totalRate(Rate.ofBytes(5 << 20))))).isNotNull();
  }

  private void assertRefused(UnaryOperator<ClientConfig.Builder> wanted, String... says) {
    assertThatThrownBy(() -> peer.lend(settings(wanted)))
        .isInstanceOf(IllegalArgumentException.class)
        .message()
        .contains(says);
  }

  private static PeerSettings settings(UnaryOperator<ClientConfig.Builder> wanted) {
    return new PeerSettings(
        wanted.apply(ClientConfig.builder()).build(), Optional.empty(), Optional.empty());
  }
}

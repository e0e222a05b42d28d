package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.dragonfly.examples.CommandLab.Running;
import io.dragonfly.examples.CommandLab.SupernodeProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The main job with real parts: nginx, one supernode process, four dfget processes at once. */
class RealSourceIT {
  private static final int PEERS = 4;

  @TempDir Path dir;
  private CommandLab lab;
  private Nginx nginx;

  @BeforeEach
  void start() throws Exception {
    Assumptions.assumeTrue(Nginx.isInstalled(), "nginx is not installed");
    lab = new CommandLab(dir);
    nginx = Nginx.start(lab);
  }

  @AfterEach
  void stop() throws Exception {
    if (lab != null) {
      lab.close();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 64 << 10, (4 << 20) - 1, 64 << 20, 1L << 30})
  void fourPeersGetTheFileAndTheSourceSendsItOnce(long length) throws Exception {
    Path file = nginx.publish("file.bin", length);
    SupernodeProcess supernode = lab.supernode("supernode", 0);

    List<Running> peers = new ArrayList<>();
    for (int i = 1; i <= PEERS; i++) {
      peers.add(dfget(supernode, i));
    }

    for (int i = 1; i <= PEERS; i++) {
      Running peer = peers.get(i - 1);
      assertThat(peer.exitCode(Duration.ofMinutes(2))).as(peer.err()).isZero();
      assertThat(Files.mismatch(dir.resolve("out" + i), file)).isEqualTo(-1);
      JsonNode json = peer.json();
      assertThat(json.get("length").asLong()).isEqualTo(length);
      assertThat(
              json.get("bytesFromPeers").asLong()
                  + json.get("bytesFromSupernode").asLong()
                  + json.get("bytesFromSource").asLong()
                  + json.get("bytesFromStore").asLong())
          .isEqualTo(length);
      assertThat(json.get("bytesFromSource").asLong()).isZero();
    }
    assertThat(nginx.bodyBytes("file.bin")).isBetween(length, length + PEERS);
  }

  private Running dfget(SupernodeProcess supernode, int number) throws Exception {
    return lab.start(
        "dfget",
        "--url",
        nginx.url("file.bin"),
        "--output",
        dir.resolve("out" + number).toString(),
        "--node",
        supernode.address(),
        "--home",
        dir.resolve("home" + number).toString(),
        "--ip",
        "127.0.0." + (10 + number),
        "--json");
  }
}

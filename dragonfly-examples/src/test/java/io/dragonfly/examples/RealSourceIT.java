package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.dragonfly.examples.CommandLab.Running;
import io.dragonfly.examples.CommandLab.SupernodeProcess;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The main job with real parts: nginx, one supernode process, four dfget processes at once. */
@Tag("slow")
class RealSourceIT extends NginxTests {
  private static final int PEERS = 4;

  /** One swarm for all lengths: what a peer has of one file is of no concern to the next. */
  @Test
  void fourPeersGetTheFileAndTheSourceSendsItOnce() throws Exception {
    SupernodeProcess supernode = lab.supernode("supernode", 0);
    for (long length : List.of(0L, 1L, 64L << 10, (4L << 20) - 1, 64L << 20)) {
      assertTheSourceSendsOnce(supernode, length);
    }
  }

  @Test
  void fourPeersGetAGibibyteAndTheSourceSendsItOnce() throws Exception {
    assertTheSourceSendsOnce(lab.supernode("supernode", 0), 1L << 30);
  }

  private void assertTheSourceSendsOnce(SupernodeProcess supernode, long length) throws Exception {
    String name = length + ".bin";
    Path file = nginx.publish(name, length);

    List<Running> peers = new ArrayList<>();
    for (int i = 1; i <= PEERS; i++) {
      peers.add(dfget(supernode, i, name));
    }

    for (int i = 1; i <= PEERS; i++) {
      assertFetched(peers.get(i - 1), i, file);
      JsonNode json = peers.get(i - 1).json();
      assertThat(json.get("length").asLong()).isEqualTo(length);
      assertThat(
              json.get("bytesFromPeers").asLong()
                  + json.get("bytesFromSupernode").asLong()
                  + json.get("bytesFromSource").asLong()
                  + json.get("bytesFromStore").asLong())
          .isEqualTo(length);
      assertThat(json.get("bytesFromSource").asLong()).isZero();
    }
    assertThat(nginx.bodyBytes(name)).isBetween(length, length + PEERS);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aFileThatIsOverwrittenInPlaceWhileItIsReadReachesNobody(boolean swarm) throws Exception {
    Path file = nginx.publish("file.bin", 48 << 20);
    // What nginx calls a version is a length and a second.
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(60)));
    List<Running> peers = new ArrayList<>();
    long had = 0;
    if (swarm) {
      SupernodeProcess supernode = lab.supernode("supernode", 0, "--source-rate", "4M");
      startServers(supernode, 1, 2);
      had = lab.sealed("home1");
      peers.add(dfget(supernode, 1, "slow/file.bin"));
      peers.add(dfget(supernode, 2, "slow/file.bin"));
    } else {
      peers.add(dfgetAlone(1, "slow/file.bin"));
    }
    for (int i = 1; i <= peers.size(); i++) {
      lab.awaitSealed("home" + i, had + 1); // each has begun with the old version
    }
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      open.write(new byte[48 << 20]);
    }

    for (Running peer : peers) {
      assertThat(peer.exitCode(Duration.ofMinutes(2))).as(peer.err()).isEqualTo(13);
      assertThat(peer.json().at("/error/kind").asText()).isEqualTo("source_changed");
    }
    assertThat(output(1)).doesNotExist();
    assertThat(output(2)).doesNotExist();
  }
}

package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.dragonfly.examples.CommandLab.Running;
import io.dragonfly.examples.CommandLab.SupernodeProcess;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The main job with real parts: nginx, one supernode process, four dfget processes at once. */
class RealSourceIT extends NginxTests {
  private static final int PEERS = 4;

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 64 << 10, (4 << 20) - 1, 64 << 20, 1L << 30})
  void fourPeersGetTheFileAndTheSourceSendsItOnce(long length) throws Exception {
    Path file = nginx.publish("file.bin", length);
    SupernodeProcess supernode = lab.supernode("supernode", 0);

    List<Running> peers = new ArrayList<>();
    for (int i = 1; i <= PEERS; i++) {
      peers.add(dfget(supernode, i, "file.bin"));
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
    assertThat(nginx.bodyBytes("file.bin")).isBetween(length, length + PEERS);
  }
}

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
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A supernode that is killed, or stopped, in the middle of much. Long: not run each time. */
@Tag("slow")
class LostSupernodeIT extends NginxTests {
  private static final int RECORD_BYTES = 44;

  @Test
  void eightPeersGetAGibibyteFromASupernodeThatIsKilledAndStartedAgain() throws Exception {
    long length = 1L << 30;
    Path file = nginx.publish("file.bin", length);
    String[] noneToSource = {"--back-to-source-peers", "0"};
    SupernodeProcess supernode = lab.supernode("supernode", 0, noneToSource);
    List<Running> peers = start(supernode, 8, "file.bin");
    awaitSealed(1, 128);
    supernode.running().kill();
    lab.supernode("supernode", supernode.port(), noneToSource);

    for (int i = 1; i <= 8; i++) {
      assertFetched(peers.get(i - 1), i, file);
    }
    // What was in flight, or not yet sealed, is read again; and a byte for each question.
    assertThat(nginx.bodyBytes("file.bin")).isBetween(length, length + (64 << 20));
  }

  @Test
  void peersOfASupernodeThatIsStoppedFinishFromEachOtherAndTheSource() throws Exception {
    long length = 96 << 20;
    Path file = nginx.publish("file.bin", length);
    SupernodeProcess supernode = lab.supernode("supernode", 0);
    // As many as may read the source: what the supernode has not read nobody else can verify.
    List<Running> peers = start(supernode, 3, "slow/file.bin");
    awaitSealed(1, 96);
    stop(supernode);

    for (int i = 1; i <= 3; i++) {
      assertFetched(peers.get(i - 1), i, file);
    }
    // The supernode's copy so far, and at most three peers' reading of what is missing.
    assertThat(nginx.bodyBytes("slow/file.bin")).isLessThan(4 * length);
  }

  @Test
  void whereNobodyMayReadTheSourcePeersOfAStoppedSupernodeSaySoInTime() throws Exception {
    nginx.publish("file.bin", 96 << 20);
    SupernodeProcess supernode = lab.supernode("supernode", 0, "--back-to-source-peers", "0");
    List<Running> peers = start(supernode, 2, "slow/file.bin");
    awaitSealed(1, 32);
    stop(supernode);

    for (Running peer : peers) {
      assertThat(peer.exitCode(Duration.ofMinutes(2))).as(peer.err()).isIn(16, 17);
      JsonNode error = peer.json().get("error");
      assertThat(error.get("kind").asText()).isIn("no_progress", "supernode_unreachable");
    }
    assertThat(output(1)).doesNotExist();
    assertThat(nginx.bodyBytes("slow/file.bin")).isLessThanOrEqualTo((96 << 20) + 4);
  }

  private List<Running> start(SupernodeProcess supernode, int count, String path) throws Exception {
    List<Running> peers = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      peers.add(dfget(supernode, i, path));
    }
    return peers;
  }

  private static void stop(SupernodeProcess supernode) throws Exception {
    long pid = supernode.running().process().pid();
    assertThat(new ProcessBuilder("kill", "-STOP", Long.toString(pid)).start().waitFor()).isZero();
  }

  /** Waits until a peer has sealed so many pieces, which its journal shows. */
  private void awaitSealed(int peer, int pieces) {
    Path tasks = dir.resolve("home" + peer).resolve("tasks");
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .ignoreExceptions() // files come and go while they are looked at
        .until(() -> sealed(tasks) >= pieces);
  }

  private static long sealed(Path tasks) throws Exception {
    try (var found = Files.find(tasks, 2, (p, a) -> p.endsWith("pieces"))) {
      long bytes = 0;
      for (Path journal : found.toList()) {
        bytes += Files.size(journal);
      }
      return bytes / RECORD_BYTES;
    }
  }
}

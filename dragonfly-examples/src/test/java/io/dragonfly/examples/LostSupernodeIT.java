package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.dragonfly.examples.CommandLab.Running;
import io.dragonfly.examples.CommandLab.SupernodeProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A supernode that is killed, or stopped, in the middle of much. Long: not run each time. */
@Tag("slow")
class LostSupernodeIT extends NginxTests {
  private static final long LENGTH = 96 << 20;

  /** Pieces of 256 KiB. */
  private static final long PIECES = LENGTH >> 18;

  private static final String PATH = "slow/file.bin";

  /** The supernode reads for 20 s, so it is lost in the middle even if a peer is late. */
  private static final String SLOW = "4M";

  @Test
  void eightPeersGetAGibibyteFromASupernodeThatIsKilledAndStartedAgain() throws Exception {
    long length = 1L << 30;
    Path file = nginx.publish("file.bin", length);
    String[] noneToSource = {"--back-to-source-peers", "0"};
    SupernodeProcess supernode = lab.supernode("supernode", 0, noneToSource);
    List<Running> peers = new ArrayList<>();
    for (int i = 1; i <= 8; i++) {
      peers.add(dfget(supernode, i, "file.bin"));
    }
    lab.awaitSealed("home1", 128);
    supernode.running().kill();
    lab.supernode("supernode", supernode.port(), noneToSource);

    for (int i = 1; i <= 8; i++) {
      assertFetched(peers.get(i - 1), i, file);
    }
    // What was in flight, or not yet sealed, is read again; and a byte for each question.
    assertThat(nginx.bodyBytes("file.bin")).isBetween(length, length + (64 << 20));
  }

  @ParameterizedTest
  @ValueSource(strings = {"STOP", "KILL"})
  void peersOfASupernodeThatIsLostForGoodFinishFromEachOtherAndTheSource(String signal)
      throws Exception {
    Path file = nginx.publish("file.bin", LENGTH);
    SupernodeProcess supernode = lab.supernode("supernode", 0, "--source-rate", SLOW);
    // As many as may read the source: what the supernode has not read nobody else can verify.
    startServers(supernode, 1, 3);
    List<Running> peers = new ArrayList<>();
    for (int i = 1; i <= 3; i++) {
      peers.add(dfget(supernode, i, PATH));
    }
    loseInTheMiddle(supernode, signal, 3);

    for (int i = 1; i <= 3; i++) {
      assertFetched(peers.get(i - 1), i, file);
      assertThat(peers.get(i - 1).json().get("bytesFromSource").asLong()).isPositive();
    }
    // The supernode's copy so far, and at most three peers' reading of what is missing.
    assertThat(nginx.bodyBytes(PATH)).isLessThan(4 * LENGTH);
  }

  @Test
  void ofThreePeersOfALostSupernodeOneReadsTheSourceWhereNoMoreMay() throws Exception {
    Path file = nginx.publish("file.bin", LENGTH);
    SupernodeProcess supernode =
        lab.supernode("supernode", 0, "--back-to-source-peers", "1", "--source-rate", SLOW);
    startServers(supernode, 1, 3);
    List<Running> peers = new ArrayList<>();
    for (int i = 1; i <= 3; i++) {
      peers.add(dfget(supernode, i, PATH));
    }
    loseInTheMiddle(supernode, "KILL", 3);

    int finished = 0;
    for (int i = 1; i <= 3; i++) {
      Running peer = peers.get(i - 1);
      if (peer.exitCode(Duration.ofMinutes(2)) == 0) {
        assertFetched(peer, i, file);
        assertThat(peer.json().get("bytesFromSource").asLong()).isPositive();
        finished++;
      } else {
        assertThat(peer.process().exitValue()).as(peer.err()).isEqualTo(16);
        assertThat(peer.json().at("/error/kind").asText()).isEqualTo("no_progress");
        assertSaysWhatIsMissing(peer, supernode);
        assertThat(output(i)).doesNotExist();
      }
    }
    assertThat(finished).as("peers that have the file").isEqualTo(1);
    assertThat(nginx.bodyBytes(PATH))
        .as("the one's reading, and the supernode's so far")
        .isLessThan(2 * LENGTH);
  }

  @Test
  void whereNobodyMayReadTheSourcePeersOfAStoppedSupernodeSaySoInTime() throws Exception {
    nginx.publish("file.bin", LENGTH);
    SupernodeProcess supernode =
        lab.supernode("supernode", 0, "--back-to-source-peers", "0", "--source-rate", SLOW);
    startServers(supernode, 1, 2);
    Duration limit = Duration.ofSeconds(20);
    long start = System.nanoTime();
    Running patient = dfget(supernode, 1, PATH);
    Running hasty = dfget(supernode, 2, PATH, "--timeout", limit.toSeconds() + "s");
    loseInTheMiddle(supernode, "STOP", 2);

    assertThat(hasty.exitCode(Duration.ofMinutes(1))).as(hasty.err()).isEqualTo(21);
    // The rest is for a busy machine.
    assertThat(Duration.ofNanos(System.nanoTime() - start))
        .isBetween(limit, limit.plus(Duration.ofSeconds(30)));
    assertThat(hasty.json().at("/error/kind").asText()).isEqualTo("time_limit");
    assertThat(hasty.err()).contains("within the time limit of 20 s");
    assertSaysWhatIsMissing(hasty, supernode);
    assertThat(patient.exitCode(Duration.ofMinutes(2))).as(patient.err()).isEqualTo(16);
    assertThat(patient.json().at("/error/kind").asText()).isEqualTo("no_progress");
    assertSaysWhatIsMissing(patient, supernode);
    assertThat(output(1)).doesNotExist();
    assertThat(output(2)).doesNotExist();
    assertThat(nginx.bodyBytes(PATH)).isLessThanOrEqualTo(LENGTH + 4);
  }

  /** Sends a signal when each peer has something and nobody has all, the supernode neither. */
  private void loseInTheMiddle(SupernodeProcess supernode, String signal, int peers)
      throws Exception {
    for (int i = 1; i <= peers; i++) {
      lab.awaitSealed("home" + i, PIECES / 12);
    }
    long pid = supernode.running().process().pid();
    String[] kill = {"kill", "-" + signal, Long.toString(pid)};
    assertThat(new ProcessBuilder(kill).start().waitFor()).isZero();
    // It seals what it has read but for the last few MiB.
    assertThat(lab.sealed("supernode")).isLessThan(PIECES - PIECES / 6);
  }

  private static void assertSaysWhatIsMissing(Running peer, SupernodeProcess supernode)
      throws Exception {
    JsonNode error = peer.json().get("error");
    assertThat(error.get("message").asText())
        .contains("supernode " + supernode.address() + " is lost")
        .contains("this peer may not read the source")
        .contains("--back-to-source-peers");
  }
}

package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.examples.CommandLab.Running;
import io.dragonfly.examples.CommandLab.SupernodeProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** kill -9 in the middle: what is verified stays, and everybody finishes. */
class CrashIT {
  private static final long LENGTH = 96 << 20;

  @TempDir Path dir;
  private CommandLab lab;
  private Nginx nginx;
  private Path file;

  @BeforeEach
  void start() throws Exception {
    Assumptions.assumeTrue(Nginx.isInstalled(), "nginx is not installed");
    lab = new CommandLab(dir);
    nginx = Nginx.start(lab);
    file = nginx.publish("file.bin", LENGTH);
  }

  @AfterEach
  void stop() throws Exception {
    if (lab != null) {
      lab.close();
    }
  }

  @Test
  void aKilledDfgetGoesOnFromItsVerifiedPieces() throws Exception {
    SupernodeProcess supernode = lab.supernode("supernode", 0);
    Running first = dfget(supernode, 1);
    awaitProgress(1, LENGTH / 4);
    first.kill();

    Running second = dfget(supernode, 1);

    assertThat(second.exitCode(Duration.ofMinutes(1))).as(second.err()).isZero();
    assertThat(Files.mismatch(dir.resolve("out1"), file)).isEqualTo(-1);
    long kept = second.json().get("bytesFromStore").asLong();
    long fetched = second.json().get("bytesFromSupernode").asLong();
    assertThat(kept).isGreaterThanOrEqualTo(LENGTH / 5);
    assertThat(kept + fetched).isEqualTo(LENGTH);
    assertThat(nginx.bodyBytes("slow/file.bin")).isBetween(LENGTH, LENGTH + 2);
  }

  @Test
  void aKilledDfgetWithoutSupernodeGoesOnToo() throws Exception {
    Running first = dfget(null, 1);
    awaitProgress(1, LENGTH / 4);
    first.kill();

    Running second = dfget(null, 1);

    assertThat(second.exitCode(Duration.ofMinutes(1))).as(second.err()).isZero();
    assertThat(Files.mismatch(dir.resolve("out1"), file)).isEqualTo(-1);
    assertThat(second.json().get("bytesFromStore").asLong()).isGreaterThanOrEqualTo(LENGTH / 5);
  }

  @Test
  void everybodyFinishesWhenTheSupernodeIsKilledAndStartedAgain() throws Exception {
    SupernodeProcess supernode = lab.supernode("supernode", 0);
    List<Running> peers = new ArrayList<>();
    for (int i = 1; i <= 4; i++) {
      peers.add(dfget(supernode, i));
    }
    awaitProgress(1, LENGTH / 4);
    supernode.running().kill();
    lab.supernode("supernode", supernode.port());

    for (int i = 1; i <= 4; i++) {
      Running peer = peers.get(i - 1);
      assertThat(peer.exitCode(Duration.ofMinutes(2))).as(peer.err()).isZero();
      assertThat(Files.mismatch(dir.resolve("out" + i), file)).isEqualTo(-1);
    }
    // What was in flight, or not yet sealed, when the supernode died is read again.
    assertThat(nginx.bodyBytes("slow/file.bin")).isLessThan(LENGTH + (24 << 20));
  }

  private Running dfget(CommandLab.SupernodeProcess supernode, int number) throws Exception {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--url",
                nginx.url("slow/file.bin"),
                "--output",
                dir.resolve("out" + number).toString(),
                "--home",
                dir.resolve("home" + number).toString(),
                "--ip",
                "127.0.0." + (10 + number),
                "--json"));
    if (supernode != null) {
      arguments.addAll(List.of("--node", supernode.address()));
    }
    return lab.start("dfget", arguments.toArray(String[]::new));
  }

  /** Waits until a peer has sealed this much, which its journal of pieces shows. */
  private void awaitProgress(int peer, long bytes) {
    Path tasks = dir.resolve("home" + peer).resolve("tasks");
    Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> sealedBytes(tasks) >= bytes);
  }

  private static long sealedBytes(Path tasks) throws Exception {
    if (!Files.isDirectory(tasks)) {
      return 0;
    }
    try (var found = Files.find(tasks, 2, (p, a) -> p.endsWith("pieces"))) {
      long records = 0;
      for (Path journal : found.toList()) {
        records += Files.size(journal) / RECORD_BYTES;
      }
      return records * PIECE_BYTES;
    }
  }

  private static final int RECORD_BYTES = 44;
  private static final long PIECE_BYTES = 256 << 10;
}

package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.examples.CommandLab.Running;
import io.dragonfly.examples.CommandLab.SupernodeProcess;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** kill -9 of a peer in the middle: what is verified stays, and everybody finishes. */
@Tag("slow")
class CrashIT extends NginxTests {
  private static final long LENGTH = 96 << 20;
  private static final String PATH = "slow/file.bin";

  /** Pieces of 256 KiB. */
  private static final long PIECES = LENGTH >> 18;

  private Path file;

  @BeforeEach
  void publish() throws Exception {
    file = nginx.publish("file.bin", LENGTH);
  }

  @Test
  void aKilledDfgetGoesOnFromItsVerifiedPieces() throws Exception {
    SupernodeProcess supernode = lab.supernode("supernode", 0);
    Running first = dfget(supernode, 1, PATH, "--alivetime", "0");
    lab.awaitSealed("home1", PIECES / 4);
    first.kill();

    Running second = dfget(supernode, 1, PATH, "--alivetime", "0");

    assertFetched(second, 1, file);
    long kept = second.json().get("bytesFromStore").asLong();
    assertThat(kept).isGreaterThanOrEqualTo(LENGTH / 5);
    assertThat(kept + second.json().get("bytesFromSupernode").asLong()).isEqualTo(LENGTH);
    // A byte for each registration; a peer that lost its lease registers again.
    assertThat(nginx.bodyBytes(PATH)).isBetween(LENGTH, LENGTH + 4);
  }

  @Test
  void aKilledDfgetWithoutSupernodeGoesOnToo() throws Exception {
    Running first = dfgetAlone(1, PATH, "--alivetime", "0");
    lab.awaitSealed("home1", PIECES / 4);
    first.kill();

    Running second = dfgetAlone(1, PATH, "--alivetime", "0");

    assertFetched(second, 1, file);
    long kept = second.json().get("bytesFromStore").asLong();
    assertThat(kept).isGreaterThanOrEqualTo(LENGTH / 5);
    assertThat(kept + second.json().get("bytesFromSource").asLong()).isEqualTo(LENGTH);
  }

  @Test
  void everybodyFinishesWhenTheSupernodeIsKilledAndStartedAgain() throws Exception {
    // Nobody may read the source itself, however long a start takes on a busy machine.
    String[] noneToSource = {"--back-to-source-peers", "0"};
    SupernodeProcess supernode = lab.supernode("supernode", 0, noneToSource);
    List<Running> peers = new ArrayList<>();
    for (int i = 1; i <= 4; i++) {
      peers.add(dfget(supernode, i, PATH));
    }
    lab.awaitSealed("home1", PIECES / 4);
    supernode.running().kill();
    lab.supernode("supernode", supernode.port(), noneToSource);

    for (int i = 1; i <= 4; i++) {
      assertFetched(peers.get(i - 1), i, file);
    }
    // What was in flight, or not yet sealed, when the supernode died is read again.
    assertThat(nginx.bodyBytes(PATH)).isLessThan(LENGTH + (24 << 20));
  }
}

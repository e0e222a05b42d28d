package io.dragonfly.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.task.PieceSpan;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DownloadTableTest {
  private static final int PIECES = 300;

  private final PeerRegistry registry = new PeerRegistry(() -> 0);
  private final Swarm swarm =
      new Swarm(registry, Peers.task(1), Peers.layout(PIECES), registry.peer(Peers.peer(0), true));
  private final Member child =
      swarm.join(registry.peer(Peers.peer(1), false), new BitSet(), PieceSpan.ALL);
  private final Member parent =
      swarm.join(registry.peer(Peers.peer(2), false), new BitSet(), PieceSpan.ALL);

  @Test
  void itTellsWhetherSomethingIsTrueOfOneOfThem() {
    DownloadTable table = new DownloadTable();
    assertThat(table.hasAny(download -> true)).isFalse();

    for (int piece : new int[] {3, 11, 19}) { // all of them look for the same place
      table.put(PieceDownload.plan(child, piece, parent, 0));
    }

    assertThat(table.hasAny(download -> download.piece() == 11)).isTrue();
    assertThat(table.hasAny(download -> download.piece() == 27)).isFalse();
    table.remove(11);
    assertThat(table.hasAny(download -> download.piece() == 11)).isFalse();
  }

  @Test
  void itHoldsWhatAMapWouldHold() {
    Random random = new Random(1);
    DownloadTable table = new DownloadTable();
    Map<Integer, PieceDownload> map = new HashMap<>();
    for (int i = 0; i < 20_000; i++) {
      // Few pieces at first, so that it is both nearly empty and nearly full at times.
      int piece = random.nextInt(1 + PIECES * i / 20_000);
      if (random.nextBoolean()) {
        PieceDownload download = PieceDownload.plan(child, piece, parent, 0);
        download.end();
        table.put(download);
        map.put(piece, download);
      } else {
        table.remove(piece);
        map.remove(piece);
      }
      assertThat(table.size()).isEqualTo(map.size());
      int other = random.nextInt(PIECES);
      assertThat(table.get(other)).isSameAs(map.get(other));
    }
    Set<PieceDownload> all = new HashSet<>();
    table.forEach(all::add);
    assertThat(all).isEqualTo(new HashSet<>(map.values()));
  }
}

package io.dragonfly.examples.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.examples.terminal.Glyphs;
import io.dragonfly.examples.terminal.Terminal;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class QuickstartScreenTest {
  private static final long MIB = 1 << 20;

  private static List<String> render(int peers, int columns, int rows) {
    List<QuickstartScreen.Row> swarm = new ArrayList<>();
    for (int i = 1; i <= peers; i++) {
      swarm.add(
          new QuickstartScreen.Row(
              "peer" + i, 0.5, 12 * MIB, new QuickstartChild.Bytes(96 * MIB, 32 * MIB, 0)));
    }
    return QuickstartScreen.render(
        swarm, 128 * MIB, 256 * MIB, Glyphs.ASCII, new Terminal.Size(rows, columns));
  }

  @Test
  void fitsAllTerminals() {
    for (int columns = 1; columns <= 250; columns++) {
      for (int rows : List.of(4, 5, 10, 24, 80)) {
        for (int peers : List.of(1, 4, 64)) {
          List<String> lines = render(peers, columns, rows);
          assertThat(lines).as("%d x %d", columns, rows).hasSizeLessThanOrEqualTo(rows);
          int width = columns;
          assertThat(lines).allMatch(line -> line.length() < width);
        }
      }
    }
  }

  @Test
  void showsEachPeerWithItsSharesWhereThereIsRoom() {
    assertThat(render(2, 80, 24))
        .containsExactly(
            "source has sent 128 MiB, 0.50 copies",
            " ".repeat(53) + "  peers  supernode  source",
            "peer1   [############-------------]   50%  12.0 MiB/s    75%        25%      0%",
            "peer2   [############-------------]   50%  12.0 MiB/s    75%        25%      0%");
  }

  @Test
  void dropsTheSharesInANarrowTerminal() {
    assertThat(render(1, 40, 24))
        .containsExactly(
            "source has sent 128 MiB, 0.50 copies", "peer1   [#####------]   50%  12.0 MiB/s");
  }

  @Test
  void sumsUpThosePeersThatHaveNoRoom() {
    List<String> lines = render(64, 80, 10);

    assertThat(lines).hasSize(9);
    assertThat(lines.get(8)).isEqualTo("and 58 more, each has 50% or more");
  }
}

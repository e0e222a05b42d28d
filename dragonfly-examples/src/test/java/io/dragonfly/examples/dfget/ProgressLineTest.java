package io.dragonfly.examples.dfget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.dragonfly.examples.terminal.Glyphs;
import io.dragonfly.fetch.FetchProgress;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class ProgressLineTest {
  private static final long MIB = 1 << 20;

  private static final List<Long> SIZES =
      List.of(0L, 1L, 999L, 1000L, 1023L, 1024L, 64 * MIB + 1, 999 * MIB, 1023 * MIB, 1L << 50);

  @Test
  void fitsAllWidthsWhateverItSays() {
    List<Double> rates = List.of(0.0, 999.9, 12e6, 1e12);
    for (FetchProgress progress : moments()) {
      for (double rate : rates) {
        for (Glyphs glyphs : Glyphs.values()) {
          ProgressLine line = new ProgressLine(glyphs, progress, rate);
          for (int columns = 1; columns <= 250; columns += columns < 90 ? 1 : 13) {
            String text = line.render(columns);
            if (text.length() >= columns) {
              fail("%s at %s B/s in %d columns: %s", progress, rate, columns, text);
            }
          }
        }
      }
    }
  }

  private static List<FetchProgress> moments() {
    List<FetchProgress> moments = new ArrayList<>();
    for (long length : SIZES) {
      for (long part : List.of(0L, length / 3, length)) {
        OptionalLong known = OptionalLong.of(length);
        moments.add(new FetchProgress(known, part, 0, 0, 0));
        moments.add(new FetchProgress(known, 0, 0, 0, part));
        moments.add(new FetchProgress(known, part / 3, part / 3, part / 3, 0));
        moments.add(new FetchProgress(OptionalLong.empty(), 0, part / 2, part / 2, 0));
      }
    }
    return moments;
  }

  @Test
  void showsAllPartsWhereThereIsRoom() {
    assertThat(line(200))
        .isEqualTo(
            "["
                + "#".repeat(30)
                + "-".repeat(30)
                + "]   50%   128 MiB of  256 MiB  12.0 MiB/s"
                + "  peers  75% supernode  25% source   0%    0:11 left");
  }

  @Test
  void dropsPartsAsItGetsNarrow() {
    assertThat(line(80))
        .isEqualTo(
            "[####-----]   50%   128 MiB  12.0 MiB/s  peers  75% supernode  25%    0:11 left");
    assertThat(line(40)).isEqualTo("[###---]   50%  12.0 MiB/s    0:11 left");
    assertThat(line(20)).isEqualTo(" 50%  12.0 MiB/s");
    assertThat(line(10)).isEqualTo(" 50%");
    assertThat(line(4)).isEmpty();
  }

  private static String line(int columns) {
    FetchProgress half = new FetchProgress(OptionalLong.of(256 * MIB), 96 * MIB, 32 * MIB, 0, 0);
    return new ProgressLine(Glyphs.ASCII, half, 12 * MIB).render(columns);
  }

  @Test
  void showsBytesAndRateButNoPercentWhileTheLengthIsUnknown() {
    FetchProgress progress = new FetchProgress(OptionalLong.empty(), 0, 5 * MIB, 0, 0);

    String line = new ProgressLine(Glyphs.ASCII, progress, 2 * MIB).render(40);

    assertThat(line).isEqualTo(" 5.0 MiB   2.0 MiB/s  supernode 100%");
  }

  @Test
  void isNeverDoneBeforeTheLastByte() {
    FetchProgress nearly = new FetchProgress(OptionalLong.of(1L << 40), 0, 0, (1L << 40) - 1, 0);

    assertThat(new ProgressLine(Glyphs.ASCII, nearly, 1).render(40)).contains(" 99%");
  }

  @Test
  void keepsItsWidthWhileOneSourceGivesAll() {
    for (long bytes = 1; bytes <= 1000 * MIB; bytes = bytes * 3 + 7) {
      FetchProgress progress = new FetchProgress(OptionalLong.of(2000 * MIB), bytes, 0, 0, 0);
      assertThat(new ProgressLine(Glyphs.ASCII, progress, bytes).render(80).length())
          .as("%d bytes", bytes)
          .isEqualTo(79);
    }
  }
}

package io.dragonfly.internal.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.testkit.Mutations;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What may lie in a store after a disk or a user has damaged it; seeded, bounded by the counts. */
class StoreFilesFuzzTest {
  @TempDir Path directory;

  @Test
  void aJournalSaysNothingThatWasNotWritten() throws Exception {
    try (DiskFixture disk = new DiskFixture(directory.resolve("home"))) {
      StoredTask stored = disk.whole();
      byte[] honest = Files.readAllBytes(disk.journal());
      Mutations mutations = new Mutations(20261127, "\0\1\2");
      Path file = directory.resolve("journal");
      PieceLayout layout = DiskFixture.TASK.layout();
      int whole = 0;
      for (int i = 0; i < 300; i++) {
        Files.write(file, mutations.of(honest));
        PieceSet pieces = PieceJournal.read(file, layout).pieces();
        assertThat(pieces.last()).isLessThan(layout.pieces());
        for (int piece : pieces.known().stream().toArray()) {
          assertThat(pieces.digest(piece)).isEqualTo(stored.digest(piece));
        }
        whole += pieces.count() == layout.pieces() ? 1 : 0;
      }
      assertThat(whole).isBetween(20, 280);
    }
  }

  @Test
  void aTasksFileIsRightOrRefused() throws Exception {
    try (DiskFixture disk = new DiskFixture(directory.resolve("home"))) {
      disk.whole();
      byte[] honest = Files.readAllBytes(disk.taskFile());
      Mutations mutations = new Mutations(1, "{}[]\",:0-");
      Path file = directory.resolve("task.json");
      int read = 0;
      for (int i = 0; i < 300; i++) {
        Files.write(file, mutations.of(honest));
        try {
          assertThat(TaskFile.read(file).record().task().layout().pieceLength()).isPositive();
          read++;
        } catch (IOException e) {
          assertThat(e.getMessage()).isNotEmpty();
        }
      }
      assertThat(read).isBetween(10, 290);
    }
  }
}

package io.dragonfly.internal.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.testkit.Fuzz;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What may lie in a store after a disk or a user has damaged it; seeded, bounded by the counts. */
@Tag("fuzz")
class StoreFilesFuzzTest {
  @TempDir Path directory;

  @Test
  void aJournalSaysNothingThatWasNotWritten() throws Exception {
    try (DiskFixture disk = new DiskFixture(directory.resolve("home"))) {
      StoredTask stored = disk.whole();
      Path file = directory.resolve("journal");
      PieceLayout layout = DiskFixture.TASK.layout();
      Fuzz.Counts counts =
          Fuzz.of("\0\1\2", List.of(Files.readAllBytes(disk.journal())))
              .run(
                  input -> {
                    Files.write(file, input);
                    PieceSet pieces = PieceJournal.read(file, layout).pieces();
                    assertThat(pieces.last()).isLessThan(layout.pieces());
                    for (int piece : pieces.known().stream().toArray()) {
                      assertThat(pieces.digest(piece)).isEqualTo(stored.digest(piece));
                    }
                    return pieces.count() == layout.pieces();
                  });
      assertThat(counts.accepted()).isPositive();
      assertThat(counts.refused()).isPositive();
    }
  }

  @Test
  void aTasksFileIsRightOrRefused() throws Exception {
    try (DiskFixture disk = new DiskFixture(directory.resolve("home"))) {
      StoredTask stored = disk.whole();
      byte[] unlinked = Files.readAllBytes(disk.taskFile());
      stored.deliver(directory.resolve("output"));
      byte[] linked = Files.readAllBytes(disk.taskFile());
      Path file = directory.resolve("task.json");
      Fuzz.Counts counts =
          Fuzz.of("{}[]\",:0-", List.of(unlinked, linked))
              .run(
                  input -> {
                    Files.write(file, input);
                    TaskRecord record = TaskFile.read(file).record();
                    assertThat(record.task().layout().pieceLength()).isPositive();
                    assertThat(record.linkedOut()).isNotNull();
                    return true;
                  },
                  IOException.class);
      assertThat(counts.accepted()).isPositive();
      assertThat(counts.refused()).isPositive();
    }
  }
}

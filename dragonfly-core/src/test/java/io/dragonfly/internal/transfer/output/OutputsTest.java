package io.dragonfly.internal.transfer.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.error.OutputException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What is found out about an output before anything is downloaded. */
class OutputsTest {
  @TempDir Path dir;

  @Test
  void anOutputThatCanBeWrittenLeavesNothingBehind() {
    Outputs.check(dir.resolve("file"), Optional.empty());

    assertThat(dir).isEmptyDirectory();
  }

  /** Root has all rights there, but cannot create a file. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void aDirectoryInWhichNoFileCanBeMadeIsNone() {
    assertThatThrownBy(() -> Outputs.check(Path.of("/proc/file"), Optional.empty()))
        .isInstanceOf(OutputException.class)
        .hasMessageContaining("/proc")
        .hasMessageContaining("hoose another output.");
  }
}

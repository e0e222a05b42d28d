package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandLabIT {
  @Test
  void aProgramThatEndsIsNotWaitedForAndWhatItSaidIsShown(@TempDir Path dir) throws Exception {
    try (CommandLab lab = new CommandLab(dir)) {
      var ended = lab.startProgram(List.of("/bin/sh", "-c", "echo the port is taken >&2; exit 1"));
      assertThatThrownBy(() -> ended.awaitUp(() -> false))
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("the port is taken");
    }
  }
}

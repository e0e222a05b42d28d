package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.opentest4j.AssertionFailedError;
import org.opentest4j.TestAbortedException;

class InstalledTest {
  @Test
  void whatIsMissingSkipsATestAndFailsItWhereItIsRequired() {
    assertThat(Installed.program("env", "required")).isEqualTo(Path.of("/usr/bin/env"));
    assertThatThrownBy(() -> Installed.program("no-such-engine", null))
        .isInstanceOf(TestAbortedException.class)
        .hasMessageContaining("no-such-engine is not installed");
    assertThatThrownBy(() -> Installed.program("no-such-engine", "required"))
        .isInstanceOf(AssertionFailedError.class)
        .hasMessage("no-such-engine is not installed, but DRAGONFLY_ENGINES=required");
  }
}

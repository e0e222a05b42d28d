package io.dragonfly.examples.thin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StarterTest {
  private static final List<String> WORDS = List.of("--url", "http://127.0.0.1:1/a");

  @TempDir Path dir;

  /** It looked like a home that is not there when the command began. */
  @Test
  void writesNothingInAHomeThatOthersMayWriteTo() throws Exception {
    assumeThat(dir.getFileSystem().supportedFileAttributeViews()).contains("unix");
    Path home = Files.createDirectory(dir.resolve("home"));
    Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxrwxrwx"));
    Starter starter = new Starter(home.toFile(), new Arguments(WORDS));

    assertThatThrownBy(() -> starter.call(Caller.message(WORDS, "", false)))
        .isInstanceOfSatisfying(
            FailedException.class, e -> assertThat(e.exitCode()).isEqualTo(ThinMain.STORAGE))
        .hasMessageContaining("chmod go-w " + home);
    assertThat(home).isEmptyDirectory();
  }
}

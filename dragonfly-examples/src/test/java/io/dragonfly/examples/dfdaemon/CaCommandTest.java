package io.dragonfly.examples.dfdaemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.dragonfly.examples.command.FakeCall;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CaCommandTest {
  @TempDir Path dir;

  /** Another user could put a CA there of which he has the key. */
  @Test
  void makesNoCaInAHomeThatOthersMayWriteTo() throws Exception {
    assumeThat(dir.getFileSystem().supportedFileAttributeViews()).contains("unix");
    Path home = Files.createDirectory(dir.resolve("home"));
    Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxrwxrwx"));
    FakeCall call = new FakeCall(dir, "ca", "--home", home.toString());

    assertThat(DfdaemonMain.run(call)).as(call.said()).isEqualTo(20);
    assertThat(call.said()).contains("chmod go-w " + home);
    assertThat(home).isEmptyDirectory();
  }
}

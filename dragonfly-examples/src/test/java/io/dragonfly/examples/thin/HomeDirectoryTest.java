package io.dragonfly.examples.thin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written in a home does not go where a symbolic link leads. */
class HomeDirectoryTest {
  @TempDir Path home;

  @Test
  void aLogThatIsALinkIsReplacedAndItsTargetStays() throws Exception {
    Path target = Files.writeString(home.resolve("target"), "precious");
    Path log = Files.createSymbolicLink(home.resolve("stderr.log"), target);

    HomeDirectory.replaceByNew(log);

    assertThat(Files.isRegularFile(log, LinkOption.NOFOLLOW_LINKS)).isTrue();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(log)))
        .isEqualTo("rw-------");
    assertThat(target).hasContent("precious");
  }

  @Test
  void aStartLockThatIsALinkIsRefused() throws Exception {
    Files.createSymbolicLink(home.resolve("start.lock"), home.resolve("target"));

    assertThatThrownBy(() -> StartLock.open(home.toFile())).isInstanceOf(IOException.class);
    assertThat(home.resolve("target")).doesNotExist();
  }
}

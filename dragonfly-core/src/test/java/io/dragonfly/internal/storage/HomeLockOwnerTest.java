package io.dragonfly.internal.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.dragonfly.error.StorageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients, supernodes and all commands take a home by its lock, so this is where it is checked. */
class HomeLockOwnerTest {
  @TempDir Path directory;

  @BeforeEach
  void needsModes() {
    assumeThat(directory.getFileSystem().supportedFileAttributeViews()).contains("unix");
  }

  @ParameterizedTest
  @ValueSource(strings = {"rwxrwxrwx", "rwx---rwx"})
  void aHomeThatEveryUserMayWriteToIsRefusedUntilItsModeIsMended(String mode) throws IOException {
    Path home = Files.createDirectory(directory.resolve("home"));
    Files.setPosixFilePermissions(home, PosixFilePermissions.fromString(mode));

    assertThatThrownBy(() -> HomeLock.acquire(home))
        .isInstanceOf(StorageException.class)
        .hasNoCause() // it is no reason to use another home instead
        .hasMessageContaining("Run 'chmod go-w " + home + "'");
    assertThat(home).isEmptyDirectory();

    Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxr-xr-x"));
    HomeLock.acquire(home).close();
  }

  @Test
  void aHomeInADirectoryThatEveryUserMayWriteToIsNotMade() throws IOException {
    Path open = Files.createDirectory(directory.resolve("open"));
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));

    assertThatThrownBy(() -> HomeLock.acquire(open.resolve("a/home")))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("Run 'chmod +t " + open + "'");
    assertThat(open).isEmptyDirectory();

    Files.setAttribute(open, "unix:mode", 01777);
    HomeLock.acquire(open.resolve("a/home")).close();
  }

  @Test
  void aHomeBehindALinkOfAnotherUserIsRefusedAndItsTargetStays() throws IOException {
    Path target = Files.createDirectory(directory.resolve("target"));
    Path link = Files.createSymbolicLink(directory.resolve("link"), target);
    giveAway(link);

    assertThatThrownBy(() -> HomeLock.acquire(link)).hasMessageContaining("Link " + link);
    assertThatThrownBy(() -> HomeLock.acquire(link.resolve("home")))
        .hasMessageContaining("Link " + link);
    assertThat(target).isEmptyDirectory();
  }

  @Test
  void aHomeInADirectoryOfAnotherUserIsRefusedForRootToo() throws IOException {
    Path others = Files.createDirectory(directory.resolve("others"));
    giveAway(others);

    assertThatThrownBy(() -> HomeLock.acquire(others.resolve("home")))
        .hasMessageContaining(others + ", which leads to home");
    assertThat(others).isEmptyDirectory();
  }

  @Test
  void aHomeBehindALinkOfItsUserIsUsed() throws IOException {
    Path target = Files.createDirectory(directory.resolve("target"));
    Path link = Files.createSymbolicLink(directory.resolve("link"), target);

    HomeLock.acquire(link).close();
    assertThat(target.resolve("lock")).exists();
    HomeLock.acquire(link.resolve("home")).close();
    assertThat(target.resolve("home/lock")).exists();
  }

  private static void giveAway(Path path) {
    try {
      Files.setAttribute(path, "unix:uid", 65533, LinkOption.NOFOLLOW_LINKS);
    } catch (IOException e) {
      Assumptions.abort("only root can give a file away");
    }
  }
}

package io.dragonfly.internal.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.dragonfly.error.StorageException;
import io.dragonfly.testkit.LeakCheck;
import java.io.BufferedReader;
import java.io.FileNotFoundException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakCheck.class)
class HomeLockTest {
  @TempDir Path directory;

  @Test
  void makesTheHomeForItsOwnerAlone() throws Exception {
    assumeThat(directory.getFileSystem().supportedFileAttributeViews()).contains("posix");
    Path home = directory.resolve("a/b");
    try (HomeLock lock = HomeLock.acquire(home)) {
      assertThat(lock.home()).isEqualTo(home);
      assertThat(mode(home)).isEqualTo("rwx------");
      assertThat(mode(home.resolve("lock"))).isEqualTo("rw-------");
    }
  }

  @Test
  void aHomeThatCannotBeUsedIsNamedOnceWithTheReason() throws Exception {
    Path home = Files.createFile(directory.resolve("file")).resolve("home");
    assertThatThrownBy(() -> HomeLock.acquire(home))
        .hasMessageStartingWith("Home " + home + " cannot be used: ")
        .hasMessageMatching(".* cannot be used: [^/\\\\]+\\. Choose .*");
    assertThat(Reasons.of(new FileNotFoundException("/h/lock (Permission denied)")))
        .isEqualTo("permission denied");
    assertThat(Reasons.of(new FileNotFoundException("/h/lock (Is a directory)")))
        .isEqualTo("Is a directory");
  }

  @ParameterizedTest
  @ValueSource(strings = {"held by backup", "123456789012345678901234567890123"})
  void aDirectoryWithALockOfSomethingElseIsNoHome(String content) throws Exception {
    Path lock = Files.writeString(directory.resolve("lock"), content);
    assertThatThrownBy(() -> HomeLock.acquire(directory))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("lock was not written by a process of Dragonfly");
    assertThat(lock).hasContent(content);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "4711\n", "\0\0\0\0\0"})
  void whatACrashLeftOfALockIsOurs(String content) throws Exception {
    Path lock = Files.writeString(directory.resolve("lock"), content);
    HomeLock.acquire(directory).close();
    assertThat(lock).hasContent(ProcessHandle.current().pid() + "\n");
  }

  @Test
  void aSecondOwnerInTheSameProcessIsToldThePid() {
    try (HomeLock lock = HomeLock.acquire(directory)) {
      assertThatThrownBy(() -> HomeLock.acquire(lock.home()))
          .isInstanceOf(StorageException.class)
          .hasMessageContaining("in use by process " + ProcessHandle.current().pid());
    }
    HomeLock.acquire(directory).close();
  }

  @Test
  void closingTwiceDoesNotTakeTheLockFromTheNextOwner() {
    HomeLock first = HomeLock.acquire(directory);
    first.close();
    try (HomeLock second = HomeLock.acquire(directory)) {
      first.close();
      assertThatThrownBy(() -> HomeLock.acquire(second.home()))
          .isInstanceOf(StorageException.class);
    }
  }

  @Test
  void aHomeIsTheSameByAnotherName() throws Exception {
    Path home = Files.createDirectory(directory.resolve("home"));
    Path link = Files.createSymbolicLink(directory.resolve("link"), home);
    try (HomeLock lock = HomeLock.acquire(home)) {
      assertThat(lock.home()).isEqualTo(home);
      assertThatThrownBy(() -> HomeLock.acquire(link)).isInstanceOf(StorageException.class);
    }
  }

  @Test
  void takesTheFirstFreeSibling() {
    Path home = directory.resolve("home");
    try (HomeLock one = HomeLock.acquireSibling(home);
        HomeLock two = HomeLock.acquireSibling(home)) {
      assertThat(one.home()).isEqualTo(home);
      assertThat(two.home()).isEqualTo(directory.resolve("home-2"));
      try (HomeLock three = HomeLock.acquireSibling(home)) {
        assertThat(three.home()).isEqualTo(directory.resolve("home-3"));
      }
    }
  }

  @Test
  void anotherProcessHoldsAHomeUntilItEnds() throws Exception {
    Process holder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Holder.class.getName(),
                directory.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(holder.getInputStream(), StandardCharsets.US_ASCII))) {
      assertThat(out.readLine()).isEqualTo("held");

      // Twice: looking at a home that is held must not set it free.
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> HomeLock.acquire(directory))
            .isInstanceOf(StorageException.class)
            .hasMessageContaining("in use by process " + holder.pid() + ".");
      }
    } finally {
      holder.destroyForcibly().waitFor();
    }
    HomeLock.acquire(directory).close();
  }

  @Test
  void aFileInTheWayIsNamed() throws Exception {
    Path file = Files.createFile(directory.resolve("file"));
    assertThatThrownBy(() -> HomeLock.acquire(file))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining(file.toString());
  }

  @Test
  void anInterruptedThreadCanTakeAHome() {
    Thread.currentThread().interrupt();
    try (HomeLock lock = HomeLock.acquire(directory)) {
      assertThat(lock.home()).isEqualTo(directory);
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  private static String mode(Path path) throws Exception {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  /** Holds a home until it is killed. */
  static final class Holder {
    public static void main(String[] args) throws Exception {
      HomeLock lock = HomeLock.acquire(Path.of(args[0]));
      System.out.println("held");
      System.in.read(); // ends with the test at the latest, since that holds the other end
      lock.close();
    }
  }
}

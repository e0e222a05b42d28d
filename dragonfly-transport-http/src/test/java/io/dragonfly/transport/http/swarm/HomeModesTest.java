package io.dragonfly.transport.http.swarm;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.testkit.LeakCheck;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What other users of the machine may do with what peers and supernodes put on the disk. */
@ExtendWith(LeakCheck.class)
@DisabledOnOs(OS.WINDOWS)
class HomeModesTest {
  private static final Set<PosixFilePermission> OTHERS =
      EnumSet.complementOf(
          EnumSet.of(
              PosixFilePermission.OWNER_READ,
              PosixFilePermission.OWNER_WRITE,
              PosixFilePermission.OWNER_EXECUTE));

  @TempDir Path dir;

  @Test
  void nobodyElseMayReadOrEnterAHome() throws Exception {
    // One that was there before keeps the mode that its owner gave it: what is in it is protected.
    Path open = Files.createDirectory(dir.resolve("home1"));
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-xr-x"));
    try (Swarm swarm = Swarm.start(dir, 2)) {
      TestFile file = swarm.source().publish(TestFile.random("file", 1 << 20));
      TestFile small = swarm.source().publish(TestFile.random("small", 100));
      swarm.fetchOnAll(file);
      swarm.fetchOnAll(small);

      for (String home : List.of("supernode", "home0")) {
        assertThat(modeOf(dir.resolve(home))).isEqualTo("rwx------");
      }
      for (String home : List.of("supernode", "home0", "home1")) {
        assertClosed(dir.resolve(home));
      }
      assertThat(names(dir))
          .as("nothing but homes and outputs")
          .containsExactlyInAnyOrder(
              "home0", "home1", "supernode", "file.0", "file.1", "small.0", "small.1");
    }
  }

  /**
   * Each file must be of no use to others by itself, or lie in a directory that they cannot enter.
   */
  private static void assertClosed(Path home) throws Exception {
    try (var inside = Files.list(home)) {
      for (Path path : inside.toList()) {
        assertThat(Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS))
            .as("%s", path)
            .doesNotContainAnyElementsOf(OTHERS);
      }
    }
  }

  private static String modeOf(Path path) throws Exception {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  private static List<String> names(Path directory) throws Exception {
    try (var inside = Files.list(directory)) {
      return inside.map(path -> path.getFileName().toString()).toList();
    }
  }
}

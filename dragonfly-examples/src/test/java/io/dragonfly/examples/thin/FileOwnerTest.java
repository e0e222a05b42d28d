package io.dragonfly.examples.thin;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

public class FileOwnerTest {
  private static final String ANOTHER = "4242";

  @TempDir Path dir;

  @Test
  void aHomeOfAnotherUserIsRefusedWithItsOwnerAndWhatToDo() throws IOException {
    String owner = Files.getOwner(dir).getName();

    assertThat(FileOwner.refusal(dir, ANOTHER))
        .contains(dir + " belongs to user " + owner)
        .contains("Run the command as " + owner)
        .contains("--home");
    assertThat(FileOwner.refusal(dir)).isEmpty();
  }

  /** Kubernetes and docker make volumes that belong to root and the group of the container. */
  @ParameterizedTest
  @ValueSource(strings = {"rwxrwx---", "rwxrwxr-x"})
  void aHomeOfRootThatTheGroupMayWriteToIsUsed(String mode) throws IOException {
    Path volume = rootsDirectory(mode);

    assertThat(FileOwner.refusal(volume, ANOTHER)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"rwxrwxrwx", "rwxr-xrwx"})
  void aHomeThatEveryUserMayWriteToIsRefusedWithADirectoryInIt(String mode) throws IOException {
    Path volume = rootsDirectory(mode);

    assertThat(FileOwner.refusal(volume, ANOTHER))
        .contains("Every user may write")
        .contains("--home " + volume.resolve("dragonfly"));
    Files.setAttribute(volume, "unix:mode", 01777); // others cannot delete, but be first
    assertThat(FileOwner.refusal(volume, ANOTHER)).contains("Every user may write");
  }

  @Test
  void aHomeOfRootAloneAndOneOfAnotherUserAreRefused() throws IOException {
    assertThat(FileOwner.refusal(rootsDirectory("rwxr-xr-x"), ANOTHER)).contains("belongs to user");
    Path home = Files.createDirectory(dir.resolve("home"));
    Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxrwx---"));
    giveAway(home);
    assertThat(FileOwner.refusal(home, ANOTHER)).contains("belongs to user");
  }

  private Path rootsDirectory(String mode) throws IOException {
    Path directory = Files.createDirectory(dir.resolve("root"));
    Assumptions.assumeTrue(Files.getAttribute(directory, "unix:uid").equals(0), "not run by root");
    return Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString(mode));
  }

  @Test
  void aHomeThatIsNotThereIsNobodysYet() {
    assertThat(FileOwner.refusal(dir.resolve("none"), ANOTHER)).isEmpty();
    assertThat(FileOwner.isMine(dir.resolve("none"))).isFalse();
  }

  @Test
  void theOwnerOfALinkIsNotThatOfItsTarget() throws IOException {
    Path link = Files.createSymbolicLink(dir.resolve("link"), dir.resolve("none"));

    assertThat(FileOwner.isMine(link)).isTrue();
  }

  @Test
  void rootUsesNoHomeOfAnotherUser() throws IOException {
    Path home = Files.createDirectory(dir.resolve("home"));
    giveAway(home);

    assertThat(FileOwner.refusal(home)).contains("belongs to user");
    assertThat(FileOwner.isMine(home)).isFalse();
  }

  /** Gives a file to another user, which only root can. */
  public static void giveAway(Path file) {
    try {
      Files.setAttribute(file, "unix:uid", 65534);
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
      Assumptions.abort("only root can give a file away");
    }
  }
}

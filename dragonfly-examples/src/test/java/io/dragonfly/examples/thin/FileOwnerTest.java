package io.dragonfly.examples.thin;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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

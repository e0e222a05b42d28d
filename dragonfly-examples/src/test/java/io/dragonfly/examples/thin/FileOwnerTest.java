package io.dragonfly.examples.thin;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

public class FileOwnerTest {
  @TempDir Path dir;

  @Test
  void aFileThatIsNotThereIsNobodys() {
    assertThat(FileOwner.isMine(dir.resolve("none"))).isFalse();
  }

  @Test
  void theOwnerOfALinkIsNotThatOfItsTarget() throws IOException {
    Path link = Files.createSymbolicLink(dir.resolve("link"), dir.resolve("none"));

    assertThat(FileOwner.isMine(link)).isTrue();
  }

  @Test
  void aFileOfAnotherUserIsNotMine() throws IOException {
    Path file = Files.createFile(dir.resolve("file"));
    giveAway(file);

    assertThat(FileOwner.isMine(file)).isFalse();
  }

  /** Gives a file, or a link itself, to another user, which only root can. */
  public static void giveAway(Path file) {
    try {
      Files.setAttribute(file, "unix:uid", 65533, LinkOption.NOFOLLOW_LINKS);
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
      Assumptions.abort("only root can give a file away");
    }
  }
}

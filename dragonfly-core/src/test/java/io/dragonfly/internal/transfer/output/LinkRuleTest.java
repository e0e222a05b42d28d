package io.dragonfly.internal.transfer.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.error.OutputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LinkRuleTest {
  private static final String ME = "1000";

  @TempDir private Path dir;
  private final Map<Path, String> owners = new HashMap<>();
  private int mode;
  private final LinkRule rule =
      new LinkRule(
          ME,
          new LinkRule.Attributes() {
            @Override
            public String owner(Path path) {
              return owners.get(path);
            }

            @Override
            public int mode(Path directory) {
              return directory.equals(dir) ? mode : 0755;
            }
          });

  @BeforeEach
  void realPath() throws IOException {
    dir = dir.toRealPath();
  }

  @ParameterizedTest(name = "mode {0}, directory of {1}, link of {2}: {3}")
  @CsvSource({
    "1777, 0, 1001, false",
    "1777, 0, 1000, true",
    "1777, 0, 0, true",
    "1777, 1001, 1001, true",
    "0777, 0, 1001, true",
    "1775, 0, 1001, true",
    "0755, 0, 1001, true"
  })
  void isThatOfTheKernel(String modeOfDirectory, String directory, String link, boolean follows)
      throws IOException {
    mode = Integer.parseInt(modeOfDirectory, 8);
    owners.put(dir, directory);
    Path output = Files.createSymbolicLink(dir.resolve("link"), dir.resolve("real"));
    owners.put(output, link);

    if (follows) {
      assertThat(rule.follow(output)).isEqualTo(dir.resolve("real"));
    } else {
      assertThatThrownBy(() -> rule.follow(output))
          .isInstanceOf(OutputException.class)
          .hasMessageContaining("is a link of another user");
    }
  }

  @Test
  void holdsForLinksBehindLinks() throws IOException {
    mode = 01777;
    owners.put(dir, "0");
    owners.put(Files.createSymbolicLink(dir.resolve("theirs"), dir.resolve("real")), "1001");
    Path own = Files.createDirectory(dir.resolve("own"));
    Path output = Files.createSymbolicLink(own.resolve("mine"), Path.of("../theirs"));

    assertThatThrownBy(() -> rule.follow(output)).isInstanceOf(OutputException.class);
  }

  @Test
  void holdsForOutputs() throws IOException {
    Path shared = Files.createDirectory(dir.resolve("shared"));
    Path link =
        Files.createSymbolicLink(shared.resolve("link"), Files.createFile(dir.resolve("f")));
    try {
      Files.setAttribute(shared, "unix:mode", 01777);
      Files.setAttribute(link, "unix:uid", 65533, LinkOption.NOFOLLOW_LINKS);
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
      Assumptions.abort("only root can give a link away");
    }

    assertThatThrownBy(() -> Outputs.check(link, Optional.empty()))
        .isInstanceOf(OutputException.class)
        .hasMessageContaining("is a link of another user");
  }
}

package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.examples.CommandLab.Running;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's first command. */
class QuickstartIT {
  @TempDir Path dir;
  private CommandLab lab;

  @BeforeEach
  void start() {
    lab = new CommandLab(dir);
  }

  @AfterEach
  void stop() throws Exception {
    lab.close();
  }

  @Test
  void showsOneFileReachingFourPeers() throws Exception {
    Running quickstart = lab.start("quickstart", "--mib", "32");

    assertThat(quickstart.exitCode(Duration.ofMinutes(2))).as(quickstart.err()).isZero();
    assertThat(quickstart.out().lines().filter(l -> l.startsWith("peer") && l.endsWith(" ok")))
        .hasSize(4);
    assertThat(quickstart.out()).contains("The source sent 1.000 copies of the file for 4 peers.");
    assertNoChildIsLeft(quickstart);
  }

  @Test
  void endsItsChildrenWhenItIsEndedAndWhenItIsKilled() throws Exception {
    for (String signal : List.of("TERM", "KILL")) {
      Running quickstart = lab.start("quickstart", "--mib", "2000", "--dir", "q-" + signal);
      quickstart.awaitOut("source has sent");
      List<ProcessHandle> children = quickstart.process().descendants().toList();
      assertThat(children).hasSizeGreaterThanOrEqualTo(4);

      new ProcessBuilder("kill", "-" + signal, Long.toString(quickstart.process().pid()))
          .start()
          .waitFor();

      assertThat(quickstart.exitCode(Duration.ofSeconds(20))).isIn(143, 137);
      Awaitility.await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> children.stream().noneMatch(ProcessHandle::isAlive));
    }
  }

  @Test
  void doesNotEmptyADirectoryThatItHasNotMade() throws Exception {
    Path mine = Files.createDirectory(dir.resolve("mine"));
    Files.writeString(mine.resolve("precious"), "x");

    Running quickstart = lab.start("quickstart", "--mib", "1", "--dir", mine.toString());

    assertThat(quickstart.exitCode(Duration.ofSeconds(30))).isNotZero();
    assertThat(mine.resolve("precious")).exists();
    assertThat(quickstart.err()).contains("give another --dir");
  }

  private static void assertNoChildIsLeft(Running quickstart) {
    assertThat(quickstart.process().descendants()).isEmpty();
  }
}

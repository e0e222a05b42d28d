package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.dragonfly.examples.CommandLab.Running;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The README's first command. */
@Tag("slow")
class QuickstartIT {
  @TempDir Path dir;
  private CommandLab lab;

  @BeforeEach
  void start() throws IOException {
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
      Running quickstart = lab.start("quickstart", "--mib", "500", "--dir", "q-" + signal);
      quickstart.awaitOut("source has sent");
      List<ProcessHandle> children = quickstart.process().descendants().toList();
      assertThat(children).hasSizeGreaterThanOrEqualTo(4);

      new ProcessBuilder("kill", "-" + signal, Long.toString(quickstart.process().pid()))
          .start()
          .waitFor();

      assertThat(quickstart.exitCode(Duration.ofSeconds(60))).isIn(143, 137);
      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> children.stream().noneMatch(ProcessHandle::isAlive));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"40x24", "200x50,4:80x24,8:60x10"})
  void drawsTheSwarmOnATerminal(String sizes) throws Exception {
    JsonNode seen = Terminal.run(lab, sizes, "quickstart", List.of("--mib", "32"));

    assertThat(seen.get("exit").asInt()).isZero();
    assertThat(seen.get("tooLong").asInt()).isZero();
    assertThat(seen.get("frames").asInt()).isGreaterThan(3);
    String raw = seen.get("raw").asText();
    assertThat(raw).contains("peer1   [").contains("peer4   [").contains("copies");
    for (String name : List.of("screen", "brokenScreen")) {
      List<String> screen = Terminal.lines(seen.get(name));
      assertThat(screen).as(name).noneMatch(line -> line.contains("█") || line.contains("░"));
      assertThat(String.join(" ", screen).replaceAll(" +", " "))
          .contains("The source sent 1.000 copies of the file for 4 peers.");
    }
  }

  @Test
  void controlCEndsAllProcesses() throws Exception {
    Path show = dir.resolve("show");

    JsonNode seen =
        Terminal.runWithKey(
            lab,
            "80x24",
            "peer4   [:\\x03",
            "quickstart",
            List.of("--mib", "1000", "--dir", show.toString()));

    assertThat(seen.get("exit").asInt()).isEqualTo(130);
    assertThat(show.resolve("peer4.log")).as("it had begun").exists();
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () ->
                ProcessHandle.allProcesses()
                    .noneMatch(p -> p.info().commandLine().orElse("").contains(show.toString())));
  }

  @Test
  void saysWhatRoomIsMissingBeforeItStarts() throws Exception {
    Running quickstart = lab.start("quickstart", "--mib", "1048576", "--dir", "huge");

    assertThat(quickstart.exitCode(Duration.ofSeconds(60))).isEqualTo(2);
    assertThat(quickstart.err())
        .containsPattern("quickstart: .* has room for .*, and 6 copies of 1.0 TiB need 6.0 TiB")
        .doesNotContain("Exception");
    assertThat(quickstart.out()).isEmpty();
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

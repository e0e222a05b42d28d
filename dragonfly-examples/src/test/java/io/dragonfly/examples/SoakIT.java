package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.dragonfly.examples.CommandLab.Running;
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

/** The command that lets faults happen to a swarm. */
@Tag("slow")
class SoakIT {
  @TempDir Path dir;
  private CommandLab lab;

  @BeforeEach
  void start() throws Exception {
    lab = new CommandLab(dir);
  }

  @AfterEach
  void stop() {
    lab.close();
  }

  @Test
  void aMinuteOfFaultsHarmsNobody() throws Exception {
    Running soak = lab.start("soak", "--minutes", "0.75", "--seed", "3", "--json", "--dir", "s");

    int code = soak.exitCode(Duration.ofMinutes(8));
    JsonNode report = soak.json();
    assertThat(code).as(report.toPrettyString()).isZero();
    assertThat(report.get("clean").asBoolean()).isTrue();
    assertThat(report.get("right").asInt()).isGreaterThanOrEqualTo(10);
    assertThat(report.get("wrong").asInt()).isZero();
    assertThat(report.get("faults").size()).isGreaterThan(3);
    assertThat(soak.process().descendants()).isEmpty();
  }

  @Test
  void itEndsAllThatItStartedHoweverItEnds() throws Exception {
    for (String signal : List.of("TERM", "KILL")) {
      Running soak = lab.start("soak", "--minutes", "5", "--dir", "s-" + signal);
      Awaitility.await()
          .atMost(Duration.ofMinutes(2))
          .until(() -> soak.process().descendants().count() >= 12);
      List<ProcessHandle> children = soak.process().descendants().toList();

      new ProcessBuilder("kill", "-" + signal, Long.toString(soak.process().pid()))
          .start()
          .waitFor();

      assertThat(soak.exitCode(Duration.ofSeconds(30))).isIn(143, 137);
      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> children.stream().noneMatch(ProcessHandle::isAlive));
    }
  }

  @Test
  void doesNotEmptyADirectoryThatItHasNotMadeAndSaysWhatItCannotDo() throws Exception {
    Files.writeString(Files.createDirectory(dir.resolve("mine")).resolve("precious"), "x");

    Running mine = lab.start("soak", "--minutes", "1", "--dir", "mine");
    Running never = lab.start("soak", "--minutes", "0");

    assertThat(mine.exitCode(Duration.ofSeconds(30))).isEqualTo(2);
    assertThat(mine.err()).contains("give another --dir").doesNotContain("Exception");
    assertThat(dir.resolve("mine/precious")).exists();
    assertThat(never.exitCode(Duration.ofSeconds(30))).isEqualTo(2);
    assertThat(never.err()).contains("--minutes must be more than 0");
  }
}

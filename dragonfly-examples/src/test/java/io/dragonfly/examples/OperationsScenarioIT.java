package io.dragonfly.examples;

import static java.util.concurrent.TimeUnit.MINUTES;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.examples.CommandLab.Running;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The scenario that the operators' page tells them to repeat, as it stands there. */
@Tag("slow")
class OperationsScenarioIT {
  private static final Path PAGE = Path.of("../src/site/markdown/operations.md");
  private static final Pattern SCENARIO =
      Pattern.compile("(?s)\n## A scenario to repeat\n(?:(?!\n## ).)*?\n```sh\n(.*?\n)```\n");
  private static final Pattern ECHO = Pattern.compile("(?m)^echo \"(.*)\"$");
  private static final List<Integer> PORTS = List.of(18002, 19000);

  @TempDir Path dir;

  @Test
  void endsAsPromised() throws Exception {
    String scenario = scenario();
    for (int port : PORTS) {
      assertThat(scenario).as("the ports that are looked at").contains(":" + port);
      Assumptions.assumeTrue(isFree(port), "port " + port + " of the scenario is taken");
    }
    Assumptions.assumeTrue(
        new ProcessBuilder("python3", "--version").start().waitFor() == 0, "there is no python3");
    Path script = Files.writeString(dir.resolve("scenario.sh"), scenario);
    Path distribution = CommandLab.program("dfget").getParent().getParent();
    String run = "cd \"$0\" && TMPDIR=\"$1\" exec sh \"$2\"";

    try (CommandLab lab = new CommandLab(dir)) {
      Running shell =
          lab.startProgram(
              List.of("sh", "-c", run, distribution.toString(), dir.toString(), script.toString()));
      try {
        int code = shell.exitCode(Duration.ofMinutes(5));

        assertThat(code).as("%s%s", shell.out(), shell.err()).isZero();
        assertThat(shell.out().lines()).endsWith("all as promised");
        assertThat(shell.out().lines()).containsSubsequence(steps(scenario));
      } finally {
        shell.process().descendants().forEach(ProcessHandle::destroyForcibly);
      }
    }
    for (int port : PORTS) {
      // The scenario kills its processes at the end without waiting for their deaths.
      Awaitility.await("port " + port + " is free again")
          .atMost(1, MINUTES)
          .until(() -> isFree(port));
    }
  }

  private static String scenario() throws IOException {
    Matcher block = SCENARIO.matcher(Files.readString(PAGE));
    assertThat(block.find()).as("the page has the scenario").isTrue();
    return block.group(1);
  }

  /** What a reader is told on the way. */
  private static List<String> steps(String scenario) {
    return ECHO.matcher(scenario).results().map(echo -> echo.group(1)).toList();
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getByName("127.0.0.1"))) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }
}

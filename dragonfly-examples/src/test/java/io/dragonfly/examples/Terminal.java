package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/** A terminal in which a command runs; skipped where there is no Python to make one. */
final class Terminal {
  private static final Path SCRIPT =
      Path.of("src", "test", "resources", "terminal.py").toAbsolutePath();

  private Terminal() {}

  /**
   * Runs one of our commands to its end and returns what terminal.py says of it.
   *
   * @param sizes the terminal's sizes and their times, as terminal.py takes them
   */
  static JsonNode run(CommandLab lab, String sizes, String command, List<String> arguments)
      throws Exception {
    return start(lab, sizes, List.of(), command, arguments, "C.UTF-8").json();
  }

  /**
   * Runs one of our commands, and has a key pressed: {@code TEXT:KEY} once it has written a text.
   */
  static JsonNode runWithKey(
      CommandLab lab, String sizes, String key, String command, List<String> arguments)
      throws Exception {
    return start(lab, sizes, List.of("--key", key), command, arguments, "C").json();
  }

  private static CommandLab.Running start(
      CommandLab lab,
      String sizes,
      List<String> options,
      String command,
      List<String> arguments,
      String locale)
      throws Exception {
    Assumptions.assumeTrue(hasPython(), "python3 is not installed");
    List<String> line = new ArrayList<>();
    line.addAll(List.of("env", "LC_ALL=" + locale, "python3", SCRIPT.toString(), sizes));
    line.addAll(options);
    line.addAll(List.of("--", CommandLab.program(command).toString()));
    line.addAll(arguments);
    CommandLab.Running running = lab.startProgram(line);
    assertThat(running.exitCode(Duration.ofMinutes(5))).as(running.err()).isZero();
    return running;
  }

  private static boolean hasPython() throws InterruptedException {
    try {
      return new ProcessBuilder("python3", "-c", "import pty, fcntl, termios").start().waitFor()
          == 0;
    } catch (IOException e) {
      return false;
    }
  }

  /** Returns the lines of a screen. */
  static List<String> lines(JsonNode screen) {
    List<String> lines = new ArrayList<>();
    screen.forEach(line -> lines.add(line.asText()));
    return lines;
  }
}

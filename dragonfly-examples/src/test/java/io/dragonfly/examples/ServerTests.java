package io.dragonfly.examples;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.examples.CommandLab.Running;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Calls of dfget with a home, which have a server there, and a source that can be held. */
abstract class ServerTests {
  static final Duration SOON = Duration.ofSeconds(60);

  @TempDir Path dir;
  CommandLab lab;
  WebSource source;
  Path home;

  @BeforeEach
  void begin() throws IOException {
    lab = new CommandLab(dir);
    source = new WebSource();
    home = dir.resolve("home");
  }

  @AfterEach
  void end() {
    lab.close();
    source.close();
  }

  Running dfget(String path, String output, String... more) throws IOException {
    List<String> arguments = new ArrayList<>();
    arguments.addAll(List.of("--url", source.url(path)));
    arguments.addAll(List.of("--output", dir.resolve(output).toString()));
    arguments.addAll(List.of("--home", home.toString()));
    arguments.addAll(List.of(more));
    return lab.start("dfget", arguments.toArray(String[]::new));
  }

  void assertGood(Running call, String output, byte[] content) throws Exception {
    assertThat(call.exitCode(SOON)).as(call.err()).isZero();
    assertThat(dir.resolve(output)).hasBinaryContent(content);
  }

  Path socket() {
    return home.resolve("run/peer.sock");
  }

  long pid() throws IOException {
    return Long.parseLong(Files.readString(home.resolve("lock")).trim());
  }

  List<Long> servers() {
    return ProcessHandle.allProcesses()
        .filter(process -> arguments(process).contains("ServerMain"))
        .filter(process -> arguments(process).contains(home.toString()))
        .map(ProcessHandle::pid)
        .toList();
  }

  /** Not ProcessHandle.Info: that has no arguments where they are longer than a page. */
  static String arguments(ProcessHandle process) {
    try {
      return Files.readString(Path.of("/proc", Long.toString(process.pid()), "cmdline"), ISO_8859_1)
          .replace('\0', ' ');
    } catch (IOException e) {
      return ""; // it has ended
    }
  }
}

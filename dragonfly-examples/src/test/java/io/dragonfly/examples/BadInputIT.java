package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.examples.CommandLab.Running;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A few of BadInputTest's cases as processes: exit codes, streams, and a disk that is full. */
class BadInputIT {
  private static final Duration SOON = Duration.ofSeconds(60);

  @TempDir Path dir;
  private CommandLab lab;

  @BeforeEach
  void start() throws IOException {
    lab = new CommandLab(dir);
  }

  @AfterEach
  void stop() {
    lab.close();
  }

  @Test
  void aFailureIsTheExitCodeAndOneLine() throws Exception {
    String head = "HTTP/1.1 404 Not Found\nContent-Length: 0\n\n";
    try (RudeServer source = new RudeServer(head, 0, RudeServer.Then.CLOSE)) {
      Running missing = start("missing", source.url());
      Running usage = start("usage", source.url(), "--no-such-flag");

      assertFails(missing, 11, "not_found");
      assertThat(usage.exitCode(SOON)).as(usage.err()).isEqualTo(2);
      assertThat(usage.err()).contains("Try 'dfget --help'").doesNotContain("\tat ");
    }
  }

  @Test
  void aFullDiskIsSaidWithTheBytesThatAreMissing() throws Exception {
    Path small = Files.createDirectory(dir.resolve("small"));
    Assumptions.assumeTrue(mount(small), "this user cannot mount a tmpfs");
    String head = "HTTP/1.1 200 OK\nETag: \"a\"\nContent-Length: 100000000\n\n";
    try (RudeServer source = new RudeServer(head, 100_000_000, RudeServer.Then.CLOSE)) {
      String node = lab.supernode("supernode", 0).address();
      Running alone = start("small/alone", source.url());
      Running swarm = start("small/swarm", source.url(), "--node", node);

      assertFails(alone, 15, "no_space");
      assertFails(swarm, 15, "no_space");
    } finally {
      stop();
      run("umount", small.toString());
    }
  }

  private Running start(String home, String url, String... more) throws IOException {
    List<String> arguments = new ArrayList<>(List.of("--url", url, "--output", "out.bin"));
    arguments.addAll(List.of("--home", dir.resolve(home).toString(), "--json"));
    arguments.addAll(List.of(more));
    return lab.start("dfget", arguments.toArray(String[]::new));
  }

  private void assertFails(Running dfget, int code, String kind) throws Exception {
    assertThat(dfget.exitCode(SOON)).as(dfget.err()).isEqualTo(code);
    assertThat(dfget.json().at("/error/kind").asText()).isEqualTo(kind);
    assertThat(dfget.err().lines().filter(BadInputIT::isSaid)).hasSize(1);
    assertThat(dfget.err()).doesNotContain("\tat ").doesNotContain("Exception");
    assertThat(dir.resolve("out.bin")).doesNotExist();
  }

  /** A slow machine may have to wait for the server first, which is said too. */
  private static boolean isSaid(String line) {
    return line.startsWith("dfget: ") && !line.startsWith("dfget: waiting for the background peer");
  }

  private static boolean mount(Path at) throws Exception {
    return run("mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", at.toString()) == 0;
  }

  private static int run(String... command) throws Exception {
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start()
        .waitFor();
  }
}

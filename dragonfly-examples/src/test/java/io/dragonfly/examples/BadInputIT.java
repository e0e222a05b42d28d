package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.examples.CommandLab.Running;
import io.dragonfly.examples.CommandLab.SupernodeProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What goes wrong has its own exit code and one line on stderr, leaves no partial file, shows no
 * stack trace, and ends in time; with a supernode and without.
 */
class BadInputIT {
  private static final Duration SOON = Duration.ofSeconds(30);

  @TempDir Path dir;
  private CommandLab lab;
  private Path output;

  @BeforeEach
  void start() throws IOException {
    lab = new CommandLab(dir);
    output = dir.resolve("out.bin");
  }

  @AfterEach
  void stop() throws Exception {
    lab.close();
  }

  @ParameterizedTest
  @CsvSource({
    "404 Not Found, 11, not_found, false",
    "404 Not Found, 11, not_found, true",
    "401 Unauthorized, 10, access_refused, false",
    "401 Unauthorized, 10, access_refused, true",
    "500 Oops, 12, source_failed, false",
    "500 Oops, 12, source_failed, true"
  })
  void anErrorOfTheSourceIsToldApart(String status, int code, String kind, boolean supernode)
      throws Exception {
    String head =
        "HTTP/1.1 " + status + "\nWWW-Authenticate: Basic realm=\"x\"\nContent-Length: 0\n\n";
    try (RudeServer source = new RudeServer(head, 0, RudeServer.Then.CLOSE)) {
      Running dfget = dfget(source.url(), supernode);

      assertFails(dfget, code, kind, SOON);
      assertThat(dfget.json().at("/error/status").asText())
          .isEqualTo(code == 11 ? "" : status.substring(0, 3));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aBodyThatIsAlwaysShorterThanAnnouncedIsNoFile(boolean supernode) throws Exception {
    String head = "HTTP/1.1 200 OK\nETag: \"a\"\nContent-Length: 1000000\n\n";
    try (RudeServer source = new RudeServer(head, 500_000, RudeServer.Then.CLOSE)) {
      assertFails(dfget(source.url(), supernode), 12, "source_failed", Duration.ofSeconds(90));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aBodyThatIsLongerThanAnnouncedIsNoFile(boolean supernode) throws Exception {
    String head = "HTTP/1.1 200 OK\nETag: \"a\"\nContent-Length: 200000\n\n";
    try (RudeServer source = new RudeServer(head, 500_000, RudeServer.Then.CLOSE)) {
      assertFails(dfget(source.url(), supernode), 12, "source_failed", Duration.ofSeconds(90));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aSourceThatFallsSilentIsLeftInTime(boolean supernode) throws Exception {
    String head = "HTTP/1.1 200 OK\nETag: \"a\"\nContent-Length: 1000000\n\n";
    try (RudeServer source = new RudeServer(head, 500_000, RudeServer.Then.FALL_SILENT)) {
      Running dfget = dfget(source.url(), supernode, "--timeout", "5s");

      assertFails(dfget, 21, "time_limit", Duration.ofSeconds(15));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aHostThatCannotBeReachedIsNamed(boolean supernode) throws Exception {
    Running dfget = dfget("http://127.0.0.1:" + closedPort() + "/file.bin", supernode);

    assertFails(dfget, 12, "source_failed", Duration.ofSeconds(60));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aDigestThatDoesNotMatchKeepsNothing(boolean supernode) throws Exception {
    String head = "HTTP/1.1 200 OK\nETag: \"a\"\nContent-Length: 300000\n\n";
    try (RudeServer source = new RudeServer(head, 300_000, RudeServer.Then.CLOSE)) {
      Running dfget = dfget(source.url(), supernode, "--digest", "sha256:" + "0".repeat(64));

      assertFails(dfget, 14, "digest_mismatch", SOON);
    }
  }

  @Test
  void anOutputDirectoryThatIsNotThereIsSaidBeforeAnythingIsFetched() throws Exception {
    output = dir.resolve("no/such/dir/out.bin");

    assertFails(dfget("http://127.0.0.1:1/file.bin", false), 19, "output", SOON);
  }

  @Test
  void anOutputThatIsADirectoryIsRefused() throws Exception {
    output = Files.createDirectory(dir.resolve("directory"));

    Running dfget = dfget("http://127.0.0.1:1/file.bin", false);

    assertThat(dfget.exitCode(SOON)).isEqualTo(19);
    assertThat(output).isEmptyDirectory();
  }

  @Test
  void aSupernodeAddressWhereNothingListensIsSaid() throws Exception {
    Running dfget = start("http://127.0.0.1:1/file.bin", "--node", "127.0.0.1:" + closedPort());

    assertFails(dfget, 17, "supernode_unreachable", SOON);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--no-such-flag",
        "--timeout=soon",
        "--locallimit=fast",
        "--pattern=torrent",
        "--digest=abc",
        "--header=novalue",
        "--node=:::",
        "--md5=xyz"
      })
  void aWrongCommandLineIsUsage(String argument) throws Exception {
    Running dfget = start("http://127.0.0.1:1/file.bin", argument);

    assertThat(dfget.exitCode(SOON)).as(dfget.err()).isEqualTo(2);
    assertThat(dfget.err().lines().count()).as(dfget.err()).isEqualTo(2);
    assertThat(dfget.err()).contains("Try 'dfget --help'").doesNotContain("\tat ");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aFullDiskIsSaidWithTheBytesThatAreMissing(boolean supernode) throws Exception {
    Path small = Files.createDirectory(dir.resolve("small"));
    Assumptions.assumeTrue(mount(small), "this user cannot mount a tmpfs");
    try {
      String head = "HTTP/1.1 200 OK\nETag: \"a\"\nContent-Length: 100000000\n\n";
      try (RudeServer source = new RudeServer(head, 100_000_000, RudeServer.Then.CLOSE)) {
        List<String> more = new ArrayList<>(List.of("--home", small.resolve("home").toString()));
        if (supernode) {
          more.addAll(List.of("--node", lab.supernode("supernode", 0).address()));
        }
        Running dfget = start(source.url(), more.toArray(String[]::new));

        assertFails(dfget, 15, "no_space", SOON);
      }
    } finally {
      stop();
      run("umount", small.toString());
    }
  }

  private Running dfget(String url, boolean supernode, String... more) throws Exception {
    List<String> arguments = new ArrayList<>(List.of(more));
    if (supernode) {
      SupernodeProcess process = lab.supernode("supernode", 0);
      arguments.addAll(List.of("--node", process.address()));
    }
    return start(url, arguments.toArray(String[]::new));
  }

  private Running start(String url, String... more) throws Exception {
    List<String> arguments =
        new ArrayList<>(List.of("--url", url, "--output", output.toString(), "--json"));
    arguments.addAll(List.of(more));
    if (!arguments.contains("--home")) {
      arguments.addAll(List.of("--home", dir.resolve("home").toString()));
    }
    return lab.start("dfget", arguments.toArray(String[]::new));
  }

  private void assertFails(Running dfget, int code, String kind, Duration limit) throws Exception {
    assertThat(dfget.exitCode(limit)).as(dfget.err()).isEqualTo(code);
    assertThat(dfget.json().at("/error/kind").asText()).isEqualTo(kind);
    assertThat(dfget.err().lines().filter(line -> line.startsWith("dfget: "))).hasSize(1);
    assertThat(dfget.err()).doesNotContain("\tat ").doesNotContain("Exception");
    assertThat(output).doesNotExist();
    if (Files.isDirectory(output.getParent())) {
      try (var files = Files.list(output.getParent())) {
        assertThat(files.map(p -> p.getFileName().toString()))
            .noneMatch(name -> name.startsWith("out.bin") || name.startsWith(".out.bin"));
      }
    }
  }

  private static int closedPort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      return socket.getLocalPort();
    }
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

package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.examples.command.FakeCall;
import io.dragonfly.examples.dfget.DfgetMain;
import io.dragonfly.examples.dfget.PeerHost;
import io.dragonfly.examples.dfget.PeerSettings;
import io.dragonfly.examples.dfget.RunningFetches;
import io.dragonfly.testkit.FreePorts;
import io.dragonfly.testkit.LeakCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What goes wrong has its own exit code and one line on stderr, leaves no partial file, and shows
 * no stack trace; with a supernode and without. The command runs in the process of the test, where
 * a source that gets no further, and a lost supernode, are given up after some seconds.
 */
@ExtendWith(LeakCheck.class)
@Timeout(30)
class BadInputTest {
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  @TempDir private Path dir;
  private @Nullable Supernode supernode;
  private FakeCall call;

  @AfterEach
  void endSupernode() {
    if (supernode != null) {
      supernode.close();
    }
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
  void anErrorOfTheSourceIsToldApart(String status, int code, String kind, boolean swarm)
      throws Exception {
    String head =
        "HTTP/1.1 " + status + "\nWWW-Authenticate: Basic realm=\"x\"\nContent-Length: 0\n\n";
    try (RudeServer source = new RudeServer(head, 0, RudeServer.Then.CLOSE)) {
      assertFails(dfget(source.url(), swarm), code, kind);
      assertThat(call.json().at("/error/status").asText()).isEqualTo(status.substring(0, 3));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aBodyThatIsAlwaysShorterThanAnnouncedIsNoFile(boolean swarm) throws Exception {
    String head = "HTTP/1.1 200 OK\nETag: \"a\"\nContent-Length: 1000000\n\n";
    try (RudeServer source = new RudeServer(head, 500_000, RudeServer.Then.CLOSE)) {
      assertFails(dfget(source.url(), swarm), 12, "source_failed");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whyTheSourceIsAskedAgainIsSaidMeanwhile(boolean swarm) throws Exception {
    String head = "HTTP/1.1 200 OK\nETag: \"a\"\nContent-Length: 1000000\n\n";
    try (RudeServer source = new RudeServer(head, 500_000, RudeServer.Then.CLOSE)) {
      assertThat(dfget(source.url(), swarm, "--json=false")).isEqualTo(12);
    }
    assertThat(call.said().lines().toList())
        .hasSizeGreaterThanOrEqualTo(2)
        .first()
        .asString()
        .startsWith("dfget: the source failed and is asked again: ")
        .contains("file.bin");

    try (Stream<Path> fetches = Files.list(dir.resolve("home/history"))) {
      assertThat(fetches).singleElement().satisfies(BadInputTest::tellsOfRetries);
    }
  }

  private static void tellsOfRetries(Path history) throws IOException {
    assertThat(history).content().containsIgnoringCase("source_retried");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aBodyThatIsLongerThanAnnouncedIsNoFile(boolean swarm) throws Exception {
    String head = "HTTP/1.1 200 OK\nETag: \"a\"\nContent-Length: 200000\n\n";
    try (RudeServer source = new RudeServer(head, 500_000, RudeServer.Then.CLOSE)) {
      assertFails(dfget(source.url(), swarm), 12, "source_failed");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aSourceThatFallsSilentIsLeftInTime(boolean swarm) throws Exception {
    String head = "HTTP/1.1 200 OK\nETag: \"a\"\nContent-Length: 1000000\n\n";
    try (RudeServer source = new RudeServer(head, 500_000, RudeServer.Then.FALL_SILENT)) {
      assertFails(dfget(source.url(), swarm, "--timeout", "1s"), 21, "time_limit");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aHostThatCannotBeReachedIsNamed(boolean swarm) throws Exception {
    String url = "http://127.0.0.1:" + FreePorts.next() + "/file.bin";

    assertFails(dfget(url, swarm), 12, "source_failed");
    assertThat(call.said()).contains("127.0.0.1");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aDigestThatDoesNotMatchKeepsNothing(boolean swarm) throws Exception {
    String head = "HTTP/1.1 200 OK\nETag: \"a\"\nContent-Length: 300000\n\n";
    try (RudeServer source = new RudeServer(head, 300_000, RudeServer.Then.CLOSE)) {
      int code = dfget(source.url(), swarm, "--digest", "sha256:" + "0".repeat(64));

      assertFails(code, 14, "digest_mismatch");
    }
  }

  @Test
  void anOutputDirectoryThatIsNotThereIsSaidBeforeAnythingIsFetched() throws Exception {
    int code = run("--url", "http://127.0.0.1:1/file.bin", "--output", "no/such/dir/out.bin");

    assertFails(code, 19, "output");
  }

  @Test
  void anOutputThatIsADirectoryIsRefused() throws Exception {
    Path directory = Files.createDirectory(dir.resolve("directory"));

    assertThat(run("--url", "http://127.0.0.1:1/file.bin", "--output", "directory")).isEqualTo(19);
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void aSupernodeAddressWhereNothingListensIsSaid() throws Exception {
    int code =
        dfget("http://127.0.0.1:1/file.bin", false, "--node", "127.0.0.1:" + FreePorts.next());

    assertFails(code, 17, "supernode_unreachable");
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
    assertThat(dfget("http://127.0.0.1:1/file.bin", false, argument)).isEqualTo(2);

    assertThat(call.said().lines().count()).as(call.said()).isEqualTo(2);
    assertThat(call.said()).contains("Try 'dfget --help'").doesNotContain("\tat ");
  }

  private int dfget(String url, boolean swarm, String... more) {
    List<String> arguments = new ArrayList<>(List.of("--url", url, "--output", "out.bin"));
    if (swarm) {
      supernode = startSupernode();
      arguments.addAll(
          List.of("--node", "127.0.0.1:" + supernode.address().orElseThrow().getPort()));
    }
    arguments.addAll(List.of(more));
    return run(arguments.toArray(String[]::new));
  }

  private Supernode startSupernode() {
    return new Supernode(
        SupernodeConfig.builder()
            .homeDir(dir.resolve("supernode"))
            .port(0)
            .sourceGiveUp(PATIENCE)
            .build());
  }

  private int run(String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    if (!all.contains("--json=false")) {
      all.add("--json");
    }
    all.addAll(List.of("--home", "home"));
    call = new FakeCall(dir, all);
    // A supernode gives up first; a peer alone shortly before the fetch ends for want of bytes.
    int times = all.contains("--node") ? 10 : 3;
    return DfgetMain.run(call, new Impatient(PATIENCE.multipliedBy(times)));
  }

  private void assertFails(int code, int expected, String kind) throws IOException {
    assertThat(code).as(call.said()).isEqualTo(expected);
    assertThat(call.json().at("/error/kind").asText()).isEqualTo(kind);
    assertThat(call.said().lines().filter(line -> line.startsWith("dfget: "))).hasSize(1);
    assertThat(call.said()).doesNotContain("\tat ").doesNotContain("Exception");
    try (Stream<Path> files = Files.list(dir)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .noneMatch(name -> name.contains("out.bin"));
    }
  }

  /** A peer in this process that does not wait as long as one usually does. */
  private static final class Impatient implements PeerHost {
    private final Duration noProgress;

    Impatient(Duration noProgress) {
      this.noProgress = noProgress;
    }

    @Override
    public boolean outlivesCalls() {
      return false;
    }

    @Override
    public Lease lend(PeerSettings settings) {
      ClientConfig wanted = settings.client();
      DistributionClient client =
          new DistributionClient(
              ClientConfig.builder()
                  .home(wanted.home().orElseThrow())
                  .supernodes(wanted.supernodes())
                  .noProgressTimeout(noProgress)
                  .backToSourceDelay(PATIENCE)
                  .build());
      RunningFetches running = new RunningFetches();
      return new Lease() {
        @Override
        public DistributionClient client() {
          return client;
        }

        @Override
        public RunningFetches running() {
          return running;
        }

        @Override
        public void serveOn() {}

        @Override
        public void close() {
          client.close();
        }
      };
    }
  }
}

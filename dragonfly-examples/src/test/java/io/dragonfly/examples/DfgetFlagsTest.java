package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.examples.command.FakeCall;
import io.dragonfly.examples.dfget.DfgetMain;
import io.dragonfly.examples.dfget.PeerHost;
import io.dragonfly.examples.dfget.PeerSettings;
import io.dragonfly.examples.dfget.RunningFetches;
import io.dragonfly.testkit.LeakCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What each flag of dfget does, with a peer that outlives the calls. */
@ExtendWith(LeakCheck.class)
@Timeout(30)
class DfgetFlagsTest {
  private static final int LENGTH = 300_000;

  @TempDir private Path dir;
  private RudeServer source;
  private KeptPeer host;
  private FakeCall call;
  private int code;

  @BeforeEach
  void start() throws IOException {
    source = sourceOf(LENGTH);
    host = new KeptPeer(dir.resolve("home"));
  }

  @AfterEach
  void end() throws IOException {
    host.close();
    source.close();
  }

  private static RudeServer sourceOf(int length) throws IOException {
    return new RudeServer(
        "HTTP/1.1 200 OK\nETag: \"a\"\nContent-Length: " + length + "\n\n",
        length,
        RudeServer.Then.CLOSE);
  }

  @Test
  void theOutputIsTheLastElementOfTheUrlInTheCallersDirectory() {
    run("-u", source.url());

    assertThat(code).as(call.said()).isZero();
    assertThat(dir.resolve("file.bin")).hasSize(LENGTH);
    assertThat(call.printed()).isEmpty();
    assertThat(call.said()).startsWith("dfget: 293.0 KiB in ").contains("from the source");
  }

  @Test
  void whatNobodyKnowsCannotBeExplained() {
    run("explain", "nothing");

    assertThat(code).isEqualTo(2);
    assertThat(call.said().lines().toList())
        .hasSize(2)
        .allMatch(line -> line.length() < 120)
        .first()
        .asString()
        .isEqualTo(
            "dfget: no fetch of 'nothing' is known here: give its path, or a task of 'dfget cache"
                + " ls'");
  }

  @ParameterizedTest
  @CsvSource({
    "/a%20b.bin, a b.bin",
    "/dir/file.bin?name=x/y, file.bin",
    "/file.bin#part, file.bin",
    "/%C3%BC.bin, \u00fc.bin"
  })
  void theNameIsDecoded(String path, String name) {
    run("-u", source.url().replace("/file.bin", path));

    assertThat(code).as(call.said()).isZero();
    assertThat(dir.resolve(name)).hasSize(LENGTH);
  }

  @ParameterizedTest
  @CsvSource({"0, rw-rw-rw-", "18, rw-r--r--", "23, rw-r-----", "63, rw-------"})
  void theFileHasTheModeOfTheCallersNewFiles(int umask, String mode) throws IOException {
    call = new FakeCall(dir, "-u", source.url()).umask(umask);

    code = DfgetMain.run(call, host);

    assertThat(code).as(call.said()).isZero();
    assertThat(Files.getPosixFilePermissions(dir.resolve("file.bin")))
        .isEqualTo(PosixFilePermissions.fromString(mode));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "/dir/",
        "/..",
        "/%2e%2e",
        "/..%2fout",
        "/a%2fb",
        "/a%5cb",
        "/%00",
        "/%0a",
        "/."
      })
  void aNameThatLeadsElsewhereIsNone(String path) {
    run("-u", source.url().replace("/file.bin", path));

    assertThat(code).isEqualTo(2);
    assertThat(call.said()).startsWith("dfget: the URL gives no file name: give --output\n");
  }

  @ParameterizedTest
  @CsvSource({
    "'', --url is missing: say what to fetch",
    "file:///etc/passwd, --url must begin with http:// or https://",
    "host/file, --url must begin with http:// or https://",
    "'http://h/a b', --url is no URL: Illegal character in path at character 11",
    "http:///file, --url has no valid host name or address",
    "http:/file, --url has no valid host name or address"
  })
  void whatIsNoUrlIsSaid(String url, String message) {
    run("--url", url, "--output", "out.bin");

    assertThat(code).isEqualTo(2);
    assertThat(call.said().lines().toList()).hasSize(2).first().isEqualTo("dfget: " + message);
  }

  @ParameterizedTest
  @CsvSource({"'', 2", "out/, 2", "., 19", "no/dir/out, 19"})
  void whatIsNoOutputIsSaid(String output, int expected) {
    run("--url", source.url(), "--output", output);

    assertThat(code).as(call.said()).isEqualTo(expected);
    assertThat(call.said()).startsWith("dfget: ").doesNotContain("Exception");
  }

  @Test
  void stdoutGetsTheBytesAndStderrTheJson() throws IOException {
    run("--url", source.url(), "--output", "-", "--json", "--callsystem", "nightly");

    assertThat(code).as(call.said()).isZero();
    assertThat(call.printedBytes()).isEqualTo(new byte[LENGTH]);
    JsonNode json = lastLine(call.said());
    assertThat(json.at("/output").asText()).isEqualTo("-");
    assertThat(json.at("/bytesFromSource").asInt()).isEqualTo(LENGTH);
    assertThat(json.at("/callsystem").asText()).isEqualTo("nightly");
  }

  @Test
  void stdoutGetsNoWrongLastPieceAndStderrTheFailure() throws IOException {
    run("--url", source.url(), "-o", "-", "--json", "--md5", "0".repeat(32));

    assertThat(code).isEqualTo(14);
    assertThat(call.printedBytes().length).isLessThan(LENGTH);
    assertThat(lastLine(call.said()).at("/error/kind").asText()).isEqualTo("digest_mismatch");
  }

  @Test
  void stdoutThatNobodyReadsEndsTheFetch() throws IOException {
    String head = "HTTP/1.1 200 OK\nETag: \"a\"\nContent-Length: %d\n\n".formatted(LENGTH);
    try (RudeServer silent = new RudeServer(head, LENGTH - 1, RudeServer.Then.FALL_SILENT)) {
      FakeCall deaf = new FakeCall(dir, "--url", silent.url(), "--output", "-");
      deaf.leave();
      call = deaf;

      code = DfgetMain.run(deaf, host);
    }

    assertThat(code).isEqualTo(130);
    run("limit");
    assertThat(call.printed()).doesNotContain("task");
  }

  @Test
  void jsonTellsWhereTheBytesCameFrom() {
    run("--url", source.url() + "?token=secret", "--json", "--output", "out.bin");

    JsonNode json = call.json();
    assertThat(code).as(call.said()).isZero();
    assertThat(call.printed().lines()).hasSize(1);
    assertThat(json.at("/url").asText()).isEqualTo(source.url());
    assertThat(json.at("/output").asText()).isEqualTo(dir.resolve("out.bin").toString());
    assertThat(json.at("/task").asText()).matches("[0-9a-f]{64}");
    assertThat(json.at("/length").asInt()).isEqualTo(LENGTH);
    assertThat(json.at("/seconds").isNumber()).isTrue();
    assertThat(json.at("/bytesFromPeers").asInt()).isZero();
    assertThat(json.at("/bytesFromSupernode").asInt()).isZero();
    assertThat(json.at("/bytesFromSource").asInt()).isEqualTo(LENGTH);
    assertThat(json.at("/parents").isArray()).isTrue();
    assertThat(json.has("digest")).isFalse();
    assertThat(json.has("error")).isFalse();
  }

  @Test
  void jsonHasTheDigestThatWasGiven() {
    run("--url", source.url(), "--json", "--md5", "5D4DA4A4F4C5AEB1E3DAA9D54DD4BB1F");
    String actual =
        call.json().at("/error/message").asText().replaceAll(".*md5:(\\w+), but.*", "$1");

    run(
        "--url",
        source.url(),
        "--json",
        "--digest",
        "MD5:" + actual.toUpperCase(java.util.Locale.ROOT));

    assertThat(call.json().at("/digest").asText()).isEqualTo("md5:" + actual);
  }

  @Test
  void jsonTellsOfUsageErrorsToo() {
    run("--url", source.url(), "--json", "--timeout", "soon");

    assertThat(code).isEqualTo(2);
    assertThat(call.json().at("/error/kind").asText()).isEqualTo("usage");
    assertThat(call.json().at("/error/message").asText()).contains("'soon' is no time");
    assertThat(call.json().at("/url").asText()).isEqualTo(source.url());
  }

  /** The mistake is found before the command line is read. */
  @ParameterizedTest
  @CsvSource({"--url URL", "--url=URL", "-u URL", "-uURL", "-u=URL"})
  void jsonNamesTheUrlWhateverIsWrong(String words) throws IOException {
    Files.writeString(dir.resolve("dfget.yml"), "ouput: x\n");
    String url = source.url() + "?token=secret";
    List<String> all = new ArrayList<>(List.of("--json", "--config", "dfget.yml"));
    all.addAll(List.of(words.replace("URL", url).split(" ")));

    run(all.toArray(String[]::new));

    assertThat(code).isEqualTo(2);
    assertThat(call.json().at("/error/message").asText()).contains("'ouput'");
    assertThat(call.json().at("/url").asText()).isEqualTo(source.url());
    run("--ouput", "x", "--json", "-u", url);
    assertThat(call.json().at("/url").asText()).isEqualTo(source.url());
  }

  @ParameterizedTest
  @CsvSource({
    "--ip=999.1.1.1, '999.1.1.1' is no IP address",
    "--ip=host, 'host' is no IP address",
    "--port=99999, '99999' is no port",
    "--node=a:b:c, 'a:b:c' is no address",
    "'--node=a=1,b=2', --node has different weights",
    "--locallimit=fast, 'fast' is no rate",
    "--totallimit=-1, '-1' is no rate",
    "--minrate=1X, '1X' is no rate",
    "'--locallimit=2K|--minrate=3K', --locallimit is less than --minrate",
    "--timeout=soon, 'soon' is no time",
    "--alivetime=x, 'x' is no time",
    "--expiretime=x, 'x' is no time",
    "--pattern=torrent, 'torrent' is not p2p",
    "--digest=abc, digest 'abc' has no algorithm",
    "--md5=xyz, a md5 digest has 32",
    "--header=novalue, --header: a header is not 'Name: value'",
    "--header=@none, --header: there is no file none",
    "--header=@, --header: '@' needs the name of a file",
    "--cacerts=none, --cacerts: there is no file none",
    "--cacerts=/dev/null, --cacerts: /dev/null has no certificate in PEM",
    "--log-format=xml, 'xml' is not text or json",
    "--insecure=maybe, 'maybe' is not a boolean",
    "--ouput=x, 'there is no option ''--ouput'', did you mean ''--output''?'",
    "--notbs, '''--notbs'' is of Dragonfly 1: the supernode decides'",
    "--dfdaemon, '''--dfdaemon'' is of Dragonfly 1: it was a label'",
    "--clientqueue=6, '''--clientqueue'' is of Dragonfly 1: what waits for the disk'",
    "version, '''version'' is of Dragonfly 1: write --version'",
    "http://h/f, '''http://h/f'' is not expected here, write ''--url'' before it'",
    "srever, '''srever'' is not expected here, did you mean ''server''?'",
    "server, '''server'' is not expected here, write ''dfget server --home H'''"
  })
  void aWrongFlagIsOneClearLine(String argument, String message) {
    List<String> all = new ArrayList<>(List.of("--url", source.url(), "--output", "out.bin"));
    all.addAll(List.of(argument.split("\\|")));
    run(all.toArray(String[]::new));

    assertThat(code).as(call.said()).isEqualTo(2);
    assertThat(call.said().lines().toList()).hasSize(2);
    assertThat(call.said()).contains(message).contains("Try 'dfget --help'");
    assertThat(call.said()).doesNotContain("Exception").doesNotContain("java.");
    assertThat(source.heads()).isEmpty();
  }

  @Test
  void headersComeFromTheCommandLineAFileAndStdin() throws IOException {
    Files.writeString(
        dir.resolve("headers"), "# who asks\nAuthorization: Bearer secret\n\n  X-Two:  2 \r\n");
    call =
        new FakeCall(
                dir,
                "--url",
                source.url(),
                "--header",
                "X-One: 1, 2",
                "--header",
                "@" + dir.resolve("headers"),
                "--header",
                "@-")
            .file("/dev/stdin", "X-Three: 3\n");

    code = DfgetMain.run(call, host);

    assertThat(code).as(call.said()).isZero();
    assertThat(source.heads().get(0))
        .contains("X-One: 1, 2\r\n", "Authorization: Bearer secret\r\n")
        .contains("X-Two: 2\r\n", "X-Three: 3\r\n");
  }

  @Test
  void aWrongLineOfAHeaderFileIsNamedAndNotShown() throws IOException {
    Files.writeString(dir.resolve("headers"), "A: b\nsecret\n");

    run("--url", source.url(), "--header", "@headers");

    assertThat(call.said()).startsWith("dfget: headers line 2: a header is not 'Name: value'\n");
    assertThat(call.said()).doesNotContain("secret");
  }

  @Test
  void aHeaderWithALineBreakIsRefused() {
    run("--url", source.url(), "--header", "A: b\nC: d");

    assertThat(code).isEqualTo(2);
    assertThat(source.heads()).isEmpty();
  }

  @Test
  void parametersThatAreFilteredMakeNoOtherTask() {
    run("--url", source.url() + "?v=1&sig=a&time=1", "--filter", "sig&time", "--json");
    String task = call.json().at("/task").asText();

    run("--url", source.url() + "?v=1&sig=b&time=2", "-f", "time&sig&", "--json");

    assertThat(call.json().at("/task").asText()).isEqualTo(task);
  }

  @Test
  void anIdentifierMakesAnotherTask() {
    run("--url", source.url(), "--json");
    String task = call.json().at("/task").asText();

    run("--url", source.url(), "--json", "--identifier", "v2");

    assertThat(call.json().at("/task").asText()).isNotEqualTo(task);
  }

  @Test
  void zeroIsNoLimit() {
    run("--url", source.url(), "-s", "0", "--minrate", "0", "-e", "0", "--totallimit", "0");

    assertThat(code).as(call.said()).isZero();
  }

  @Test
  void theSwitchesOfVersion1AreTaken() {
    run("--url", source.url(), "-b", "--console", "--verbose", "--insecure", "-p", "source");

    assertThat(code).as(call.said()).isZero();
    assertThat(call.said()).contains("[main]").contains(" for a call");
    assertThat(call.said()).contains("warning: --insecure checks no certificate of the source");
  }

  @Test
  void theConsoleShowsTheLogWithTheLabelOnStderr() {
    run("--url", source.url(), "--console", "--callsystem", "nightly");

    assertThat(call.said().lines().filter(line -> line.contains(" INFO ")))
        .anyMatch(line -> line.contains("file.bin for 'nightly'"))
        .noneMatch(line -> line.contains("DEBUG"));
    assertThat(call.printed()).isEmpty();
    run("--url", source.url(), "--output", "quiet");
    assertThat(call.said()).doesNotContain("INFO");
  }

  @Test
  void theConsoleSpeaksJsonIfItIsToldTo() throws IOException {
    run("--url", source.url(), "--console", "--log-format", "json");

    String line = call.said().lines().filter(l -> l.contains("is fetched to")).findFirst().get();
    JsonNode event = new ObjectMapper().readTree(line);
    assertThat(event.at("/level").asText()).isEqualTo("INFO");
    assertThat(event.at("/message").asText()).contains(source.url());
  }

  @Test
  void theBarIsShownWhereThereIsNoTerminalIfItIsAskedFor() throws IOException {
    try (RudeServer slow = sourceOf(LENGTH)) {
      run("--url", slow.url(), "--showbar", "--locallimit", "300K");
    }

    assertThat(code).as(call.said()).isZero();
    assertThat(call.said()).contains("\r").contains("100");
  }

  @Test
  void settingsComeFromTheCallersEnvironmentAndFile() throws IOException {
    Files.writeString(dir.resolve("dfget.yml"), "output: from-file\ncallsystem: file\n");
    call =
        new FakeCall(dir, "--url", source.url(), "--config", "dfget.yml", "--json")
            .variable("DRAGONFLY_CALLSYSTEM", "environment");

    code = DfgetMain.run(call, host);

    assertThat(code).as(call.said()).isZero();
    assertThat(dir.resolve("from-file")).hasSize(LENGTH);
    assertThat(call.json().at("/callsystem").asText()).isEqualTo("environment");
  }

  @Test
  void theDefaultsThatApplyArePrinted() {
    run("--print-config");

    assertThat(code).as(call.said()).isZero();
    assertThat(call.printed().lines())
        .contains(
            "# node: none, the file comes from its source # default",
            "# reserve-bytes: 5 percent of the disk, at most 256M # default",
            "# task-ttl: 7d # default",
            "# queue-timeout: 1h # default",
            "# alivetime: 5m # default",
            "# locallimit: no limit # default",
            "pattern: p2p # default")
        .anyMatch(line -> line.matches("# home: /.*/dragonfly/peer # default"));
  }

  @Test
  void noFileHasTheDataDirectory() throws IOException {
    Files.writeString(dir.resolve("dfget.yml"), "home: /var/lib/peer\n");

    run("--url", source.url(), "--config", "dfget.yml");

    assertThat(code).isEqualTo(2);
    assertThat(call.said())
        .startsWith("dfget: dfget.yml line 1: 'home' is not for a configuration file")
        .contains("use --home or DRAGONFLY_HOME");
  }

  @Test
  void theFileOfVersion1IsRefusedWithWhatToWrite() throws IOException {
    Files.writeString(dir.resolve("dfget.yml"), "nodes:\n- 192.0.2.10\nlocalLimit: 20M\n");

    run("--url", source.url(), "--config", "dfget.yml");

    assertThat(code).isEqualTo(2);
    assertThat(call.said())
        .startsWith("dfget: dfget.yml line 1: 'nodes' is of Dragonfly 1: write 'node'\n");
  }

  @Test
  void limitShowsAndChangesWhatRuns() throws Exception {
    FakeCall slow =
        new FakeCall(dir, "-u", source.url(), "-s", "10K", "--callsystem", "nightly", "--json");
    CompletableFuture<Integer> fetch =
        CompletableFuture.supplyAsync(() -> DfgetMain.run(slow, host));
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .until(
            () -> {
              run("limit");
              return call.printed().matches("(?s).*task [0-9a-f]{12} .*");
            });
    assertThat(call.printed())
        .startsWith("totallimit none\n")
        .contains(" locallimit 10.0 KiB/s " + source.url() + " for nightly\n");
    String task = call.printed().replaceAll("(?s).*task (\\w+) .*", "$1");

    run("limit", task, "--locallimit", "0");

    assertThat(code).as(call.said()).isZero();
    assertThat(call.printed()).contains("task " + task + " locallimit none ");
    assertThat(fetch.get(15, TimeUnit.SECONDS)).isZero();
    run("limit");
    assertThat(call.printed()).doesNotContain("task");
  }

  @Test
  void limitChangesTheHostsLimit() {
    run("limit", "--totallimit", "20M");
    assertThat(code).as(call.said()).isZero();
    assertThat(call.printed()).isEqualTo("totallimit 20.0 MiB/s\nhost       20.0 MiB/s\n");
    run("limit", "--totallimit", "0");
    assertThat(call.printed()).isEqualTo("totallimit none\nhost       none\n");
  }

  @ParameterizedTest
  @CsvSource({
    "abcd, TASK and --locallimit go together",
    "--locallimit=1M, TASK and --locallimit go together",
    "abcd --locallimit=1M, no fetch of a task abcd runs",
    "xyz --locallimit=1M, TASK must be 4 to 64",
    "--totallimit=fast, 'fast' is no rate",
    "--node=a, there is no option '--node'"
  })
  void limitSaysWhatIsWrong(String arguments, String message) {
    List<String> all = new ArrayList<>(List.of("limit"));
    all.addAll(List.of(arguments.split(" ")));

    run(all.toArray(String[]::new));

    assertThat(code).isEqualTo(2);
    assertThat(call.said()).contains(message).contains("Try 'dfget limit --help'");
  }

  private void run(String... arguments) {
    call = new FakeCall(dir, arguments);
    code = DfgetMain.run(call, host);
  }

  private static JsonNode lastLine(String text) throws IOException {
    List<String> lines = text.lines().toList();
    return new ObjectMapper().readTree(lines.get(lines.size() - 1));
  }

  /** A peer that all calls of a test share, as those of a server do. */
  private static final class KeptPeer implements PeerHost, AutoCloseable {
    private final DistributionClient client;
    private final RunningFetches running = new RunningFetches();

    KeptPeer(Path home) {
      client =
          new DistributionClient(
              ClientConfig.builder().home(home).limitDir(home.resolveSibling("limit")).build());
    }

    @Override
    public boolean outlivesCalls() {
      return true;
    }

    @Override
    public Lease lend(PeerSettings wanted) {
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
        public void close() {}
      };
    }

    @Override
    public void close() {
      client.close();
    }
  }
}

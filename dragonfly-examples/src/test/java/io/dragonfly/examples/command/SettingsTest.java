package io.dragonfly.examples.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

class SettingsTest {
  @TempDir private Path dir;
  private Path file;

  @BeforeEach
  void write() throws IOException {
    file = dir.resolve("settings.yml");
  }

  /** A command that tells what its options are. */
  @Command(name = "tell", mixinStandardHelpOptions = true, sortOptions = false)
  static final class Tell implements Callable<Integer>, Described {
    @Option(
        names = {"--port", "-p"},
        defaultValue = "8002",
        converter = Addresses.PortConverter.class)
    int port;

    @Option(names = "--idle-time", converter = Units.TimeConverter.class)
    Duration idleTime = Duration.ZERO;

    @Option(names = "--node", split = ",", converter = Addresses.NodeConverter.class)
    List<Addresses.Node> nodes = new ArrayList<>();

    @Option(names = "--header", split = "\u0000")
    List<String> headers = new ArrayList<>();

    @Option(names = "--url")
    String url = "";

    @Option(names = "--zone")
    String zone = "";

    @Option(names = "--insecure", arity = "0..1", fallbackValue = "true")
    boolean insecure;

    @Option(names = "--json", arity = "0..1", fallbackValue = "true")
    boolean json;

    @Override
    public boolean hasSettings() {
      return true;
    }

    @Override
    public Map<String, String> replaced() {
      return Map.of("--old", "use --port", "oldPort", "write 'port'", "--very-old", "use --port");
    }

    @Override
    public Map<String, String> misplaced() {
      return Map.of("serve", "tell serve --home H");
    }

    @Override
    public Set<String> settingsOfOthers() {
      return Set.of("theirs");
    }

    @Override
    public Integer call() {
      return ExitCode.OK;
    }
  }

  private Tell tell = new Tell();

  private FakeCall run(String... arguments) {
    return run(new FakeCall(dir, arguments));
  }

  private FakeCall run(FakeCall call) {
    tell = new Tell();
    code = Commands.run(tell, call);
    return call;
  }

  private int code;

  @Test
  void anOldNameOfAnOptionStillWorks() throws IOException {
    run("--idc", "a");
    assertThat(tell.zone).isEqualTo("a");
    run("--idc=b=c");
    assertThat(tell.zone).isEqualTo("b=c");
    run(new FakeCall(dir).variable("DRAGONFLY_IDC", "d"));
    assertThat(tell.zone).isEqualTo("d");
    run(new FakeCall(dir).variable("DRAGONFLY_IDC", "d").variable("DRAGONFLY_ZONE", "e"));
    assertThat(tell.zone).isEqualTo("e");
    Files.writeString(file, "idc: f\n");
    run("--config", "settings.yml");
    assertThat(tell.zone).isEqualTo("f");
    assertThat(run("--help").printed()).contains("--zone").doesNotContain("--idc");
  }

  @Test
  void anOptionIsNotSetByTwoNames() throws IOException {
    assertThat(run("--idc", "a", "--zone", "b").said()).contains("--zone");
    assertThat(code).isEqualTo(ExitCode.USAGE);
    Files.writeString(file, "zone: a\nidc: b\n");
    assertThat(run("--config", "settings.yml").said())
        .contains("settings.yml line 2: 'idc' is another name of 'zone', which is set in")
        .contains("settings.yml line 1");
    assertThat(code).isEqualTo(ExitCode.USAGE);
  }

  @Test
  void aFlagWinsOverTheEnvironmentThatWinsOverTheFile() throws IOException {
    Files.writeString(file, "port: 1\nidle-time: 1h30m\n");

    run("--config", "settings.yml");
    assertThat(tell.port).isEqualTo(1);
    run(new FakeCall(dir, "--config=settings.yml").variable("DRAGONFLY_PORT", "2"));
    assertThat(tell.port).isEqualTo(2);
    assertThat(tell.idleTime).isEqualTo(Duration.ofMinutes(90));
    run(new FakeCall(dir, "--config=settings.yml", "-p", "3").variable("DRAGONFLY_PORT", "2"));
    assertThat(tell.port).isEqualTo(3);
    run();
    assertThat(tell.port).isEqualTo(8002);
  }

  @Test
  void theEnvironmentNamesTheFileToo() throws IOException {
    Files.writeString(file, "idle-time: 5s\n");

    run(new FakeCall(dir).variable("DRAGONFLY_CONFIG", "settings.yml"));

    assertThat(tell.idleTime).isEqualTo(Duration.ofSeconds(5));
  }

  @Test
  void aNameWithADashHasAnUnderscoreInTheEnvironment() {
    run(new FakeCall(dir).variable("DRAGONFLY_IDLE_TIME", "7s"));

    assertThat(tell.idleTime).isEqualTo(Duration.ofSeconds(7));
  }

  @Test
  void listsComeFromAllThree() throws IOException {
    Files.writeString(file, "node: [192.0.2.1, '192.0.2.2:9']\nheader:\n- 'A: b, c'\n- 'D: e'\n");

    run("--config", "settings.yml");
    assertThat(tell.nodes).hasSize(2);
    assertThat(tell.headers).containsExactly("A: b, c", "D: e");
    run(new FakeCall(dir).variable("DRAGONFLY_NODE", "192.0.2.3,192.0.2.4"));
    assertThat(tell.nodes).hasSize(2);
    run(new FakeCall(dir).variable("DRAGONFLY_HEADER", "A: b, c\nD: e"));
    assertThat(tell.headers).containsExactly("A: b, c", "D: e");
    run("--config", "settings.yml", "--header", "X: y\nZ: 1");
    assertThat(tell.headers).containsExactly("X: y\nZ: 1");
  }

  @Test
  void aSwitchIsSetInTheFileAndTakenBackByAFlag() throws IOException {
    Files.writeString(file, "insecure: true\n");

    run("--config", "settings.yml");
    assertThat(tell.insecure).isTrue();
    run("--config", "settings.yml", "--insecure");
    assertThat(tell.insecure).isTrue();
    run("--config", "settings.yml", "--insecure=false");
    assertThat(tell.insecure).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "port: 1\\nprot: 2            | line 2: there is no setting 'prot', did you mean 'port'?",
        "quite-something: 2           | line 1: there is no setting 'quite-something'",
        "oldPort: 2                   | line 1: 'oldPort' is of Dragonfly 1: write 'port'",
        "config: x                    | line 1: 'config' is for the command line only",
        "port: abc                    | line 1: Invalid value for option '--port': 'abc' is no port",
        "\\n\\nport: [1, 2]           | line 3: 'port' takes one value, not a list",
        "\\n\\nport:\\n- 1              | line 3: 'port' takes one value, not a list",
        "sth:\\n- [1]                  | line 1: there is no setting 'sth'",
        "sth:\\n  a: {b: 1}            | line 1: there is no setting 'sth'",
        "oldPort:\\n  - a: 1            | line 1: 'oldPort' is of Dragonfly 1: write 'port'",
        "veryOld: 2                   | line 1: 'veryOld' is of Dragonfly 1: use port",
        "very-old: 2                  | line 1: 'very-old' is of Dragonfly 1: use port",
        "node:\\n- a\\n\\n- b:x        | line 4: Invalid value for option '--node'",
        "node:\\n- a\\n- [b]            | line 3: 'node' must be one value, or a list of values",
        "node:\\n- a\\n-\\n- c          | line 3: 'node' has no value",
        "port:\\n\\n  a: 1              | line 1: 'port' must be one value, or a list of values",
        "port: 1\\nport: 2            | line 2: 'port' is set a second time, after line 1",
        "port: {a: 1}                 | line 1: 'port' must be one value, or a list of values",
        "node: [a, [b]]               | line 1: 'node' must be one value, or a list of values",
        "node: []                     | line 1: the list 'node' is empty",
        "port:                        | line 1: 'port' has no value",
        "insecure: maybe              | line 1: Invalid value for option '--insecure': 'maybe'",
        "port: 1\\n\\tnode: a         | line 2: found character '\\t(TAB)'",
        "port: 1\\n  node: a          | line 2: mapping values are not allowed here",
        "node: [a                     | line 1: expected ',' or ']'",
        "- port                       | line 1: 'name: value' is expected",
        "just words                   | line 1: 'name: value' is expected",
        "port: 1\\n---\\nport: 2      | line 3: a second document begins",
        "url: &a x\\nheader: *a       | line 2: 'header' refers to another value",
        "port: \\u00001               | line 1: special characters are not allowed"
      })
  void aWrongFileIsOneLineWithFileAndLine(String text, String message) throws IOException {
    Files.writeString(
        file, text.trim().replace("\\n", "\n").replace("\\t", "\t").replace("\\u0000", "\u0000"));

    FakeCall call = run("--config", "settings.yml", "--json");

    assertThat(code).as(call.said()).isEqualTo(ExitCode.USAGE);
    assertThat(call.said().lines().toList().get(0))
        .startsWith("tell: settings.yml " + message)
        .doesNotContain("Exception");
    assertThat(call.said().lines()).hasSize(2);
    assertThat(call.json().at("/error/kind").asText()).isEqualTo("usage");
    assertThat(call.json().at("/error/message").asText()).contains(message);
  }

  @Test
  void aFileThatCannotBeReadIsSaid() throws IOException {
    Files.createDirectory(dir.resolve("folder"));
    Files.write(dir.resolve("latin"), new byte[] {'a', (byte) 0xe4});
    Files.write(dir.resolve("large"), new byte[(1 << 20) + 1]);

    assertThat(run("--config", "none.yml").said()).startsWith("tell: there is no file none.yml\n");
    assertThat(run("--config", "folder").said()).startsWith("tell: folder is a directory");
    assertThat(run("--config", "latin").said()).startsWith("tell: latin is not UTF-8");
    assertThat(run("--config", "large").said()).startsWith("tell: large has more than 1 MiB");
  }

  @Test
  void aFileWithCommentsAloneSetsNothing() throws IOException {
    Files.writeString(file, "# port: 1\n");
    run("--config", "settings.yml");
    assertThat(code).isZero();
    Files.writeString(file, "");
    run("--config", "settings.yml");
    assertThat(code).isZero();
    assertThat(tell.port).isEqualTo(8002);
  }

  @Test
  void whatAnotherCommandReadsIsNoMistake() throws IOException {
    Files.writeString(file, "theirs: 1\n");

    run("--config", "settings.yml");

    assertThat(code).isZero();
  }

  @Test
  void helpNeedsNoGoodFile() throws IOException {
    Files.writeString(file, "nonsense");

    FakeCall call = run("--config", "settings.yml", "--help");

    assertThat(code).isZero();
    assertThat(call.printed()).startsWith("Usage: tell");
  }

  @Test
  void theHelpNamesTheFileOfItsCommand() {
    FakeCall call = run("--help");

    assertThat(code).isZero();
    assertThat(call.printed().replaceAll("\\s+", " "))
        .contains("Default: /etc/dragonfly/tell.yml, if it is there.");
  }

  @Test
  void aWrongVariableIsNamed() {
    FakeCall call = run(new FakeCall(dir).variable("DRAGONFLY_PORT", "high"));

    assertThat(code).isEqualTo(ExitCode.USAGE);
    assertThat(call.said())
        .startsWith("tell: DRAGONFLY_PORT: Invalid value for option '--port': 'high' is no port");
  }

  @Test
  void aWrongFlagIsNotTakenForTheFiles() throws IOException {
    Files.writeString(file, "port: 1\n");

    FakeCall call = run("--config", "settings.yml", "--port", "x");

    assertThat(call.said()).startsWith("tell: Invalid value for option '--port': 'x' is no port");
  }

  @Test
  void aVariableThatIsNearlyOursIsSaidAndOthersAreNot() {
    FakeCall call =
        run(
            new FakeCall(dir)
                .variable("DRAGONFLY_PROT", "1")
                .variable("DRAGONFLY_JAVA_OPTS", "-Xmx1g")
                .variable("DRAGONFLY_THEIRS", "1"));

    assertThat(code).isZero();
    assertThat(call.said())
        .isEqualTo("tell: DRAGONFLY_PROT is not read, did you mean DRAGONFLY_PORT?\n");
  }

  @Test
  void theUrlThatKubernetesSetsForAServiceIsNoPort() {
    run(new FakeCall(dir).variable("DRAGONFLY_PORT", "tcp://10.0.0.1:8002"));

    assertThat(code).isZero();
    assertThat(tell.port).isEqualTo(8002);
  }

  @ParameterizedTest
  @CsvSource({
    "--prot, 'there is no option ''--prot'', did you mean ''--port''?'",
    "--prot=3, 'there is no option ''--prot'', did you mean ''--port''?'",
    "--something-else, there is no option '--something-else'",
    "srve, '''srve'' is not expected here, did you mean ''serve''?'",
    "--old, '''--old'' is of Dragonfly 1: use --port'",
    "stray, '''stray'' is not expected here'"
  })
  void anUnknownWordIsAnErrorWithTheNearestName(String argument, String message) {
    FakeCall call = run(argument);

    assertThat(code).isEqualTo(ExitCode.USAGE);
    assertThat(call.said()).isEqualTo("tell: " + message + "\nTry 'tell --help'.\n");
  }

  @Test
  void printsEachSettingWithItsOriginAndNoSecret() throws IOException {
    Files.writeString(file, "# first\nnode: [192.0.2.1, 192.0.2.2]\nheader: 'Cookie: secret1'\n");
    FakeCall call =
        new FakeCall(
                dir,
                "--config=settings.yml",
                "--print-config",
                "--url",
                "https://user:secret2@host/file?token=secret3",
                "--insecure")
            .variable("DRAGONFLY_IDLE_TIME", "30s");

    run(call);

    assertThat(code).as(call.said()).isZero();
    assertThat(call.printed().lines())
        .containsExactly(
            "port: 8002 # default",
            "idle-time: 30s # DRAGONFLY_IDLE_TIME",
            "node: [192.0.2.1, 192.0.2.2] # settings.yml line 2",
            "# header: Cookie: (hidden) # settings.yml line 3",
            "url: https://host/file # --url",
            "# zone: not set # default",
            "insecure: true # --insecure",
            "json: false # default");
  }

  @Test
  void whatIsPrintedCanBeRead() throws IOException {
    FakeCall call = run("--print-config", "--node", "[::1]:5,a", "--url", "it's: # odd");
    Files.writeString(file, call.printed());

    run("--config", "settings.yml");

    assertThat(code).isZero();
    assertThat(tell.nodes).extracting(Addresses.Node::host).containsExactly("::1", "a");
  }
}

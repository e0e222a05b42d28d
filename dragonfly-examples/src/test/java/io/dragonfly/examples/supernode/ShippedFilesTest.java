package io.dragonfly.examples.supernode;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.examples.command.FakeCall;
import io.dragonfly.examples.dfdaemon.DfdaemonMain;
import io.dragonfly.examples.dfget.DfgetMain;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The units and Dockerfiles use commands, options, variables and files that there are. */
class ShippedFilesTest {
  private static final Path DIST = Path.of("src/main/dist");
  private static final Path SHARE = DIST.resolve("share");
  private static final String HOME = "/opt/dragonfly/";
  private static final Pattern OPTION = Pattern.compile("(?<![\\w-])--[a-z][a-z0-9-]*");
  private static final Pattern NOT_OURS =
      Pattern.compile("useradd|COPY|docker (build|run)|systemctl|With --network|curl");
  private static final Pattern VARIABLE = Pattern.compile("DRAGONFLY_([A-Z_]+)=");

  @TempDir private Path dir;

  static Stream<Path> files() throws IOException {
    List<Path> files = new ArrayList<>();
    for (String folder : List.of("systemd", "docker")) {
      try (Stream<Path> found = Files.list(SHARE.resolve(folder))) {
        found.forEach(files::add);
      }
    }
    return files.stream();
  }

  @ParameterizedTest
  @MethodSource("files")
  void theirOptionsAndVariablesAreThere(Path file) throws IOException {
    Set<String> options = options(file);
    String text = Files.readString(file);

    List<String> used =
        text.lines()
            .filter(line -> !NOT_OURS.matcher(line).find())
            .flatMap(line -> OPTION.matcher(line).results().map(MatchResult::group))
            .toList();
    List<String> variables =
        VARIABLE
            .matcher(text)
            .results()
            .map(found -> "--" + found.group(1).toLowerCase(Locale.ROOT).replace('_', '-'))
            .toList();

    assertThat(options).containsAll(used).containsAll(variables);
  }

  @ParameterizedTest
  @MethodSource("files")
  void theirCommandsAreThere(Path file) throws IOException {
    Pattern path = Pattern.compile(HOME + "(bin/\\w+)");

    List<String> commands =
        path.matcher(Files.readString(file)).results().map(found -> found.group(1)).toList();

    assertThat(commands).isNotEmpty().allMatch(command -> Files.exists(DIST.resolve(command)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"supernode.service", "dfget-server.service", "dfdaemon.service"})
  void systemdAcceptsTheUnit(String name) throws Exception {
    Assumptions.assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/systemd-analyze")), "systemd is not installed");
    Path unit = dir.resolve(name);
    Path home = DIST.toAbsolutePath();
    Files.writeString(
        unit, Files.readString(SHARE.resolve("systemd").resolve(name)).replace(HOME, home + "/"));

    Process process =
        new ProcessBuilder("systemd-analyze", "verify", "--man=no", unit.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);

    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(said).isZero();
    assertThat(said.lines().filter(line -> line.contains(name))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"supernode.Dockerfile", "dfget.Dockerfile"})
  void anImageHasWhatIsThereAndRunsAsNobodySpecial(String name) throws IOException {
    List<String> lines = Files.readAllLines(SHARE.resolve("docker").resolve(name));
    List<String> copied =
        lines.stream()
            .filter(line -> line.startsWith("COPY ") && !line.contains("--from"))
            .map(line -> line.split(" ")[1])
            .toList();

    assertThat(copied).containsExactlyInAnyOrder("bin", "lib", "libexec", "LICENSE");
    assertThat(lines).contains("USER 10001:10001");
    assertThat(lines.stream().filter(line -> line.startsWith("FROM "))).hasSize(2);
  }

  /** Options that the command of a file has; those of dfget server are among those of dfget. */
  private Set<String> options(Path file) {
    FakeCall help = new FakeCall(dir, "--help");
    String command = file.getFileName().toString().replaceFirst("[-.].*", "");
    int code =
        switch (command) {
          case "supernode" -> SupernodeMain.run(help);
          case "dfdaemon" -> DfdaemonMain.run(help);
          default -> DfgetMain.run(help, new NoPeer());
        };
    assertThat(code).isZero();
    return OPTION
        .matcher(help.printed())
        .results()
        .map(MatchResult::group)
        .collect(Collectors.toSet());
  }
}

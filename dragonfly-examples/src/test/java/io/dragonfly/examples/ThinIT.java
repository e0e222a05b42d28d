package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.examples.CommandLab.Running;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the command that people wait for costs: the classes that it loads, and their archive. */
@Tag("slow")
class ThinIT {
  private static final Duration SOON = Duration.ofSeconds(120);
  private static final Path DISTRIBUTION = Path.of("target", "dragonfly").toAbsolutePath();

  @TempDir Path dir;
  private CommandLab lab;
  private WebSource source;

  @BeforeEach
  void begin() throws IOException {
    lab = new CommandLab(dir);
    source = new WebSource();
  }

  @AfterEach
  void end() {
    lab.close();
    source.close();
  }

  @Test
  void loadsFewClassesAndNoneOfALibrary() throws Exception {
    assertThat(lab.start("dfget", call("first")).exitCode(SOON)).isZero();
    Path jar;
    try (var jars = Files.newDirectoryStream(DISTRIBUTION.resolve("lib"), "dragonfly-examples-*")) {
      jar = jars.iterator().next();
    }
    String version = jar.getFileName().toString().replaceAll("dragonfly-examples-|\\.jar", "");
    Path log = dir.resolve("classes");
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    line.addAll(List.of("-Xlog:class+load:file=" + log, "-Ddragonfly.version=" + version));
    String core = jar.resolveSibling("dragonfly-core-" + version + ".jar").toString();
    line.addAll(List.of("-cp", jar + ":" + core, "io.dragonfly.examples.thin.ThinMain"));
    line.addAll(List.of(call("second")));

    Running thin = lab.startProgram(line);

    assertThat(thin.exitCode(SOON)).as(thin.err()).isZero();
    List<String> classes =
        Files.readAllLines(log).stream()
            .filter(text -> text.contains(" source: "))
            .map(text -> text.replaceAll(".*\\] (\\S+) source: .*", "$1"))
            .toList();
    assertThat(classes)
        .contains("io.dragonfly.examples.thin.ThinMain")
        .allMatch(
            name ->
                name.matches(
                    "(java|javax|jdk|sun|io\\.dragonfly\\.(examples\\.thin|internal\\.home))\\..*"))
        .noneMatch(name -> name.startsWith("io.dragonfly") && name.contains("$$Lambda"));
    assertThat(classes.size()).isLessThan(1200);
  }

  @Test
  void aServerMakesTheArchiveOfADistributionThatWasMoved() throws Exception {
    Path moved = copyDistribution();

    Running first = lab.startProgram(line(moved, "first"));

    assertThat(first.exitCode(SOON)).as(first.err()).isZero();
    Awaitility.await()
        .atMost(Duration.ofMinutes(8)) // at the lowest priority
        .ignoreException(UncheckedIOException.class) // a file is renamed while they are listed
        .until(() -> archives(moved).size() == 2);
    Running second = lab.startProgram(line(moved, "second"));
    assertThat(second.exitCode(SOON)).as(second.err()).isZero();
    assertThat(second.out()).isEmpty();
  }

  @Test
  void prepareMakesTheArchivesAndOneThatDoesNotFitIsSilent() throws Exception {
    Path moved = copyDistribution();
    String dfget = moved.resolve("bin/dfget").toString();

    // Settings of the caller that make its own calls fail are none of the archives' business.
    Running prepare =
        lab.startProgram(List.of("env", "DRAGONFLY_CONFIG=none.yml", dfget, "--prepare"));

    assertThat(prepare.exitCode(SOON)).as(prepare.err()).isZero();
    assertThat(prepare.out()).isEmpty();
    List<Path> made = archives(moved);
    assertThat(made).hasSize(2);
    assertThat(made.get(0).resolveSibling("work")).doesNotExist();
    for (Path archive : made) {
      Files.deleteIfExists(archive);
      Files.writeString(archive, "not an archive");
    }
    Running call = lab.startProgram(line(moved, "out"));
    assertThat(call.exitCode(SOON)).as(call.err()).isZero();
    assertThat(call.out()).isEmpty();
    assertThat(call.err().lines()).allMatch(said -> said.startsWith("dfget: "));
  }

  /** What has been built is never written to: its archives are another process's. */
  private Path copyDistribution() throws Exception {
    Path copy = dir.resolve("moved");
    Running copying =
        lab.startProgram(List.of("cp", "-r", DISTRIBUTION.toString(), copy.toString()));
    assertThat(copying.exitCode(SOON)).isZero();
    Running clean = lab.startProgram(List.of("rm", "-rf", copy.resolve("cds").toString()));
    assertThat(clean.exitCode(SOON)).isZero();
    return copy;
  }

  private static List<Path> archives(Path distribution) throws IOException {
    Path cds = distribution.resolve("cds");
    if (!Files.isDirectory(cds)) {
      return List.of();
    }
    try (var files = Files.walk(cds)) {
      return files.filter(file -> file.toString().endsWith(".jsa")).toList();
    }
  }

  private List<String> line(Path distribution, String output) {
    List<String> line = new ArrayList<>();
    line.add(distribution.resolve("bin/dfget").toString());
    line.addAll(List.of(call(output)));
    return line;
  }

  private String[] call(String output) {
    return new String[] {
      "--url",
      source.url("/small"),
      "--output",
      dir.resolve(output).toString(),
      "--home",
      dir.resolve("home").toString()
    };
  }
}

package io.dragonfly.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs the start scripts with a {@code java} that prints its arguments, one a line. */
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {
  private static final Path DIST = Path.of("src/main/dist");

  @TempDir private Path dir;
  private Path home;
  private Path jdk;

  @BeforeEach
  void layOut() throws IOException {
    dir = dir.toRealPath();
    home = dir.resolve("a home");
    for (String file :
        List.of(
            "bin/supernode",
            "bin/dfget",
            "bin/quickstart",
            "bin/simulate",
            "bin/soak",
            "libexec/launch.sh")) {
      Files.createDirectories(home.resolve(file).getParent());
      Files.copy(DIST.resolve(file), home.resolve(file));
      executable(home.resolve(file));
    }
    Files.createDirectories(home.resolve("lib"));
    for (String jar : List.of("b.jar", "a.jar", "B.jar", "dragonfly-examples-1.2.jar")) {
      Files.createFile(home.resolve("lib").resolve(jar));
    }
    jdk = java("17.0.9", "for a in \"$@\"; do echo \"$a\"; done");
  }

  @Test
  void passesTheArgumentsOnAsTheyAre() throws Exception {
    Run run = run("dfget", Map.of(), "--url", "http://h/a b", "", "*");

    assertThat(run.exit).isZero();
    assertThat(run.out)
        .endsWith("io.dragonfly.examples.thin.ThinMain", "--url", "http://h/a b", "", "*");
  }

  @Test
  void leavesNoStreamClosedThatAFileCouldTakeThePlaceOf() throws Exception {
    jdk = java("17", "true 3<&0 && true 3>&2 && echo open");
    Path sh = Path.of("/bin/sh");
    String dfget = home.resolve("bin/dfget").toString();

    Run run = run(sh, Map.of(), "-c", "exec \"$0\" --url u <&- 2>&-", dfget);

    assertThat(run.out).containsExactly("open");
  }

  @Test
  void handsACallOverWithNoJarButItsOwnAndTheLibrarys() throws Exception {
    Run run = run("dfget", Map.of("JAVA_OPTS", "-Xmx9g"), "--url", "http://h/a");

    assertThat(run.out)
        .containsSequence(
            "-cp", home + "/lib/dragonfly-examples-1.2.jar:" + home + "/lib/dragonfly-core-1.2.jar")
        .contains("-Ddragonfly.version=1.2", "-Ddragonfly.distribution=" + home)
        .doesNotContain("-Xmx9g");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--help",
        "-h",
        "--version",
        "-V",
        "--url u --alivetime 0",
        "--alivetime=0s --url u",
        ""
      })
  void runsThePeerItselfWhereNoServerIsWanted(String line) throws Exception {
    String[] words = line.isEmpty() ? new String[0] : line.split(" ", -1);

    assertThat(run("dfget", Map.of(), words).out)
        .contains("io.dragonfly.examples.dfget.DfgetMain")
        .endsWith(words);
  }

  @Test
  void runsThePeerItselfWhenTheEnvironmentSaysSo() throws Exception {
    assertThat(run("dfget", Map.of("DRAGONFLY_ALIVETIME", "0"), "--url", "u").out)
        .contains("io.dragonfly.examples.dfget.DfgetMain");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--url u --alivetime 5m", "--alivetime 00 --url u", "--output 0 --url u"})
  void handsAllOtherCallsOver(String line) throws Exception {
    assertThat(run("dfget", Map.of(), line.split(" ", -1)).out)
        .contains("io.dragonfly.examples.thin.ThinMain");
  }

  @Test
  void makesArchivesByAMainOfItsOwn() throws Exception {
    assertThat(run("dfget", Map.of(), "--prepare").out)
        .contains("io.dragonfly.examples.server.PrepareMain");
  }

  @Test
  void usesTheArchiveOfItsPlaceAndOfItsJavaAlone() throws Exception {
    Path place = Files.createDirectories(Path.of(home + "/cds" + home + jdk));
    Files.createFile(place.resolve("thin-1.2-17.0.9.jsa"));
    Files.createFile(place.resolve("full-1.2-17.0.8.jsa"));

    assertThat(run("dfget", Map.of(), "--url", "u").out)
        .contains("-XX:SharedArchiveFile=" + place.resolve("thin-1.2-17.0.9.jsa"));
    assertThat(run("dfget", Map.of(), "server").out)
        .noneMatch(word -> word.startsWith("-XX:SharedArchiveFile"));
  }

  @Test
  void usesAnArchiveInTheUsersCache() throws Exception {
    Path cache = dir.resolve("cache");
    Path place = Files.createDirectories(Path.of(cache + "/dragonfly/cds" + home + jdk));
    Files.createFile(place.resolve("full-1.2-17.0.9.jsa"));

    assertThat(run("dfget", Map.of("XDG_CACHE_HOME", cache.toString()), "server").out)
        .contains("-XX:SharedArchiveFile=" + place.resolve("full-1.2-17.0.9.jsa"));
  }

  @Test
  void putsTheErrorFileOfAServerInItsHome() throws Exception {
    assertThat(run("dfget", Map.of(), "server", "--home", "/h a").out)
        .contains("-XX:ErrorFile=/h a/hs_err_%p.log");
    assertThat(run("supernode", Map.of(), "--home-dir=/s").out)
        .contains("-XX:ErrorFile=/s/hs_err_%p.log");
  }

  @Test
  void leavesTheCollectorToWhoeverChoosesOne() throws Exception {
    assertThat(run("dfget", Map.of(), "server").out).contains("-XX:+UseSerialGC");
    assertThat(run("dfget", Map.of("DRAGONFLY_JAVA_OPTS", "-XX:+UseZGC"), "server").out)
        .contains("-XX:+UseZGC")
        .doesNotContain("-XX:+UseSerialGC");
  }

  @Test
  void doesNotGiveOptionsThatAnOldJavaDoesNotKnow() throws Exception {
    String option = "-XX:TrimNativeHeapInterval=10000";
    assertThat(run("dfget", Map.of(), "server").out).contains(option);
    for (String old : List.of("17.0.8", "17.0.8.1", "17", "21", "20.0.1")) {
      jdk = java(old, "for a in \"$@\"; do echo \"$a\"; done");
      assertThat(run("dfget", Map.of(), "server").out).as(old).doesNotContain(option);
    }
    for (String newer : List.of("17.0.15", "21.0.1", "25")) {
      jdk = java(newer, "for a in \"$@\"; do echo \"$a\"; done");
      assertThat(run("dfget", Map.of(), "server").out).as(newer).contains(option);
    }
  }

  @Test
  void takesNothingOfItsOwnSettingsFromTheEnvironment() throws Exception {
    Map<String, String> environment =
        Map.of("mode", "thin", "tuning", "-Xbad", "collector", "-Xbad", "data", "/bad");
    assertThat(run("supernode", environment).out)
        .endsWith("io.dragonfly.examples.supernode.SupernodeMain")
        .doesNotContain("-Xbad", "-XX:ErrorFile=/bad/hs_err_%p.log");
  }

  @Test
  void runsTheServerInTheForeground() throws Exception {
    assertThat(run("dfget", Map.of(), "server", "--node", "h").out)
        .endsWith("io.dragonfly.examples.server.ServerMain", "--node", "h");
  }

  @Test
  void putsTheClassPathInOneOrderWhateverTheLocale() throws Exception {
    Run run = run("supernode", Map.of("LC_ALL", "en_US.UTF-8"));

    String lib = home + "/lib/";
    assertThat(run.out)
        .containsSequence(
            "-cp",
            String.join(
                ":",
                lib + "B.jar",
                lib + "a.jar",
                lib + "b.jar",
                lib + "dragonfly-examples-1.2.jar"),
            "io.dragonfly.examples.supernode.SupernodeMain");
  }

  @Test
  void leavesThePeersCodeToOneCompilerWithoutAWordOfIt() throws Exception {
    assertThat(run("dfget", Map.of(), "server", "--node", "h").out)
        .containsSubsequence(
            "-XX:+UnlockDiagnosticVMOptions",
            "-XX:-DisplayVMOutput",
            "-XX:CompilerDirectivesFile=" + home + "/libexec/compiling.json");
    assertThat(run("supernode", Map.of()).out).noneMatch(a -> a.contains("CompilerDirectives"));
  }

  @Test
  void letsTheUserOverrideWhatItSets() throws Exception {
    Run run =
        run("supernode", Map.of("JAVA_OPTS", "-Xmx1g -Da=*", "DRAGONFLY_JAVA_OPTS", "-Xmx2g"));

    assertThat(run.out).contains("-XX:+ExitOnOutOfMemoryError");
    assertThat(run.out).containsSubsequence("-Xmx512m", "-Xmx1g", "-Da=*", "-Xmx2g", "-cp");
  }

  @Test
  void findsItsHomeThroughLinks() throws Exception {
    Path links = Files.createDirectories(dir.resolve("usr/bin"));
    Files.createSymbolicLink(links.resolve("dfget"), Path.of("../../a home/bin/dfget"));
    Files.createSymbolicLink(links.resolve("df"), links.resolve("dfget"));

    assertThat(run(links.resolve("df"), Map.of()).out)
        .anyMatch(a -> a.contains("a home/lib/dragonfly-examples-1.2.jar"));
  }

  @Test
  void becomesJavaSoThatSignalsReachIt() throws Exception {
    jdk = java("17", "echo $$");
    Process process = start(home.resolve("bin/dfget"), Map.of());

    assertThat(read(process).out).containsExactly(Long.toString(process.pid()));
  }

  @Test
  void saysWhatToDoWhenJavaIsTooOld() throws Exception {
    jdk = java("11.0.2", "exit 0");

    Run run = run("supernode", Map.of());

    assertThat(run.exit).isEqualTo(1);
    assertThat(run.err)
        .containsExactly(
            "supernode: %s/bin/java is Java 11: set JAVA_HOME to a Java 17 or newer."
                .formatted(jdk));
  }

  @Test
  void asksJavaItselfWhereNoReleaseFileIs() throws Exception {
    jdk = java("", "echo 'openjdk version \"1.8.0_392\"' >&2");
    Files.delete(jdk.resolve("release"));

    assertThat(run("dfget", Map.of()).err).singleElement().asString().contains("is Java 8:");
  }

  @Test
  void saysWhatToDoWhenThereIsNoJava() throws Exception {
    Run wrong = run("dfget", Map.of("JAVA_HOME", dir.resolve("none").toString()));
    Run none = run("dfget", Map.of("JAVA_HOME", "", "PATH", home.resolve("lib").toString()));

    assertThat(wrong.exit).isEqualTo(1);
    assertThat(wrong.err).singleElement().asString().contains("no bin/java in it");
    assertThat(none.exit).isEqualTo(1);
    assertThat(none.err).singleElement().asString().contains("install Java 17 or newer");
  }

  @Test
  void takesJavaFromThePathWithoutJavaHome() throws Exception {
    String path = jdk.resolve("bin") + ":" + System.getenv("PATH");

    assertThat(run("dfget", Map.of("JAVA_HOME", "", "PATH", path), "--url", "u").out)
        .contains("io.dragonfly.examples.thin.ThinMain");
  }

  private Path java(String version, String body) throws IOException {
    Path made = dir.resolve("jdk" + version);
    Files.createDirectories(made.resolve("bin"));
    Files.writeString(made.resolve("release"), "A=\"b\"\nJAVA_VERSION=\"" + version + "\"\n");
    Files.writeString(made.resolve("bin/java"), "#!/bin/sh\n" + body + "\n");
    executable(made.resolve("bin/java"));
    return made;
  }

  private static void executable(Path file) throws IOException {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private Run run(String command, Map<String, String> environment, String... args)
      throws Exception {
    return run(home.resolve("bin").resolve(command), environment, args);
  }

  private Run run(Path command, Map<String, String> environment, String... args) throws Exception {
    return read(start(command, environment, args));
  }

  private Process start(Path command, Map<String, String> environment, String... args)
      throws IOException {
    List<String> line = new ArrayList<>(List.of(command.toString()));
    line.addAll(List.of(args));
    ProcessBuilder builder = new ProcessBuilder(line);
    builder.environment().keySet().removeAll(List.of("JAVA_OPTS", "DRAGONFLY_JAVA_OPTS"));
    builder.environment().put("JAVA_HOME", jdk.toString());
    builder.environment().putAll(environment);
    return builder.redirectError(dir.resolve("err").toFile()).start();
  }

  private Run read(Process process) throws Exception {
    List<String> out = new String(process.getInputStream().readAllBytes(), UTF_8).lines().toList();
    int exit = process.waitFor();
    return new Run(exit, out, Files.readAllLines(dir.resolve("err")));
  }

  private record Run(int exit, List<String> out, List<String> err) {}
}

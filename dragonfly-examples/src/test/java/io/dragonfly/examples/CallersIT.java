package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.examples.CommandLab.Running;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Who calls dfget: other users, bad ones, those who leave, and what of theirs counts. */
@Tag("slow")
class CallersIT extends ServerTests {
  @Test
  void aHomeThatCannotBeUsedIsReplacedForTheCall() throws Exception {
    Path file = Files.createFile(dir.resolve("file"));
    home = file.resolve("home");

    Running call = dfget("/small", "out", "--alivetime", "5m");

    assertGood(call, "out", source.small());
    assertThat(call.err().lines().filter(line -> line.contains("A temporary one is used")))
        .hasSize(1);
  }

  @Test
  void thePeerOfOneCallEndsWithItHoweverThatEnds() throws Exception {
    home = Files.createFile(dir.resolve("file")).resolve("home");
    Path temporary = Files.createDirectory(dir.resolve("temporary"));
    Running call =
        lab.startProgram(
            List.of(
                "env",
                "DRAGONFLY_JAVA_OPTS=-Djava.io.tmpdir=" + temporary,
                CommandLab.program("dfget").toString(),
                "--url=" + source.url("/slow"),
                "--output=" + dir.resolve("out"),
                "--home=" + home));
    source.awaitReached();
    ProcessHandle peer =
        call.process()
            .descendants()
            .filter(p -> arguments(p).contains("ServerMain"))
            .findAny()
            .orElseThrow();
    assertThat(temporary).isNotEmptyDirectory();

    call.kill();

    Awaitility.await().atMost(SOON).until(() -> !peer.isAlive());
    assertThat(temporary).isEmptyDirectory();
  }

  @Test
  void aCallThatASignalEndsSaysSoToProgramsToo() throws Exception {
    Running call =
        lab.start(
            "dfget",
            "--url=" + source.url("/slow"),
            "--output=" + dir.resolve("out"),
            "--home=" + home,
            "--json");
    source.awaitReached();

    call.process().destroy();

    assertThat(call.exitCode(SOON)).isEqualTo(143);
    assertThat(call.json().at("/error/kind").asText()).isEqualTo("cancelled");
    assertThat(call.json().path("url").asText()).isEqualTo(source.url("/slow"));
  }

  @Test
  void aHomeOfAnotherUserIsRefused() throws Exception {
    List<String> asNobody =
        List.of(
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            "env",
            "HOME=/nonexistent");
    Path out = Files.createDirectory(dir.resolve("for all"));
    Files.setPosixFilePermissions(out, PosixFilePermissions.fromString("rwxrwxrwx"));
    Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.createDirectory(home);
    Assumptions.assumeTrue(
        runs(asNobody, "test", "-r", CommandLab.program("dfget").toString()),
        "nobody cannot be, or read what is built");
    List<String> line = new ArrayList<>(asNobody);
    line.addAll(List.of(CommandLab.program("dfget").toString(), "--home", home.toString()));

    String file = out.resolve("out").toString();
    Running call = startWith(line, "--url", source.url("/small"), "--output", file);
    Running list = startWith(line, "cache", "ls");
    Running limit = startWith(line, "limit");

    for (Running refused : List.of(call, list, limit)) {
      assertThat(refused.exitCode(SOON)).as(refused.err()).isEqualTo(20);
      assertThat(refused.err()).contains("Home " + home + " belongs to user").contains("choose");
    }
    assertThat(out).isEmptyDirectory();
    assertThat(home).isEmptyDirectory();
  }

  @Test
  void anotherUserCanNeitherReadTheStoreNorUseTheServer() throws Exception {
    Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxr-xr-x"));
    assertGood(dfget("/small", "out"), "out", source.small());
    List<String> asNobody =
        List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", "HOME=/");
    Assumptions.assumeTrue(
        runs(asNobody, "test", "-r", CommandLab.program("dfget").toString()),
        "nobody cannot be, or read what is built");

    for (Path path : List.of(home, socket(), home.resolve("tasks"))) {
      assertThat(runs(asNobody, "test", "-r", path.toString())).as("%s", path).isFalse();
    }
    assertThat(runs(asNobody, "ls", home.toString())).isFalse();
    List<String> line = new ArrayList<>(asNobody);
    line.addAll(List.of(CommandLab.program("dfget").toString(), "--home", home.toString()));
    Running list = startWith(line, "cache", "ls");
    assertThat(list.exitCode(SOON)).as(list.err()).isEqualTo(20);
  }

  private Running startWith(List<String> before, String... more) throws IOException {
    List<String> line = new ArrayList<>(before);
    line.addAll(List.of(more));
    return lab.startProgram(line);
  }

  @Test
  void theFirstProcessOfAContainerIsThePeerItself() throws Exception {
    List<String> asFirst = List.of("unshare", "--pid", "--fork", "--mount-proc");
    Assumptions.assumeTrue(runs(asFirst, "true"), "this user cannot make a pid namespace");
    List<String> line = new ArrayList<>(asFirst);
    line.addAll(List.of(CommandLab.program("dfget").toString(), "--url", source.url("/small")));
    line.addAll(List.of("--output", dir.resolve("out").toString(), "--home", home.toString()));

    Running call = lab.startProgram(line);

    assertGood(call, "out", source.small());
    assertThat(socket()).doesNotExist();
  }

  @Test
  void theCallersFilesAndModeCount() throws Exception {
    String command =
        "umask 027; printf 'X-Word: open sesame\\n' | %s --url %s --output %s --home %s --header @/dev/stdin"
            .formatted(
                CommandLab.program("dfget"), source.url("/secret"), dir.resolve("out"), home);
    assertGood(dfget("/small", "other"), "other", source.small());

    assertGood(lab.startProgram(List.of("sh", "-c", command)), "out", source.small());

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(dir.resolve("out"))))
        .isEqualTo("rw-r-----");
  }

  private boolean runs(List<String> before, String... command) throws Exception {
    List<String> line = new ArrayList<>(before);
    line.addAll(List.of(command));
    try {
      return lab.startProgram(line).exitCode(SOON) == 0;
    } catch (IOException e) {
      return false;
    }
  }
}

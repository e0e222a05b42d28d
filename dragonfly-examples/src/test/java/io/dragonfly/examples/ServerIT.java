package io.dragonfly.examples;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dragonfly.examples.CommandLab.Running;
import io.dragonfly.examples.thin.Handshake;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The server of a home, and the calls that it works for. */
class ServerIT {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path dir;
  private CommandLab lab;
  private WebSource source;
  private Path home;

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

  @Test
  void twentyAtOnceOnAnEmptyHomeStartOneServer() throws Exception {
    List<Running> calls = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      calls.add(dfget("/small", "out" + i));
    }

    for (int i = 0; i < 20; i++) {
      assertGood(calls.get(i), "out" + i, source.small());
    }
    assertThat(servers()).containsExactly(pid());
  }

  @Test
  void kill9LeavesNothingInTheWayOfTheNextCall() throws Exception {
    assertGood(dfget("/small", "first"), "first", source.small());
    long killed = pid();
    kill(killed);
    assertThat(home.resolve("server.json")).exists();

    assertGood(dfget("/small", "second"), "second", source.small());

    assertThat(pid()).isNotEqualTo(killed);
  }

  @Test
  void aServerThatIsKilledInTheMiddleIsSaid() throws Exception {
    Running call = dfget("/slow", "out", "--json");
    source.awaitReached();
    kill(pid());

    assertThat(call.exitCode(SOON)).isEqualTo(22);
    assertThat(call.err()).contains("ended in the middle. Run the command again");
    assertThat(call.json().at("/error/kind").asText()).isEqualTo("server_lost");
    assertThat(call.json().at("/url").asText()).isEqualTo(source.url("/slow"));
    assertThat(dir.resolve("out")).doesNotExist();
  }

  @Test
  void aSignalEndsItsCallAlone() throws Exception {
    Running first = dfget("/slow", "first");
    source.awaitReached();
    long server = pid();
    Running second = dfget("/slow", "second");
    Awaitility.await().atMost(SOON).until(() -> tasks(second));

    first.process().destroy();

    assertThat(first.exitCode(SOON)).isEqualTo(143);
    source.release();
    assertGood(second, "second", source.slow());
    assertThat(dir.resolve("first")).doesNotExist();
    assertThat(pid()).isEqualTo(server);
  }

  /** Tells whether a call has said that it makes progress. */
  private static boolean tasks(Running call) throws IOException {
    return !call.err().isEmpty() || !call.process().isAlive();
  }

  @Test
  void commandSubstitutionDoesNotWaitForTheServer() throws Exception {
    String command =
        "x=$(%s/dfget --url %s --output - --home %s 2>&1 | wc -c); echo \"$x\""
            .formatted(CommandLab.program("dfget").getParent(), source.url("/small"), home);
    Running shell = lab.startProgram(List.of("sh", "-c", command));

    assertThat(shell.exitCode(SOON)).isZero();
    assertThat(Integer.parseInt(shell.out().trim())).isGreaterThan(source.small().length);
    assertThat(lab.server(home))
        .hasValueSatisfying(server -> assertThat(server.isAlive()).isTrue());
  }

  @Test
  void aServerFlagThatDiffersNamesBothValuesAndTheProcess() throws Exception {
    assertGood(dfget("/small", "out", "--idc", "east"), "out", source.small());
    assertGood(dfget("/small", "out", "--idc=east"), "out", source.small());

    Running other = dfget("/small", "out", "--idc", "west");

    assertThat(other.exitCode(SOON)).isEqualTo(2);
    assertThat(other.err())
        .contains("--idc is 'west', but the server of this home, process " + pid() + ", has 'east'")
        .contains("(kill " + pid() + ")");
  }

  @Test
  void aServerOfAnotherVersionFinishesItsCallsAndHandsOver() throws Exception {
    Running old = dfget("/slow", "old");
    source.awaitReached();
    long first = pid();
    ObjectNode file = (ObjectNode) JSON.readTree(home.resolve("server.json").toFile());
    Files.writeString(home.resolve("server.json"), file.put("version", "0.0.1").toString());

    Running call = dfget("/small", "new");
    Awaitility.await()
        .atMost(SOON)
        .until(() -> call.err().contains("waiting for the server of another version"));
    assertThat(call.err()).contains("process " + first);
    assertThat(old.process().isAlive()).isTrue();
    source.release();

    assertGood(old, "old", source.slow());
    assertGood(call, "new", source.small());
    assertThat(pid()).isNotEqualTo(first);
    assertThat(servers()).containsExactly(pid());
  }

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
            .filter(p -> arguments(p).contains("DfgetMain"))
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
  void anotherUserWhoMayNotWriteTheHomeGetsItsFile() throws Exception {
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

    assertThat(call.exitCode(SOON)).as(call.err()).isZero();
    assertThat(out.resolve("out")).hasBinaryContent(source.small());
    String denied = "ome " + home + " cannot be used: permission denied";
    assertThat(call.err()).contains(denied);
    assertThat(list.exitCode(SOON)).as(list.err()).isEqualTo(20);
    assertThat(list.err()).contains(denied).doesNotContain("temporary");
    assertThat(limit.exitCode(SOON)).as(limit.err()).isEqualTo(20);
    assertThat(limit.err()).contains(denied);
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

    for (Path path : List.of(home, home.resolve("server.json"), home.resolve("tasks"))) {
      assertThat(runs(asNobody, "test", "-r", path.toString())).as("%s", path).isFalse();
    }
    assertThat(runs(asNobody, "ls", home.toString())).isFalse();
    List<String> line = new ArrayList<>(asNobody);
    line.addAll(List.of(CommandLab.program("dfget").toString(), "--home", home.toString()));
    Running list = startWith(line, "cache", "ls");
    assertThat(list.exitCode(SOON)).as(list.err()).isEqualTo(20);
    String token = java.util.HexFormat.of().formatHex(token());
    for (String name : List.of("cmdline", "environ")) {
      assertThat(Files.readString(Path.of("/proc", "" + pid(), name), ISO_8859_1))
          .as("what everybody may see of the server")
          .doesNotContain(token);
    }
  }

  private Running startWith(List<String> before, String... more) throws IOException {
    List<String> line = new ArrayList<>(before);
    line.addAll(List.of(more));
    return lab.startProgram(line);
  }

  @Test
  void aliveTimeZeroStartsNoServer() throws Exception {
    assertGood(dfget("/small", "out", "--alivetime", "0"), "out", source.small());

    assertThat(home.resolve("server.json")).doesNotExist();
    assertThat(servers()).isEmpty();
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
    assertThat(home.resolve("server.json")).doesNotExist();
  }

  @Test
  void aServerEndsWhenNobodyHasUsedIt() throws Exception {
    assertGood(dfget("/small", "out", "--alivetime", "1s"), "out", source.small());

    Awaitility.await().atMost(SOON).until(() -> servers().isEmpty());
    assertThat(home.resolve("server.json")).doesNotExist();
    assertGood(dfget("/small", "out", "--alivetime", "1s"), "out", source.small());
  }

  @Test
  void aFileThatNobodyUsesExpires() throws Exception {
    assertGood(dfget("/small", "out", "--expiretime", "1s"), "out", source.small());

    Awaitility.await().atMost(SOON).until(() -> isEmpty(home.resolve("tasks")));
    assertThat(dir.resolve("out")).hasBinaryContent(source.small());
    assertThat(servers()).containsExactly(pid());
  }

  private static boolean isEmpty(Path directory) throws IOException {
    try (var files = Files.list(directory)) {
      return files.findAny().isEmpty();
    }
  }

  @Test
  void badCallersAreLeftAndTheServerIsFine() throws Exception {
    assertGood(dfget("/small", "out"), "out", source.small());
    long server = pid();

    assertThat(answerTo("GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(UTF_8), null)).isEmpty();
    assertThat(answerTo(new byte[100_000], null)).isEmpty();
    assertThat(answerTo(new byte[0], new byte[32])).isEmpty(); // a wrong token
    byte[] token = token();
    assertThat(answerTo(new byte[] {1, 127, -1, -1, -1}, token)).isEmpty(); // 2 GiB are announced
    assertThat(answerTo(new byte[] {1, 0, 0, 0, 4, 127, -1, -1, -1}, token)).isEmpty();
    assertThat(answerTo(new byte[] {99, 0, 0, 0, 0}, token)).isEmpty();
    assertThat(answerTo(new byte[] {1, 0, 0}, token)).isEmpty();

    assertGood(dfget("/small", "out"), "out", source.small());
    assertThat(pid()).isEqualTo(server);
    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(home.resolve("server.json"))))
        .isEqualTo("rw-------");
  }

  /** Sends bytes to the server, after a greeting if there is a token, and returns its answer. */
  private byte[] answerTo(byte[] bytes, byte[] token) throws IOException {
    int port =
        Integer.parseInt(
            JSON.readTree(home.resolve("server.json").toFile())
                .get("address")
                .asText()
                .substring("127.0.0.1:".length()));
    try (Socket socket = new Socket(InetAddress.getByName("127.0.0.1"), port)) {
      socket.setSoTimeout((int) SOON.toMillis());
      DataInputStream in = new DataInputStream(socket.getInputStream());
      if (token != null) {
        Handshake.call(in, socket.getOutputStream(), token);
      }
      socket.getOutputStream().write(bytes);
      socket.shutdownOutput();
      return in.readAllBytes();
    } catch (IOException e) {
      return new byte[0]; // closed, with bytes on the way or none
    }
  }

  private byte[] token() throws IOException {
    String hex = JSON.readTree(home.resolve("server.json").toFile()).get("token").asText();
    return java.util.HexFormat.of().parseHex(hex);
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

  @Test
  void aServerInTheForegroundSaysWhenItIsReadyAndTidiesUp() throws Exception {
    Running server = lab.start("dfget", "server", "--home", home.toString(), "--idc", "a");
    server.awaitOut("dfget server ready; without a supernode (--node)");
    assertThat(pid()).isEqualTo(server.process().pid());

    assertGood(dfget("/small", "out", "--idc", "a"), "out", source.small());
    Running second = lab.start("dfget", "server", "--home", home.toString());
    assertThat(second.exitCode(SOON)).isEqualTo(20);
    assertThat(second.err()).contains("in use by process " + pid());
    server.process().destroy();

    assertThat(server.exitCode(SOON)).isEqualTo(143);
    assertThat(home.resolve("server.json")).doesNotExist();
  }

  @Test
  void itsMetricsSayWhatCameAndFromWhere() throws Exception {
    String node = lab.supernode("supernode", 0).address();
    Running server = lab.start("dfget", "server", "--home", home.toString(), "--node", node);
    String ready = "dfget server ready on ";
    server.awaitOut(ready);
    String address = server.out().trim().substring(ready.length());

    assertGood(dfget("/large", "large"), "large", source.slow());
    assertGood(dfget("/small", "small", "--pattern", "source"), "small", source.small());
    assertThat(dfget("/missing", "missing").exitCode(SOON)).isEqualTo(11);

    assertThat(CommandLab.get(address, "/metrics").body().lines())
        .contains(
            "dragonfly_dfget_received_bytes_total{origin=\"supernode\"} 3000000.0",
            "dragonfly_dfget_received_bytes_total{origin=\"source\"} 10000.0",
            "dragonfly_dfget_received_bytes_total{origin=\"peer\"} 0.0",
            // those of Dragonfly 1
            "dragonfly_dfget_download_total 3.0",
            "dragonfly_dfget_download_failed_total{reason=\"not_found\"} 1.0",
            "dragonfly_dfget_download_size_bytes_total 3010000.0",
            "dragonfly_dfget_download_duration_seconds_count 2",
            "dragonfly_dfget_buffer_bytes 0.0");
    Awaitility.await() // the last reports are held back for a moment
        .atMost(SOON)
        .untilAsserted(
            () ->
                assertThat(CommandLab.get(node, "/metrics").body().lines())
                    .contains(
                        "dragonfly_supernode_reported_bytes_total{origin=\"supernode\"} 3000000.0",
                        "dragonfly_supernode_source_bytes_total 3000000.0",
                        // those of Dragonfly 1
                        "dragonfly_supernode_dfgettasks_registered_total 1.0",
                        "dragonfly_supernode_dfgettasks_failed_total{reason=\"not_found\"} 1.0",
                        "dragonfly_supernode_tasks_registered_total 1.0",
                        "dragonfly_supernode_cdn_trigger_total 1.0",
                        "dragonfly_supernode_cdn_download_total 1.0",
                        "dragonfly_supernode_tasks{cdnstatus=\"SUCCESS\"} 1.0",
                        "dragonfly_supernode_peers 1.0"));
    // A piece may be given twice, where the first one comes late.
    assertThat(value(node, "dragonfly_supernode_pieces_downloaded_size_bytes_total"))
        .isGreaterThanOrEqualTo(3_000_000);
  }

  private static double value(String address, String name) throws Exception {
    return CommandLab.get(address, "/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length())))
        .sum();
  }

  @Test
  void whatKeepsTheServerFromStartingIsSaidByTheCall() throws Exception {
    Running call = dfget("/small", "out", "--port", "70000", "--json");

    assertThat(call.exitCode(SOON)).isEqualTo(2);
    assertThat(call.err()).contains("70000");
    assertThat(servers()).isEmpty();
  }

  private Running dfget(String path, String output, String... more) throws IOException {
    List<String> arguments = new ArrayList<>();
    arguments.addAll(List.of("--url", source.url(path)));
    arguments.addAll(List.of("--output", dir.resolve(output).toString()));
    arguments.addAll(List.of("--home", home.toString()));
    arguments.addAll(List.of(more));
    return lab.start("dfget", arguments.toArray(String[]::new));
  }

  private void assertGood(Running call, String output, byte[] content) throws Exception {
    assertThat(call.exitCode(SOON)).as(call.err()).isZero();
    assertThat(dir.resolve(output)).hasBinaryContent(content);
  }

  private long pid() throws IOException {
    return JSON.readTree(home.resolve("server.json").toFile()).get("pid").asLong();
  }

  private List<Long> servers() {
    return ProcessHandle.allProcesses()
        .filter(process -> arguments(process).contains("ServerMain"))
        .filter(process -> arguments(process).contains(home.toString()))
        .map(ProcessHandle::pid)
        .toList();
  }

  /** Not ProcessHandle.Info: that has no arguments where they are longer than a page. */
  private static String arguments(ProcessHandle process) {
    try {
      return Files.readString(Path.of("/proc", Long.toString(process.pid()), "cmdline"), ISO_8859_1)
          .replace('\0', ' ');
    } catch (IOException e) {
      return ""; // it has ended
    }
  }

  private static void kill(long pid) {
    ProcessHandle.of(pid)
        .ifPresent(
            process -> {
              process.destroyForcibly();
              process.onExit().join();
            });
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

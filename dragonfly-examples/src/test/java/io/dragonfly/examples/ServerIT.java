package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.examples.CommandLab.Running;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The background peer: when it starts, whose calls it works for, and how it ends. */
@Tag("slow")
class ServerIT extends ServerTests {
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
    assertThat(socket()).exists();

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
    assertGood(dfget("/small", "out", "--zone", "east"), "out", source.small());
    assertGood(dfget("/small", "out", "--zone=east"), "out", source.small());

    Running other = dfget("/small", "out", "--zone", "west");

    assertThat(other.exitCode(SOON)).isEqualTo(2);
    assertThat(other.err())
        .contains(
            "--zone is 'west', but the server of this home, process " + pid() + ", has 'east'")
        .contains("(kill " + pid() + ")");
  }

  @Test
  void aServerOfAnotherVersionFinishesItsCallsAndHandsOver() throws Exception {
    Running old = otherVersion("/slow", "old");
    source.awaitReached();
    long first = pid();

    Running call = dfget("/small", "new");
    Awaitility.await()
        .atMost(SOON)
        .until(() -> call.err().contains("waiting for the background peer of another version"));
    assertThat(call.err()).contains("process " + first);
    assertThat(old.process().isAlive()).isTrue();
    source.release();

    assertGood(old, "old", source.slow());
    assertGood(call, "new", source.small());
    assertThat(pid()).isNotEqualTo(first);
    Awaitility.await()
        .atMost(SOON)
        .untilAsserted(() -> assertThat(servers()).containsExactly(pid()));
  }

  /** A call whose background peer says that it is of another version; the call itself does not. */
  private Running otherVersion(String path, String output) throws IOException {
    return lab.startProgram(
        List.of(
            "env",
            "DRAGONFLY_JAVA_OPTS=-Ddragonfly.version=0.0.1",
            CommandLab.program("dfget").toString(),
            "--url=" + source.url(path),
            "--output=" + dir.resolve(output),
            "--home=" + home));
  }

  @Test
  void aWrongCommandLineStartsNoServer() throws Exception {
    for (String word : List.of("help", "--nonsense")) {
      Running call = lab.start("dfget", word, "--home", home.toString());

      assertThat(call.exitCode(SOON)).isEqualTo(2);
      assertThat(call.err()).contains(word).contains("Try 'dfget --help'");
      assertThat(servers()).isEmpty();
    }
  }

  @Test
  void aliveTimeZeroStartsNoServer() throws Exception {
    assertGood(dfget("/small", "out", "--alivetime", "0"), "out", source.small());

    assertThat(socket()).doesNotExist();
    assertThat(servers()).isEmpty();
  }

  @Test
  void aServerEndsWhenNobodyHasUsedIt() throws Exception {
    assertGood(dfget("/small", "out", "--alivetime", "1s"), "out", source.small());

    Awaitility.await().atMost(SOON).until(() -> servers().isEmpty());
    assertThat(socket()).doesNotExist();
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
  void aServerInTheForegroundSaysWhenItIsReadyAndTidiesUp() throws Exception {
    Running server = lab.start("dfget", "server", "--home", home.toString(), "--zone", "a");
    server.awaitOut("dfget server ready; without a supernode (--node)");
    assertThat(pid()).isEqualTo(server.process().pid());

    assertGood(dfget("/small", "out", "--zone", "a"), "out", source.small());
    Running second = lab.start("dfget", "server", "--home", home.toString());
    assertThat(second.exitCode(SOON)).isEqualTo(20);
    assertThat(second.err()).contains("in use by process " + pid());
    server.process().destroy();

    assertThat(server.exitCode(SOON)).isEqualTo(143);
    assertThat(socket()).doesNotExist();
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

  private static void kill(long pid) {
    ProcessHandle.of(pid)
        .ifPresent(
            process -> {
              process.destroyForcibly();
              process.onExit().join();
            });
  }
}

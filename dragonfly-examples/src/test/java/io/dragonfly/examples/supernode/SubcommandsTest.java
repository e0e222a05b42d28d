package io.dragonfly.examples.supernode;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.command.FakeCall;
import io.dragonfly.examples.dfdaemon.DfdaemonMain;
import io.dragonfly.examples.dfget.DfgetMain;
import io.dragonfly.examples.dfget.OwnPeer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What all commands in commands do, and what they say when nothing is there. */
class SubcommandsTest {
  private static final Map<String, ToIntFunction<Call>> COMMANDS =
      Map.of(
          "dfget",
          call -> DfgetMain.run(call, new OwnPeer(call, false)),
          "dfdaemon",
          DfdaemonMain::run,
          "supernode",
          SupernodeMain::run);

  @TempDir Path dir;

  private FakeCall run(int exitCode, String... words) {
    String[] arguments = Arrays.copyOfRange(words, 1, words.length);
    FakeCall call = new FakeCall(dir, arguments);
    assertThat(COMMANDS.get(words[0]).applyAsInt(call)).as(call.said()).isEqualTo(exitCode);
    return call;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dfget cache",
        "dfget cache ls",
        "dfget explain",
        "dfget limit",
        "dfget preheat",
        "supernode admin",
        "dfdaemon ca",
        "dfdaemon healthcheck"
      })
  void eachPrintsTheVersion(String command) {
    assertThat(run(0, (command + " --version").split(" ")).printed())
        .startsWith("Dragonfly for Java ");
  }

  @Test
  void anOperatorOfASupernodeThatWasNeverStartedIsToldThat() {
    String home = dir.resolve("none").toString();

    assertThat(run(20, "supernode", "admin", "status", "--home-dir", home).said())
        .contains("No supernode has been started with the home " + home, "Check --home-dir");
    String file = dir.resolve("token").toString();
    assertThat(run(20, "supernode", "admin", "status", "--admin-token-file", file).said())
        .contains("There is no file " + file, "Check --admin-token-file");
  }
}

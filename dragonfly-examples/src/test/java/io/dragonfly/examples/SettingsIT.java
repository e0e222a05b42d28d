package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dragonfly.examples.CommandLab.Running;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Settings, logs and streams of the commands as processes. */
class SettingsIT {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final int LENGTH = 300_000;
  private static final String HEAD =
      "HTTP/1.1 200 OK\nETag: \"a\"\nContent-Length: " + LENGTH + "\n\n";

  @TempDir Path dir;
  private CommandLab lab;

  @BeforeEach
  void start() throws IOException {
    lab = new CommandLab(dir);
  }

  @AfterEach
  void stop() {
    lab.close();
  }

  @Test
  void aSwarmIsSetUpByFilesAndVariablesAlone() throws Exception {
    Files.writeString(dir.resolve("supernode.yml"), "advertise-ip: 127.0.0.1\nport: 1\n");
    Running supernode =
        start(
            List.of("DRAGONFLY_PORT=0", "DRAGONFLY_LOG_FORMAT=json"),
            "supernode",
            "--config=supernode.yml",
            "--home-dir=supernode");
    supernode.awaitOut("supernode ready on 127.0.0.1:");
    String node = supernode.out().trim().replaceFirst("supernode ready on ", "");
    Files.writeString(dir.resolve("dfget.yml"), "node: " + node + "\nip: 127.0.0.9\n");
    Files.writeString(dir.resolve("headers"), "X-Secret: one\n");

    try (RudeServer source = new RudeServer(HEAD, LENGTH, RudeServer.Then.CLOSE)) {
      Running dfget =
          start(
              List.of(
                  "DRAGONFLY_CONFIG=dfget.yml",
                  "DRAGONFLY_HOME=peer",
                  "DRAGONFLY_CALLSYSTEM=nightly"),
              "dfget",
              "--url=" + source.url(),
              "--output=-",
              "--header=@headers",
              "--json");

      assertThat(dfget.exitCode(SOON)).as(dfget.err()).isZero();
      assertThat(dfget.out()).hasSize(LENGTH);
      JsonNode json = new ObjectMapper().readTree(last(dfget.err()));
      assertThat(json.at("/bytesFromSupernode").asInt()).isEqualTo(LENGTH);
      assertThat(json.at("/callsystem").asText()).isEqualTo("nightly");
      assertThat(source.heads()).allMatch(head -> head.contains("X-Secret: one"));
    }
    assertThat(dir.resolve("peer/logs/dfget-server.log"))
        .content()
        .contains("/file.bin is fetched to stdout for 'nightly'");
    assertThat(supernode.err().lines())
        .isNotEmpty()
        .allMatch(line -> line.startsWith("{\"time\":\"") && line.endsWith("}"));
    assertLimited();
  }

  private void assertLimited() throws Exception {
    Running limit = start(List.of(), "dfget", "limit", "--home=peer", "--totallimit=20M");
    Running none = start(List.of(), "dfget", "limit", "--home=nobody");

    assertThat(limit.exitCode(SOON)).as(limit.err()).isZero();
    assertThat(limit.out()).startsWith("totallimit 20.0 MiB/s\n");
    assertThat(none.exitCode(SOON)).isEqualTo(2);
    assertThat(none.err()).contains("no server of this home runs, so there is nothing to limit");
    assertThat(dir.resolve("nobody")).doesNotExist();
  }

  private static String last(String text) {
    List<String> lines = text.lines().toList();
    return lines.get(lines.size() - 1);
  }

  private Running start(List<String> variables, String command, String... arguments)
      throws IOException {
    List<String> line = new ArrayList<>(List.of("env"));
    line.addAll(variables);
    line.add(Path.of("target/dragonfly/bin").resolve(command).toAbsolutePath().toString());
    line.addAll(List.of(arguments));
    return lab.startProgram(line);
  }
}

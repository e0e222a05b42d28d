package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.examples.CommandLab.Running;
import io.dragonfly.examples.CommandLab.SupernodeProcess;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One private file, two users: who has no access gets the source's own refusal, at any time. */
class PrivateFileIT {
  private static final long LENGTH = 48 << 20;

  @TempDir Path dir;
  private CommandLab lab;
  private Nginx nginx;

  @BeforeEach
  void start() throws Exception {
    Assumptions.assumeTrue(Nginx.isInstalled(), "nginx is not installed");
    lab = new CommandLab(dir);
    nginx = Nginx.start(lab);
  }

  @AfterEach
  void stop() throws Exception {
    if (lab != null) {
      lab.close();
    }
  }

  @Test
  void theSourceDecidesForEachUserWhileOthersDownloadAndAfter() throws Exception {
    Path file = nginx.publish("private/file.bin", LENGTH);
    SupernodeProcess supernode = lab.supernode("supernode", 0);
    Running alice = dfget(supernode, 1, "alice:wonderland");
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> Files.isDirectory(dir.resolve("supernode/tasks")));

    assertRefused(dfget(supernode, 2, "mallory:guess"));
    assertRefused(dfget(supernode, 3, null));
    assertThat(alice.process().isAlive()).as("the download is still running").isTrue();

    assertThat(alice.exitCode(Duration.ofMinutes(1))).as(alice.err()).isZero();
    assertThat(Files.mismatch(dir.resolve("out1"), file)).isEqualTo(-1);
    assertRefused(dfget(supernode, 4, "mallory:guess"));

    Running again = dfget(supernode, 5, "alice:wonderland");
    assertThat(again.exitCode(Duration.ofMinutes(1))).as(again.err()).isZero();
    assertThat(nginx.bodyBytes("private/file.bin")).isBetween(LENGTH, LENGTH + 2);
  }

  private void assertRefused(Running dfget) throws Exception {
    assertThat(dfget.exitCode(Duration.ofSeconds(30))).as(dfget.err()).isEqualTo(10);
    assertThat(dfget.json().at("/error/status").asInt()).isEqualTo(401);
  }

  private Running dfget(SupernodeProcess supernode, int number, String user) throws Exception {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--url",
                nginx.url("private/file.bin"),
                "--output",
                dir.resolve("out" + number).toString(),
                "--node",
                supernode.address(),
                "--home",
                dir.resolve("home" + number).toString(),
                "--ip",
                "127.0.0." + (10 + number),
                "--json"));
    if (user != null) {
      String token = Base64.getEncoder().encodeToString(user.getBytes(StandardCharsets.UTF_8));
      arguments.addAll(List.of("--header", "Authorization: Basic " + token));
    }
    return lab.start("dfget", arguments.toArray(String[]::new));
  }
}

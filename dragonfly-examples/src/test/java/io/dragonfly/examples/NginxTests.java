package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.examples.CommandLab.Running;
import io.dragonfly.examples.CommandLab.SupernodeProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Tests of the commands with nginx as the source; skipped where it is not installed. */
abstract class NginxTests {
  @TempDir Path dir;
  CommandLab lab;
  Nginx nginx;

  @BeforeEach
  void startNginx() throws Exception {
    Nginx.require();
    lab = new CommandLab(dir);
    nginx = Nginx.start(lab);
  }

  @AfterEach
  void endAll() {
    if (lab != null) {
      lab.close();
    }
  }

  /** Starts a dfget with a home, an address and an output of its own. */
  Running dfget(SupernodeProcess supernode, int number, String path, String... more)
      throws IOException {
    List<String> arguments =
        new ArrayList<>(List.of("--node", supernode.address(), "--ip", "127.0.0." + (10 + number)));
    arguments.addAll(List.of(more));
    return dfgetAlone(number, path, arguments.toArray(String[]::new));
  }

  /** Starts a dfget that knows no supernode. */
  Running dfgetAlone(int number, String path, String... more) throws IOException {
    List<String> arguments = new ArrayList<>();
    arguments.addAll(List.of("--url", nginx.url(path), "--json"));
    arguments.addAll(List.of("--output", output(number).toString()));
    arguments.addAll(List.of("--home", dir.resolve("home" + number).toString()));
    arguments.addAll(List.of(more));
    return lab.start("dfget", arguments.toArray(String[]::new));
  }

  Path output(int number) {
    return dir.resolve("out" + number);
  }

  /** Starts the servers of peers, which takes long on a busy machine, before anything counts. */
  void startServers(SupernodeProcess supernode, int first, int last) throws Exception {
    Path small = nginx.publish("small.bin", 1000);
    List<Running> peers = new ArrayList<>();
    for (int i = first; i <= last; i++) {
      peers.add(dfget(supernode, i, "small.bin"));
    }
    for (int i = first; i <= last; i++) {
      assertFetched(peers.get(i - first), i, small);
      Files.delete(output(i));
    }
  }

  void assertFetched(Running dfget, int number, Path original) throws Exception {
    assertThat(dfget.exitCode(Duration.ofMinutes(8))).as(dfget.err()).isZero();
    assertThat(Files.mismatch(output(number), original)).isEqualTo(-1);
  }
}

package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.examples.CommandLab.Running;
import io.dragonfly.examples.CommandLab.SupernodeProcess;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Processes that are stopped in the middle, or have no file handle left. */
@Tag("slow")
class StarvedIT extends NginxTests {
  /** What nobody may lose by one that is stopped. The rest is for a busy machine. */
  private static final Duration MOST = Duration.ofSeconds(10 + 20);

  /** More than a supernode at rest needs, and fewer than a swarm. */
  private static final int HANDLES = 400;

  @Test
  void aStoppedPeerCostsOthersTenSecondsAtMost() throws Exception {
    Path file = nginx.publish("file.bin", 64 << 20);
    SupernodeProcess supernode = lab.supernode("supernode", 0);
    for (int i = 1; i <= 2; i++) {
      assertFetched(dfget(supernode, i, "file.bin"), i, file);
    }
    startServers(supernode, 3, 5);
    signal("-STOP", lab.server(dir.resolve("home1")).orElseThrow().pid());
    long start = System.nanoTime();

    List<Running> others = new ArrayList<>();
    for (int i = 3; i <= 5; i++) {
      others.add(dfget(supernode, i, "file.bin"));
    }

    for (int i = 3; i <= 5; i++) {
      assertFetched(others.get(i - 3), i, file);
    }
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(MOST);
  }

  @Test
  void aSupernodeWithoutFileHandlesGoesOnWhenItHasThem() throws Exception {
    Path file = nginx.publish("file.bin", 32 << 20);
    List<String> limited = List.of("sh", "-c", "ulimit -n " + HANDLES + "; exec \"$0\" \"$@\"");
    SupernodeProcess supernode = lab.supernode(limited, "supernode", 0);
    assertFetched(dfget(supernode, 1, "file.bin"), 1, file);

    List<Socket> taken = new ArrayList<>();
    try {
      takeAllHandles(supernode, taken);
      Running starving = dfget(supernode, 2, "file.bin");
      int code = starving.exitCode(Duration.ofMinutes(2));
      // The right file, or an error that says what the matter is; and the process lives.
      assertThat(code).as(starving.err()).isIn(0, 12, 16, 17, 20);
      assertThat(supernode.running().process().isAlive()).isTrue();
    } finally {
      for (Socket each : taken) {
        each.close();
      }
    }

    assertFetched(dfget(supernode, 3, "file.bin"), 3, file);
    assertFetched(dfget(supernode, 4, "file.bin"), 4, file);
  }

  /** Connects until the supernode has no handle left: what comes then is not accepted. */
  private static void takeAllHandles(SupernodeProcess supernode, List<Socket> taken)
      throws Exception {
    for (int i = 0; i < HANDLES + 20; i++) {
      taken.add(new Socket("127.0.0.1", supernode.port()));
    }
    Path open = Path.of("/proc/" + supernode.running().process().pid() + "/fd");
    if (Files.exists(open)) {
      Awaitility.await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () -> {
                try (var files = Files.list(open)) {
                  return files.count() >= HANDLES - 1;
                }
              });
    }
  }

  private static void signal(String name, long pid) throws Exception {
    assertThat(run("kill", name, Long.toString(pid))).isTrue();
  }

  private static boolean run(String... line) throws Exception {
    return new ProcessBuilder(line).start().waitFor() == 0;
  }
}

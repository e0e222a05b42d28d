package io.dragonfly.transport.http.swarm;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A JVM whose last client and supernode are closed can end at once. */
class JvmExitTest {
  private static final String NON_DAEMONS = "non-daemons:";

  @TempDir Path dir;

  @Test
  void noThreadThatKeepsTheJvmAliveIsLeftByClose() throws Exception {
    try (SwarmSource source = new SwarmSource()) {
      TestFile file = source.publish(TestFile.random("file", 3 << 20));
      Process process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-cp",
                  System.getProperty("java.class.path"),
                  FetchMain.class.getName(),
                  source.url(file),
                  dir.toString())
              .redirectErrorStream(true)
              .start();
      try {
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(output.lines()).contains(NON_DAEMONS + "[main]");
        assertThat(file.hasSameBytes(dir.resolve("file"))).isTrue();
      } finally {
        process.destroyForcibly();
      }
    }
  }

  /** Fetches a file through a supernode of its own, closes both, and prints what is left. */
  static final class FetchMain {
    private FetchMain() {}

    public static void main(String[] args) throws Exception {
      Path dir = Path.of(args[1]);
      SupernodeConfig supernodeConfig =
          SupernodeConfig.builder()
              .homeDir(dir.resolve("supernode"))
              .advertiseIp(InetAddress.getLoopbackAddress())
              .port(0)
              .build();
      try (Supernode supernode = new Supernode(supernodeConfig);
          DistributionClient client =
              new DistributionClient(
                  ClientConfig.builder()
                      .home(dir.resolve("peer"))
                      .ip(InetAddress.getLoopbackAddress())
                      .supernodes(List.of(supernode.address().orElseThrow()))
                      .build())) {
        client.fetch(args[0], dir.resolve("file"));
      }
      List<String> left =
          Thread.getAllStackTraces().keySet().stream()
              .filter(thread -> !thread.isDaemon() && !thread.getName().equals("DestroyJavaVM"))
              .map(Thread::getName)
              .toList();
      System.out.println(NON_DAEMONS + left);
    }
  }
}

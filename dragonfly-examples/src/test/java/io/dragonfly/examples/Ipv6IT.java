package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.examples.CommandLab.Running;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** All commands on hosts with IPv6 alone, and with both, in network namespaces. */
@Tag("slow")
class Ipv6IT {
  private static final Duration LIMIT = Duration.ofMinutes(15);
  private static final Path SCRIPT = Path.of("src/test/resources/ipv6.sh").toAbsolutePath();
  private static final Path DISTRIBUTION = Path.of("target", "dragonfly").toAbsolutePath();

  @TempDir Path dir;

  @ParameterizedTest
  @ValueSource(strings = {"only", "dual"})
  void theCommandsWorkOnHostsWithIpv6(String kind) throws Exception {
    for (String name : List.of("ip", "curl", "python3")) {
      Installed.program(name);
    }
    assumeNamespaces();
    try (CommandLab lab = new CommandLab(dir)) {
      Path work = Files.createDirectory(dir.resolve("hosts"));

      Running script =
          lab.startProgram(
              List.of("bash", SCRIPT.toString(), DISTRIBUTION.toString(), work.toString(), kind));

      assertThat(script.exitCode(LIMIT)).as(script.out() + script.err()).isZero();
      assertThat(script.out()).endsWith("good\n");
    }
  }

  /** Skips the test where this user cannot make them, or they have no IPv6. */
  private static void assumeNamespaces() throws IOException, InterruptedException {
    String name = "v6t-" + UUID.randomUUID().toString().substring(0, 8);
    String attempt =
        "ip netns add %1$s && ip -n %1$s link set lo up && ip netns exec %1$s ip -6 addr show dev lo | grep -q ::1; e=$?; ip netns del %1$s; exit $e"
            .formatted(name);
    Process process =
        new ProcessBuilder("sh", "-c", attempt)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    Assumptions.assumeTrue(
        process.waitFor() == 0, "this user cannot make network namespaces with IPv6");
  }
}

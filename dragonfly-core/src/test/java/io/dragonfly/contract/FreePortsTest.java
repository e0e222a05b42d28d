package io.dragonfly.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.dragonfly.testkit.FreePorts;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FreePortsTest {
  private static final int END = 16_384 + 8 * 200;

  @TempDir Path dir;

  @Test
  void jvmsOfOneBuildHaveNoneInCommonWhateverTheyBeginWith() {
    Set<Integer> ports = new HashSet<>();
    for (int fork = 1; fork <= 2; fork++) {
      FreePorts ofOne = new FreePorts(fork, 7, END);
      for (int i = 0; i < 100; i++) {
        assertThat(ports.add(ofOne.take())).isTrue();
      }
    }
    assertThat(ports).allMatch(port -> port >= 16_384 && port < END);
  }

  @Test
  void jvmsOfTwoBuildsBeginElsewhere() {
    int other = new FreePorts(1, 8, END).take();
    assertThat(new FreePorts(1, 7, END).take()).isNotCloseTo(other, within(8 * 20));
  }

  @Test
  void whatSomebodyListensOnIsPassedOver() throws IOException {
    int first = new FreePorts(3, 1, END).take();
    try (ServerSocket other = new ServerSocket(first, 1, InetAddress.getLoopbackAddress())) {
      assertThat(new FreePorts(3, 1, END).take()).isNotEqualTo(other.getLocalPort());
    }
  }

  @Test
  void noneIsGivenTwice() {
    FreePorts few = new FreePorts(0, 0, 16_384 + 8);
    few.take();
    assertThatThrownBy(few::take).isInstanceOf(IllegalStateException.class);
    assertThat(FreePorts.next()).isNotEqualTo(FreePorts.next());
  }

  @Test
  void theBuildTellsEachJvmItsNumber() {
    assumeTrue(System.getProperty("surefire.test.class.path") != null, "not under Surefire");
    assertThat(FreePorts.thisFork()).isPositive();
  }

  @ParameterizedTest
  @CsvSource({"20000\t60999, 20000", "1024 65535, 32768", "32768\t60999, 32768"})
  void theyLieBelowTheSystemsOwn(String range, int end) throws IOException {
    Path file = Files.writeString(dir.resolve("range"), range + "\n");
    assertThat(FreePorts.endOfTests(file)).isEqualTo(end);
    assertThat(FreePorts.endOfTests(dir.resolve("none"))).isEqualTo(32_768);
  }
}

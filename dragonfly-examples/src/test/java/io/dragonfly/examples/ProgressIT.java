package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a person at a terminal sees of a fetch. */
@Tag("slow")
class ProgressIT extends NginxTests {
  private static final long LENGTH = 48 << 20; // three seconds at the rate of slow/

  /** Starts the background peer, which may take a while and says so. */
  @BeforeEach
  void startServer() throws Exception {
    nginx.publish("small.bin", 100);
    List<String> arguments = arguments("small.bin", dir.resolve("small"));
    CommandLab.Running dfget = lab.start("dfget", arguments.toArray(String[]::new));
    assertThat(dfget.exitCode(Duration.ofMinutes(2))).as(dfget.err()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"40x24", "80x24", "200x50"})
  void aLineRedrawnInItsPlace(String size) throws Exception {
    Path file = nginx.publish("file.bin", LENGTH);

    JsonNode seen = Terminal.run(lab, size, "dfget", arguments("slow/file.bin"));

    assertThat(seen.get("exit").asInt()).isZero();
    assertThat(Files.mismatch(output(1), file)).isEqualTo(-1);
    assertThat(seen.get("tooLong").asInt()).isZero();
    assertThat(seen.get("frames").asInt()).isGreaterThan(10);
    List<String> screen = Terminal.lines(seen.get("screen"));
    assertThat(screen.get(0)).startsWith("[█").contains("█]  100%").contains("MiB/s");
    assertThat(screen.get(1)).startsWith("dfget: 48.0 MiB in ");
    assertThat(screen.stream().filter(line -> line.contains("█"))).hasSize(1);
  }

  @Test
  void followsATerminalThatIsResized() throws Exception {
    nginx.publish("file.bin", 4 * LENGTH);

    JsonNode seen =
        Terminal.run(
            lab, "200x24,2.5:40x24,3.5:80x24,4.5:30x24", "dfget", arguments("slow/file.bin"));

    assertThat(seen.get("exit").asInt()).isZero();
    assertThat(seen.get("tooLong").asInt()).isZero();
    // Terminals differ in what they do with lines that are too long after a change: none is left.
    for (String name : List.of("screen", "brokenScreen")) {
      List<String> screen = Terminal.lines(seen.get(name));
      assertThat(screen.get(0)).as(name).startsWith("[█").contains("100%").hasSizeLessThan(30);
      assertThat(screen.get(1)).as(name).startsWith("dfget: 192.0 MiB in");
    }
  }

  @Test
  void controlCLeavesNoBarBehind() throws Exception {
    nginx.publish("file.bin", 8 * LENGTH);

    JsonNode seen =
        Terminal.runWithKey(lab, "80x24", "MiB/s:\\x03", "dfget", arguments("slow/file.bin"));

    assertThat(seen.get("exit").asInt()).isEqualTo(130);
    assertThat(seen.get("frames").asInt()).isPositive();
    assertThat(seen.get("raw").asText()).as("the locale is C").contains("[", "-]");
    assertThat(Terminal.lines(seen.get("screen"))).noneMatch(line -> line.contains("##"));
    assertThat(output(1)).doesNotExist();
  }

  private List<String> arguments(String path) {
    return arguments(path, output(1));
  }

  private List<String> arguments(String path, Path output) {
    return List.of(
        "--url",
        nginx.url(path),
        "--output",
        output.toString(),
        "--home",
        dir.resolve("home1").toString());
  }
}

package io.dragonfly.examples.simulate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dragonfly.examples.command.FakeCall;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SimulateTest {
  @TempDir private Path dir;

  @Test
  void theJsonSaysHowFarFromTheBoundItIsAndWhereTheBytesCameFrom() throws Exception {
    JsonNode result = json("--peers=8 --size=16M --rate=100mbit --zones=2");

    long size = 16L << 20;
    assertThat(result.get("last_over_bound").asDouble()).isBetween(1.0, 1.3);
    assertThat(result.get("median_over_bound").asDouble()).isBetween(1.0, 1.3);
    assertThat(result.get("source_bytes").asLong()).isEqualTo(size);
    assertThat(result.get("supernode_bytes").asLong() + result.get("peer_bytes").asLong())
        .isBetween(8 * size, 8 * size + size / 8);
    assertThat(result.get("cross_zone_bytes").asLong()).isBetween(size, 4 * size);
    assertThat(result.get("assignments_per_second").asDouble()).isPositive();
  }

  @Test
  void eachOptionCounts() throws Exception {
    String usual = "--peers=6 --size=16M --rate=100mbit";
    double seconds = json(usual).get("last_seconds").asDouble();
    assertThat(json("--peers=6 --size=32M --rate=100mbit").get("last_seconds").asDouble())
        .isGreaterThan(1.5 * seconds);
    for (String option :
        List.of(
            "--supernode-rate=50mbit",
            "--source-rate=50mbit",
            "--slow=20%",
            "--slow=0.2 --slow-rate=50mbit",
            "--call-delay=100ms",
            "--piece-delay=50ms",
            "--churn=50% --seed=3")) {
      assertThat(json(usual + " " + option).get("last_seconds").asDouble())
          .as(option)
          .isGreaterThan(1.01 * seconds);
    }
    assertThat(json(usual + " --cached").get("source_bytes").asLong()).isZero();
    for (String option : List.of("--stagger=1s", "--report-delay=200ms")) {
      assertThat(json(usual + " " + option).get("last_seconds").asDouble())
          .as(option)
          .isNotEqualTo(seconds);
    }
    assertThat(json(usual + " --churn=50% --seed=4").get("last_seconds"))
        .isNotEqualTo(json(usual + " --churn=50% --seed=3").get("last_seconds"));
  }

  @Test
  void peopleGetLines() {
    FakeCall call = new FakeCall(dir, "--peers=2", "--size=1M");
    assertThat(SimulateMain.run(call)).as(call.said()).isZero();
    assertThat(call.printed())
        .contains("last peer ", " of its bound", "source       1.0 MiB read by the supernode");
  }

  @ParameterizedTest
  @CsvSource({
    "--peers=0, 'peers is 0, must be 1 to 1000000'",
    "--peers=many, 'many' is no whole number",
    "--size=0, 'size is 0, must be at least 1 byte'",
    "--size=20000T, 'length'",
    "--rate=1foo, '''1foo'' is no rate of a link, write 100mbit, 1gbit, or bytes'",
    "--supernode-rate=1mbitt, '''1mbitt'' is no rate of a link'",
    "--rate=0, 'a link''s rate cannot be 0'",
    "--rate=1kbit, 'the rate is 125 B/s'",
    "--zones=0, 'zones is 0, must be 1 to 1000'",
    "--churn=100%, 'churn is 1.0, must be from 0 to less than 1'",
    "--churn=much, '''much'' is no share, write 5% or 0.05'",
    "--slow=200%, '''200%'' is no share, write 5% or 0.05'",
    "--stagger=soon, 'soon' is no time",
    "--seed=x, '''x'' is no whole number'",
    "--peer=3, 'there is no option ''--peer'', did you mean'"
  })
  void whatIsWrongIsOneLine(String argument, String message) {
    FakeCall call = new FakeCall(dir, argument);
    assertThat(SimulateMain.run(call)).as(call.said()).isEqualTo(2);
    assertThat(call.said().lines()).hasSize(2);
    assertThat(call.said())
        .startsWith("simulate: ")
        .contains(message)
        .endsWith("Try 'simulate --help'.\n")
        .doesNotContain("Exception");
  }

  private JsonNode json(String arguments) throws Exception {
    FakeCall call = new FakeCall(dir, (arguments + " --json").split(" "));
    assertThat(SimulateMain.run(call)).as(call.said()).isZero();
    return new ObjectMapper().readTree(call.printed());
  }
}

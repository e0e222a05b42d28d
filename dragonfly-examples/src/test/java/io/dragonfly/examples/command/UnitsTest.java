package io.dragonfly.examples.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.dragonfly.rate.Rate;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UnitsTest {
  @ParameterizedTest
  @CsvSource({
    "30, PT30S",
    "0, PT0S",
    "500ms, PT0.5S",
    "30s, PT30S",
    "5m, PT5M",
    "2h, PT2H",
    "1d, PT24H",
    "1h30m, PT1H30M",
    "1h15m30.918s, PT1H15M30.918S",
    "1.5h, PT1H30M",
    ".5s, PT0.5S",
    "250us, PT0.00025S",
    "250\u00b5s, PT0.00025S",
    "7ns, PT0.000000007S"
  })
  void readsTimesAsGoDoes(String text, Duration time) {
    assertThat(Units.parseTime(text)).isEqualTo(time);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "soon",
        "5 m",
        "-5m",
        "5x",
        "m",
        "5m3",
        "1h-2m",
        "999999999999999999h",
        "1e3s"
      })
  void refusesWhatIsNoTime(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Units.parseTime(text))
        .withMessageContaining("'" + text + "'");
  }

  @ParameterizedTest
  @CsvSource({
    "2048, 2048",
    "2048B, 2048",
    "20K, 20480",
    "20KB, 20480",
    "20k, 20480",
    "20M, 20971520",
    "20MiB, 20971520",
    "1.5m, 1572864",
    "1G, 1073741824",
    "1GB, 1073741824"
  })
  void readsRatesAsVersion1Did(String text, long bytes) {
    assertThat(Units.parseLimit(text).rate()).contains(Rate.ofBytes(bytes));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "0B", "0M", "0KB"})
  void zeroIsNoLimit(String text) {
    assertThat(Units.parseLimit(text).rate()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "fast", "-1", "20X", "20M/s", "1023", "99999999999999999999G"})
  void refusesWhatIsNoRate(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> Units.parseLimit(text));
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "5, 5", "1K, 1024", "2T, 2199023255552", "1.5GiB, 1610612736"})
  void readsSizes(String text, long bytes) {
    assertThat(Units.parseSize(text)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "5, 5", "1K, 1024", "1025, 1025", "20M, 20971520", "2T, 2199023255552"})
  void writesSizesAsTheyAreRead(String text, long bytes) {
    assertThat(Units.exactSize(bytes)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"0s, 0", "5m, 300000", "1h30m, 5400000", "1s500ms, 1500", "25h, 90000000"})
  void writesTimesAsTheyAreRead(String text, long millis) {
    assertThat(Units.exactTime(Duration.ofMillis(millis))).isEqualTo(text);
    assertThat(Units.parseTime(text)).isEqualTo(Duration.ofMillis(millis));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "big", "-1", "9999999999T"})
  void refusesWhatIsNoSize(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> Units.parseSize(text));
  }

  @ParameterizedTest
  @CsvSource({"5%, 0.05", "0.05, 0.05", "12.5%, 0.125", "100%, 1", "0, 0", "1, 1"})
  void readsShares(String text, double share) {
    assertThat(Units.parseShare(text)).isEqualTo(share);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "much", "5 %", "101%", "5", "-1%"})
  void refusesWhatIsNoShare(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Units.parseShare(text))
        .withMessageContaining("'" + text + "'");
  }
}

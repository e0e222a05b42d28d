package io.dragonfly.examples.thin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ArgumentsTest {
  @Test
  void theServersOwnOptionsAreFoundInAnyForm() {
    Arguments arguments =
        of(
            "--url=u",
            "-nfirst",
            "--ip",
            "1.2.3.4",
            "--header",
            "A: b",
            "--idc=a=b",
            "--node",
            "s",
            "-n=t",
            "-n",
            "u",
            "--alivetime",
            "1m",
            "--home",
            "/h",
            "--config=/c",
            "--totallimit=5M");

    assertThat(arguments.ofTheServer())
        .containsExactly(
            "--node",
            "first",
            "--ip",
            "1.2.3.4",
            "--idc",
            "a=b",
            "--node",
            "s",
            "--node",
            "t",
            "--node",
            "u",
            "--alivetime",
            "1m",
            "--totallimit",
            "5M");
  }

  @Test
  void whoMayReadMetricsIsUpToTheServer() {
    assertThat(of("--metrics-network=10.0.0.0/8", "--metrics-network", "fd00::/8").ofTheServer())
        .containsExactly("--metrics-network", "10.0.0.0/8", "--metrics-network", "fd00::/8");
  }

  @Test
  void whetherItIsPreheatedIsUpToTheServer() {
    assertThat(of("--allow-preheat", "-n", "s", "--allow-preheat=false").ofTheServer())
        .containsExactly("--allow-preheat", "--node", "s", "--allow-preheat=false");
    assertThat(of("--allow-preheat", "explain", "f").isAboutHome()).isTrue();
  }

  @Test
  void filesOfTheServerDoNotDependOnItsDirectory() {
    assertThat(
            of("--tls-ca=ca.pem", "--tls-key", "/k", "--supernode-fingerprint", "f").ofTheServer())
        .containsExactly(
            "--tls-ca",
            new File("ca.pem").getAbsolutePath(),
            "--tls-key",
            "/k",
            "--supernode-fingerprint",
            "f");
  }

  @Test
  void theLastValueCounts() {
    assertThat(of("--home", "/a", "--home=/b").value("--home")).isEqualTo("/b");
    assertThat(of("--homely", "/a", "--home").value("--home")).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cache ls",
        "--home /h cache ls",
        "--home=/h explain f",
        "-n h --json cache ls",
        "-nh -b --verbose explain f"
      })
  void whatIsAboutAHomeIsSeenBehindOptions(String words) {
    assertThat(of(words.split(" ")).isAboutHome()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"--home cache", "-o explain --url u", "--idc limit", "limit", "--json"})
  void whatIsTheValueOfAnOptionIsNoCommand(String words) {
    assertThat(of(words.split(" ")).isAboutHome()).isFalse();
    assertThat(of(words.split(" ")).isAboutServer()).isEqualTo(words.equals("limit"));
  }

  @ParameterizedTest
  @CsvSource({
    "--url http://h/a, http://h/a",
    "-u http://u:p@h/a?b#c, http://h/a",
    "-u http://u:p@ss@h/a@b, http://h/a@b",
    "-uhttp://h/a#c?d, http://h/a",
    "--url=http://h/a@b, http://h/a@b",
    "--url=http://u@h, http://h",
    "--url u@h, u@h",
    "-n h, "
  })
  void theUrlIsShownWithoutSecrets(String words, @Nullable String shown) {
    assertThat(of(words.split(" ")).shownUrl()).isEqualTo(shown);
  }

  @Test
  void programsAreToldWhereTheyExpectIt() {
    assertThat(of("--json").isJsonAsked()).isTrue();
    assertThat(of("--json=true", "-o-").isJsonAsked()).isTrue();
    assertThat(of("--json", "--json=false").isJsonAsked()).isFalse();
    assertThat(of("-o-").isStdoutTaken()).isTrue();
    assertThat(of("--output=-").isStdoutTaken()).isTrue();
    assertThat(of("--output", "a").isStdoutTaken()).isFalse();
    assertThat(Messages.json("http://h/\"a", "server_lost", "it's\nlost"))
        .isEqualTo(
            "{\"url\":\"http://h/\\\"a\",\"error\":{\"kind\":\"server_lost\",\"message\":\"it's lost\"}}");
    assertThat(Messages.json(null, "usage", "no"))
        .isEqualTo("{\"error\":{\"kind\":\"usage\",\"message\":\"no\"}}");
  }

  @ParameterizedTest
  @CsvSource({
    "/x, /h, /x",
    "x, /h, /h/.cache",
    ", /h, /h/.cache",
    ", h, /account/.cache",
    ", , /account/.cache"
  })
  void theCacheIsWhereTheCallersVariablesSay(
      @Nullable String cache, @Nullable String home, File expected) {
    assertThat(Place.cache(cache, home, "/account")).isEqualTo(expected);
  }

  @Test
  void anEmptyHomeIsNotTheWorkingDirectory(@TempDir Path directory) throws Exception {
    assertThatThrownBy(() -> Place.of(List.of("--home="), "/here"))
        .isInstanceOf(FailedException.class)
        .hasMessageContaining("--home is empty");
    Path config = Files.writeString(directory.resolve("dfget.yml"), "home: ''\n");
    assertThatThrownBy(() -> Place.of(List.of("--config", config.toString()), "/here"))
        .isInstanceOf(FailedException.class);
    assertThat(Place.of(List.of("--home", "there"), "/here").home())
        .isEqualTo(new File("/here/there"));
  }

  private static Arguments of(String... words) {
    return new Arguments(List.of(words));
  }
}

package io.dragonfly.examples.thin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
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
  void theLastValueCounts() {
    assertThat(of("--home", "/a", "--home=/b").value("--home")).isEqualTo("/b");
    assertThat(of("--homely", "/a", "--home").value("--home")).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cache ls",
        "--home /h cache ls",
        "-nh -b explain f",
        "limit",
        "preheat u",
        "renew-secret"
      })
  void whatIsAboutAHomeIsSeenBehindOptions(String words) {
    assertThat(of(words.split(" ")).isAboutHome()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"--url http://h/cache", "--output=limit -u u", "help", "--json"})
  void allElseMayStartABackgroundPeer(String words) {
    assertThat(of(words.split(" ")).isAboutHome()).isFalse();
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
            "{\"url\":\"http://h/\\\"a\",\"error\":{\"kind\":\"server_lost\",\"message\":\"it's"
                + " lost\"}}");
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
    assertThat(DataDirectoryFinder.cache(cache, home, "/account")).isEqualTo(expected);
  }

  @Test
  void anEmptyHomeIsNotTheWorkingDirectory() throws Exception {
    assertThatThrownBy(() -> DataDirectoryFinder.of(List.of("--home="), "/here"))
        .isInstanceOf(FailedException.class)
        .hasMessageContaining("--home is empty");
    assertThat(DataDirectoryFinder.of(List.of("--home", "there"), "/here"))
        .isEqualTo(new File("/here/there"));
  }

  @Test
  void allDirectoriesOfACallsFilesAreToldToWhoHasAnotherView(@TempDir Path dir) {
    List<String> words =
        List.of("--url=http://h/a", "--header", "@" + dir + "/h", "-o/out/f", "--cacerts=ca/c.pem");

    List<String> found = Caller.directories(words, List.of("DRAGONFLY_TLS_KEY", "/keys/k"), "/");

    assertThat(found)
        .containsSubsequence("/", FileIdentity.of(Path.of("/")))
        .containsSubsequence(dir.toString(), FileIdentity.of(dir))
        .contains("/etc/dragonfly", "/out", "/ca", "/keys")
        .noneMatch(text -> text.contains("http"));
  }

  private static Arguments of(String... words) {
    return new Arguments(List.of(words));
  }
}

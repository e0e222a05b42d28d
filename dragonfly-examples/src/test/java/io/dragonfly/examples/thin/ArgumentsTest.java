package io.dragonfly.examples.thin;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

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
  void theLastValueCounts() {
    assertThat(of("--home", "/a", "--home=/b").value("--home")).isEqualTo("/b");
    assertThat(of("--homely", "/a", "--home").value("--home")).isNull();
  }

  @Test
  void anOptionIsTakenOutWithItsValue() {
    assertThat(of("--home", "/a", "--url", "u", "--home=/b", "--homes").without("--home").words())
        .containsExactly("--url", "u", "--homes");
  }

  private static Arguments of(String... words) {
    return new Arguments(List.of(words));
  }
}

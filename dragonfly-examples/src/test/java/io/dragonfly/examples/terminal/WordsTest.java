package io.dragonfly.examples.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class WordsTest {
  @Test
  void breaksBetweenWords() {
    String lines = Words.wrap("dfget: 64.0 MiB in 8.19 s: all from peers", 20);

    assertThat(lines.lines())
        .containsExactly("dfget: 64.0 MiB in", "  8.19 s: all from", "  peers");
  }

  @Test
  void keepsAWordThatIsTooLong() {
    assertThat(Words.wrap("see http://127.0.0.1/a/b for more", 10).lines())
        .containsExactly("see", "  http://127.0.0.1/a/b", "  for", "  more");
  }
}

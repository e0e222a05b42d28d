package io.dragonfly.examples.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class CommandsTest {
  @Test
  void aTextBecomesOneLineAndKeepsItsOtherSpace() {
    assertThat(Commands.oneLine("a  b\t\r\n\n c\u2028d\u0085e\n")).isEqualTo("a  b c d e ");
  }

  /** An answer of a source may hold anything: a time that grows with its square is for ever. */
  @Test
  void aLongTextOfBlanksTakesNoTime() {
    String blanks = " ".repeat(400_000);

    assertTimeout(
        Duration.ofSeconds(20), () -> assertThat(Commands.oneLine(blanks)).isEqualTo(blanks));
  }
}

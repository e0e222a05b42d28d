package io.dragonfly.examples.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class GlyphsTest {
  @Test
  void lcAllCountsBeforeLang() {
    assertThat(Glyphs.of(Map.of("LANG", "de_DE.UTF-8"))).isEqualTo(Glyphs.UTF_8);
    assertThat(Glyphs.of(Map.of("LANG", "en_US.utf8", "LC_ALL", ""))).isEqualTo(Glyphs.UTF_8);
    assertThat(Glyphs.of(Map.of("LANG", "de_DE.UTF-8", "LC_ALL", "C"))).isEqualTo(Glyphs.ASCII);
    assertThat(Glyphs.of(Map.of("LANG", "C", "LC_CTYPE", "C.UTF-8"))).isEqualTo(Glyphs.UTF_8);
    assertThat(Glyphs.of(Map.of())).isEqualTo(Glyphs.ASCII);
  }

  @Test
  void aLocaleThatTheStartScriptHasSetSaysNothing() {
    Map<String, String> environment = Map.of("LC_ALL", "C.UTF-8", "dragonfly_plain", "1");

    assertThat(Glyphs.of(environment)).isEqualTo(Glyphs.ASCII);
  }

  @Test
  void usesNoSignThatMayTakeTwoColumns() {
    assertThat(Glyphs.of(Map.of("LANG", "ja_JP.UTF-8"))).isEqualTo(Glyphs.ASCII);
  }

  @Test
  void barsFillUp() {
    assertThat(Glyphs.ASCII.bar(0, 10)).isEqualTo("[--------]");
    assertThat(Glyphs.ASCII.bar(0.5, 10)).isEqualTo("[####----]");
    assertThat(Glyphs.ASCII.bar(1, 10)).isEqualTo("[########]");
    assertThat(Glyphs.UTF_8.bar(0.5625, 10)).isEqualTo("[████▌░░░]");
    assertThat(Glyphs.UTF_8.bar(7, 3)).isEqualTo("[█]");
  }
}

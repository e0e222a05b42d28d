package io.dragonfly.transport.http.internal.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Content-Range as servers of all kinds may write it; seeded, and bounded by the count. */
class SourceParsersFuzzTest {
  @Test
  void aContentRangeIsRightOrNone() {
    Random random = new Random(20261127);
    String signs = "bytes 0123456789-/*,:\u0000\u00e9";
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder("bytes 0-99/100");
      for (int change = 0; change <= random.nextInt(5); change++) {
        int at = random.nextInt(text.length());
        text.setCharAt(at, signs.charAt(random.nextInt(signs.length())));
      }
      ContentRange.parse(text.toString()).ifPresent(range -> assertThat(range).isNotNull());
    }
    assertThat(ContentRange.parse("bytes 0-99999999999999999999/100")).isEmpty();
    assertThat(ContentRange.parse("bytes 0-" + "9".repeat(100_000) + "/1")).isEmpty();
  }
}

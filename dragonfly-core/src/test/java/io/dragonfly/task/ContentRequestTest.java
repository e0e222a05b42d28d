package io.dragonfly.task;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import org.junit.jupiter.api.Test;

class ContentRequestTest {
  private final ContentRequest plain = ContentRequest.of(URI.create("https://host/file?x=1"));

  @Test
  void whoAcceptsCompressedBytesSharesWithNobodyWhoDoesNot() {
    assertThat(plain.withHeaders(Headers.NONE.with("Accept-Encoding", "gzip")).key())
        .isNotEqualTo(plain.key());
  }

  @Test
  void whoAsksPlaysNoPartInTheKey() {
    Headers headers = Headers.NONE.with("Authorization", "Basic x").with("User-Agent", "curl");
    assertThat(plain.withHeaders(headers).key()).isEqualTo(plain.key());
  }
}

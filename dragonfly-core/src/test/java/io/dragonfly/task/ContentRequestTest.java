package io.dragonfly.task;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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

  @Test
  void whoDoesNotVerifySharesWithNobodyWhoDoesNorWhoTrustsOthers() {
    String blob = "https://host/v2/a/blobs/sha256:" + "ab".repeat(32);
    for (String url : List.of("https://host/file", blob)) {
      Set<TaskKey> keys = new HashSet<>();
      for (Trust trust :
          List.of(
              Trust.PLATFORM,
              new Trust(true, List.of()),
              new Trust(false, List.of("one")),
              new Trust(true, List.of("one")),
              new Trust(false, List.of("two")))) {
        keys.add(
            new ContentRequest(
                    URI.create(url),
                    List.of(),
                    Optional.empty(),
                    Optional.empty(),
                    Headers.NONE,
                    trust)
                .key());
      }
      assertThat(keys).hasSize(5);
    }
  }
}

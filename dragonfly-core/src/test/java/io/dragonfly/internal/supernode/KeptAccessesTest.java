package io.dragonfly.internal.supernode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.error.BusyException;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.internal.cdn.Access;
import io.dragonfly.internal.queue.HostKey;
import io.dragonfly.spi.Requester;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Headers;
import io.dragonfly.task.Trust;
import java.net.URI;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** One copy of what is equal, and a bound for each place. */
class KeptAccessesTest {
  private static final HostKey HERE = new HostKey("192.0.2.1");
  private static final HostKey THERE = new HostKey("192.0.2.2");
  private static final int TASKS = 500;
  private static final String TOKEN = "x".repeat(30_000);

  private final Fingerprints fingerprints = new Fingerprints(new SecureRandom());
  private final KeptAccesses kept = new KeptAccesses(1 << 20, 0.2);

  private Access access(int file, String token) {
    return access(content(file, token, Trust.PLATFORM));
  }

  private Access access(ContentRequest content) {
    return fingerprints.access(content, Requester.PUBLIC_NETWORK);
  }

  private static ContentRequest content(int file, String token, Trust trust) {
    return new ContentRequest(
        URI.create("https://host/" + file),
        List.of(),
        Optional.empty(),
        Optional.empty(),
        // Not the same objects: each registration is parsed by itself.
        Headers.NONE.with("Authorization", new String(token.toCharArray())),
        trust);
  }

  @Test
  void fiveHundredTasksWithTheSameCredentialsKeepOneCopyOfThem() {
    Access first = kept.keep(HERE, access(0, TOKEN));
    for (int file = 1; file < TASKS; file++) {
      Access next = kept.keep(HERE, access(file, TOKEN));
      assertThat(next.content().url().getPath()).isEqualTo("/" + file);
      assertThat(next.content().headers()).isSameAs(first.content().headers());
    }
    assertThat(kept.used(HERE)).isLessThan(TOKEN.length() + TASKS * 200L);
  }

  @Test
  void equalRequestsAreOneObjectAndCountOnceInAllAndOnceForEachPlace() {
    Access here = kept.keep(HERE, access(1, TOKEN));
    long size = kept.used();
    assertThat(kept.keep(HERE, access(1, TOKEN))).isSameAs(here);
    assertThat(kept.keep(THERE, access(1, TOKEN))).isSameAs(here);
    assertThat(kept.used()).isEqualTo(size);
    assertThat(kept.used(HERE)).isEqualTo(size);
    assertThat(kept.used(THERE)).isEqualTo(size);

    kept.letGo(HERE, here);
    assertThat(kept.used(HERE)).isEqualTo(size);
    kept.letGo(HERE, here);
    assertThat(kept.used(HERE)).isZero();
    assertThat(kept.used()).isEqualTo(size);
    kept.letGo(THERE, here);
    assertThat(kept.used()).isZero();
  }

  @Test
  void aPlaceHasItsPartAndTheOthersTheirs() {
    int count = 0;
    while (isKept(HERE, count)) {
      count++;
    }
    assertThat(count).isEqualTo((1 << 20) / 5 / 30_300);
    assertThat(isKept(THERE, count)).isTrue();
    kept.letGo(HERE, access(0, "0" + TOKEN));
    assertThat(isKept(HERE, 0)).isTrue();
  }

  private boolean isKept(HostKey place, int file) {
    try {
      kept.keep(place, access(file, file + TOKEN));
      return true;
    } catch (BusyException e) {
      assertThat(e).hasMessageContaining(place.name());
      return false;
    }
  }

  @Test
  void allTogetherHaveABound() {
    for (int place = 0; place < 5; place++) {
      for (int i = 0; i < 6; i++) {
        kept.keep(new HostKey("p" + place), access(10 * place + i, place + "-" + i + TOKEN));
      }
    }
    assertThatThrownBy(
            () -> {
              for (int place = 5; place < 20; place++) {
                kept.keep(new HostKey("p" + place), access(10 * place, place + TOKEN));
              }
            })
        .isInstanceOf(BusyException.class)
        .hasMessageContaining("no room for more");
    assertThat(kept.used()).isLessThanOrEqualTo(1 << 20);
  }

  /** What one peer does not verify must not be what another one's source is asked with. */
  @Test
  void requestsThatDifferInTrustAloneAreNotShared() {
    Trust insecure = new Trust(true, List.of());
    Access strict = kept.keep(HERE, access(content(1, "t", Trust.PLATFORM)));
    Access lax = kept.keep(HERE, access(content(1, "t", insecure)));
    assertThat(strict.content().trust()).isEqualTo(Trust.PLATFORM);
    assertThat(lax.content().trust()).isEqualTo(insecure);
    assertThat(lax.fingerprint()).isNotEqualTo(strict.fingerprint());
  }

  @Test
  void moreThan32KibOfHeadersAndCertificatesAreRefused() {
    assertThatCode(() -> KeptAccesses.check(content(1, "x".repeat(32_000), Trust.PLATFORM)))
        .doesNotThrowAnyException();
    Trust certificates = new Trust(false, List.of("c".repeat(3_000)));
    assertThatThrownBy(() -> KeptAccesses.check(content(1, TOKEN, certificates)))
        .isInstanceOf(CallRefusedException.class)
        .hasMessageContaining("and a supernode accepts 32768");
    Headers many = Headers.NONE;
    for (int i = 0; i < 1_000; i++) {
      many = many.with("a", "");
    }
    ContentRequest tiny = content(1, "", Trust.PLATFORM).withHeaders(many);
    assertThatThrownBy(() -> KeptAccesses.check(tiny)).isInstanceOf(CallRefusedException.class);
  }
}

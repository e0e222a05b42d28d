package io.dragonfly.internal.preheat;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.PreheatRequest;
import io.dragonfly.error.DistributionException;
import io.dragonfly.internal.cdn.Sources;
import io.dragonfly.spi.Requester;
import io.dragonfly.spi.SourceConfig;
import io.dragonfly.task.Digest;
import io.dragonfly.task.ImageName;
import io.dragonfly.task.Trust;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.Mutations;
import java.net.URI;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What registries say, in every shape; seeded, and bounded by the counts. */
@ExtendWith(LeakCheck.class)
class RegistryParsersFuzzTest {
  private static final int TRIES = 3_000;
  private static final String HEX = "ab".repeat(32);
  private static final String ORIGIN = "https://registry.test/v2/lab/app/manifests/";

  @Test
  void aChallengeNamesAPlaceOfTheWebOrNone() {
    Mutations mutations = new Mutations(20261127, "\",= \\\t%?&:/{}[]bearer");
    String honest =
        "Basic realm=\"x\", Bearer realm=\"https://auth.test/token\",service=\"a b\",scope=\"r:p\"";
    for (int i = 0; i < TRIES; i++) {
      List<String> headers = List.of(mutations.of(honest), mutations.of(honest));
      Challenge.token(headers)
          .ifPresent(
              url -> {
                assertThat(url.getScheme()).isIn("http", "https", "HTTP", "HTTPS", "Http");
                assertThat(url.getHost()).isNotEmpty();
              });
      Challenge.hasBasic(headers);
    }
    assertThat(Challenge.token(List.of("Bearer ".repeat(20_000) + "realm=" + "a".repeat(100_000))))
        .isEmpty();
  }

  @Test
  void anImageNameIsRightOrRefused() {
    Mutations mutations = new Mutations(1, ":/@.-_ %#?AZ");
    for (int i = 0; i < TRIES; i++) {
      String text = mutations.of("registry.test:5000/lab/app:v1@sha256:" + HEX);
      try {
        ImageName name = ImageName.parse(text);
        URI.create("https://" + name.registry() + "/v2/" + name.repository() + "/manifests/");
      } catch (IllegalArgumentException e) {
        assertThat(e.getMessage()).as(text).isNotEmpty().doesNotStartWith("Illegal character");
      }
    }
  }

  private static PreheatRequest.Image image() {
    return new PreheatRequest.Image(
        new ImageName("registry.test", "lab/app", "v1"),
        List.of(),
        Optional.empty(),
        Trust.PLATFORM,
        false);
  }

  @Test
  void aManifestIsWalkedOrRefused() throws Exception {
    Mutations mutations = new Mutations(2, "{}[]\",:0 sha256");
    String inner =
        "{\"config\":{\"digest\":\"sha256:%s\"},\"layers\":[{\"digest\":\"sha256:%s\"}]}"
            .formatted(HEX, "cd".repeat(32));
    String outer =
        "{\"manifests\":[{\"digest\":\"%s\",\"platform\":{\"os\":\"linux\",\"architecture\":\"a\"}}]}"
            .formatted(digest(inner));
    int walked = 0;
    for (int i = 0; i < 400; i++) {
      FakeSource source = new FakeSource();
      source.put(URI.create(ORIGIN + digest(inner)), inner.getBytes(ISO_8859_1));
      source.put(
          URI.create(ORIGIN + "v1"), mutations.of(i % 2 == 0 ? inner : outer).getBytes(ISO_8859_1));
      try (Sources sources = new Sources(Map.of("https", source), new SourceConfig("test"))) {
        Reading reading = new Reading(sources, Duration.ofSeconds(1), () -> Requester.THIS_PROCESS);
        RegistryLogin login = new RegistryLogin(reading, Optional.empty(), Trust.PLATFORM, true);
        assertThat(new ImageWalk(image(), reading, login).contents()).hasSizeBetween(1, 10);
        walked++;
      } catch (DistributionException e) {
        assertThat(e.getMessage()).isNotEmpty();
      }
    }
    assertThat(walked).isBetween(20, 380);
  }

  @Test
  void oneManifestThatIsNamedVeryOftenIsReadOnce() throws Exception {
    String inner = "{\"config\":{\"digest\":\"sha256:%s\"},\"layers\":[]}".formatted(HEX);
    String entry = "{\"digest\":\"%s\"}".formatted(digest(inner));
    String outer = "{\"manifests\":[" + (entry + ",").repeat(20_000) + entry + "]}";
    FakeSource source = new FakeSource();
    source.put(URI.create(ORIGIN + digest(inner)), inner.getBytes(ISO_8859_1));
    source.put(URI.create(ORIGIN + "v1"), outer.getBytes(ISO_8859_1));
    try (Sources sources = new Sources(Map.of("https", source), new SourceConfig("test"))) {
      Reading reading = new Reading(sources, Duration.ofSeconds(1), () -> Requester.THIS_PROCESS);
      RegistryLogin login = new RegistryLogin(reading, Optional.empty(), Trust.PLATFORM, true);

      assertThat(new ImageWalk(image(), reading, login).contents()).hasSize(3);

      assertThat(source.opened()).hasSize(2);
    }
  }

  private static String digest(String text) {
    MessageDigest sha = Digest.newSha256();
    sha.update(text.getBytes(ISO_8859_1));
    return Digest.of(sha).toString();
  }
}

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
import io.dragonfly.testkit.Fuzz;
import io.dragonfly.testkit.LeakCheck;
import java.net.URI;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What registries say, in every shape; seeded, and bounded by the counts. */
@ExtendWith(LeakCheck.class)
@Tag("fuzz")
class RegistryParsersFuzzTest {
  private static final String HEX = "ab".repeat(32);
  private static final String ORIGIN = "https://registry.test/v2/lab/app/manifests/";

  @Test
  void aChallengeNamesAPlaceOfTheWebOrNone() {
    Fuzz.Counts counts =
        Fuzz.of(
                "\",= \\\t%?&:/{}[]bearer",
                "Basic realm=\"x\", Bearer realm=\"https://auth.test/token\",service=\"a"
                    + " b\",scope=\"r:p\"",
                "Bearer realm=\"https://auth.test/token\"")
            .run(
                input -> {
                  String header = Fuzz.text(input);
                  Challenge.hasBasic(List.of(header));
                  Optional<URI> token = Challenge.token(List.of(header, header));
                  token.ifPresent(
                      url -> {
                        assertThat(url.getScheme().toLowerCase(Locale.ROOT)).isIn("http", "https");
                        assertThat(url.getHost()).isNotEmpty();
                      });
                  return token.isPresent();
                });
    assertThat(counts.accepted()).isPositive();
    assertThat(counts.refused()).isPositive();
    assertThat(Challenge.token(List.of("Bearer ".repeat(20_000) + "realm=" + "a".repeat(100_000))))
        .isEmpty();
  }

  @Test
  void anImageNameIsRightOrRefused() {
    Fuzz.Counts counts =
        Fuzz.of(":/@.-_ %#?AZ", "registry.test:5000/lab/app:v1@sha256:" + HEX, "app", "lab/app:v1")
            .run(
                input -> {
                  try {
                    ImageName name = ImageName.parse(Fuzz.text(input));
                    URI.create("https://" + name.registry() + "/v2/" + name.repository() + "/x");
                    return true;
                  } catch (IllegalArgumentException e) {
                    assertThat(e.getMessage()).isNotEmpty().doesNotStartWith("Illegal character");
                    return false;
                  }
                });
    assertThat(counts.accepted()).isPositive();
    assertThat(counts.refused()).isPositive();
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
    String inner =
        "{\"config\":{\"digest\":\"sha256:%s\"},\"layers\":[{\"digest\":\"sha256:%s\"}]}"
            .formatted(HEX, "cd".repeat(32));
    String outer =
        "{\"manifests\":[{\"digest\":\"%s\",\"platform\":{\"os\":\"linux\",\"architecture\":\"a\"}}]}"
            .formatted(digest(inner));
    FakeSource source = new FakeSource();
    source.put(URI.create(ORIGIN + digest(inner)), inner.getBytes(ISO_8859_1));
    try (Sources sources = new Sources(Map.of("https", source), new SourceConfig("test"))) {
      Reading reading = new Reading(sources, Duration.ofSeconds(9), () -> Requester.THIS_PROCESS);
      Fuzz.Counts counts =
          Fuzz.of("{}[]\",:0 sha256", inner, outer)
              .run(
                  input -> {
                    source.put(URI.create(ORIGIN + "v1"), input);
                    RegistryLogin login =
                        new RegistryLogin(reading, Optional.empty(), Trust.PLATFORM, true);
                    assertThat(new ImageWalk(image(), reading, login).contents())
                        .hasSizeBetween(1, 10);
                    return true;
                  },
                  DistributionException.class);
      assertThat(counts.accepted()).isPositive();
      assertThat(counts.refused()).isPositive();
    }
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

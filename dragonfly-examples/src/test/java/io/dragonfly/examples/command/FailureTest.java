package io.dragonfly.examples.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.error.NoProgressException;
import io.dragonfly.error.SourceFailedException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class FailureTest {
  @Test
  void eachSettingThatIsRefusedIsNamedByItsOption() {
    assertThat(Failure.usage("tlsCert and tlsKey belong together: set both or none").message())
        .isEqualTo("--tls-cert and --tls-key belong together: set both or none");
    assertThat(Failure.usage("crl is set without tlsCa: set that, too").message())
        .isEqualTo("--crl is set without --tls-ca: set that, too");
    assertThat(Failure.usage("homeDir is '', must be a directory").message())
        .isEqualTo("--home-dir is '', must be a directory");
    assertThat(Failure.usage("there is no file called crl").message())
        .isEqualTo("there is no file called crl");
  }

  @Test
  void programsGetWhatTheSourceAnswered() {
    SourceFailedException busy =
        new SourceFailedException("busy", 503, Optional.of(Duration.ofSeconds(7)));

    assertThat(Failure.of(busy.withMessage("Nothing came for 4 s: busy")).toJson(Map.of()))
        .isEqualTo(
            "{\"error\":{\"kind\":\"source_failed\",\"message\":\"Nothing came for 4 s: busy\","
                + "\"status\":503,\"retryAfterSeconds\":7}}");
    assertThat(Failure.of(new NoProgressException("nothing")).toJson(Map.of()))
        .doesNotContain("retryAfterSeconds");
  }
}

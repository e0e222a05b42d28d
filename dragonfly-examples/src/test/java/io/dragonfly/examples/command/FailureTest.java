package io.dragonfly.examples.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.error.NoProgressException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.error.SupernodeUnreachableException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class FailureTest {
  /** The library names the pattern of a request, and a command has an option for it. */
  @Test
  void peopleGetTheOptionForWhatTheLibraryNames() {
    SupernodeUnreachableException lost =
        new SupernodeUnreachableException(
            "Supernode a:1 cannot be reached: refused. Check its address and that it runs, or fetch"
                + " with the pattern source, which needs none.");

    assertThat(Failure.of(lost).message())
        .endsWith("fetch with --pattern source, which needs none.");
  }

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

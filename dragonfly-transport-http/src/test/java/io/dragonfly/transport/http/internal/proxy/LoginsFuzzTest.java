package io.dragonfly.transport.http.internal.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.testkit.Fuzz;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Docker's config.json in every shape. */
@Tag("fuzz")
class LoginsFuzzTest {
  @TempDir Path dir;

  @Test
  void aLoginFitsIntoAHeaderOrThereIsNone() {
    Path file = dir.resolve("config.json");
    Fuzz.Counts counts =
        Fuzz.of(
                "{}[]\",:/=\\u0123456789",
                "{\"auths\":{\"lab.example:5000\":{\"auth\":\"dTpw\"}}}",
                "{\"auths\":{\"https://lab.example:5000/v1/\":{\"username\":\"u\",\"password\":\"p\"}}}")
            .run(
                input -> {
                  Files.write(file, input);
                  Optional<String> login = new Logins(Optional.of(file)).basic("lab.example:5000");
                  login.ifPresent(l -> assertThat(l).matches("Basic [A-Za-z0-9+/=]+"));
                  return login.isPresent();
                });
    assertThat(counts.accepted()).isPositive();
    assertThat(counts.refused()).isPositive();
  }
}

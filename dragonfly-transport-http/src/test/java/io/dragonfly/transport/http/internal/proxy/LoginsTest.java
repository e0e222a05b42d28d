package io.dragonfly.transport.http.internal.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which login of docker's config.json is for which registry. */
class LoginsTest {
  private static final String HUB = "registry-1.docker.io";

  @TempDir Path dir;

  private Optional<String> login(String registry, String json) throws IOException {
    Path file = Files.writeString(dir.resolve("config.json"), json);
    return new Logins(Optional.of(file)).basic(registry);
  }

  private static String auths(String name, String login) {
    return "{\"auths\":{\"ghcr.io\":{\"auth\":\"b3RoZXI=\"},\"%s\":%s}}".formatted(name, login);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://index.docker.io/v1/",
        "index.docker.io",
        "docker.io",
        "registry-1.docker.io"
      })
  void dockerHubIsKnownByAllItsNames(String name) throws Exception {
    assertThat(login(HUB, auths(name, "{\"auth\":\"dTpw\"}"))).contains("Basic dTpw");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"https://index.docker.io.evil.example/v1/", "docker.io:5000", "evil.example"})
  void theLoginOfAnotherIsNotThatOfDockerHub(String name) throws Exception {
    assertThat(login(HUB, auths(name, "{\"auth\":\"dTpw\"}"))).isEmpty();
  }

  @Test
  void aPortIsPartOfTheName() throws Exception {
    String json = auths("https://lab.example:5000", "{\"auth\":\"dTpw\"}");

    assertThat(login("lab.example:5000", json)).contains("Basic dTpw");
    assertThat(login("lab.example", json)).isEmpty();
    assertThat(login("ghcr.io", json)).contains("Basic b3RoZXI=");
  }

  @Test
  void nameAndPasswordMayStandThereAsTheyAre() throws Exception {
    assertThat(login("h", auths("h", "{\"username\":\"u\",\"password\":\"p\"}")))
        .contains("Basic dTpw");
  }

  @Test
  void whatIsNoLoginIsNone() throws Exception {
    assertThat(login("h", auths("h", "{}"))).isEmpty(); // a helper program keeps it
    assertThat(login("h", auths("h", "{\"auth\":\"no base64\"}"))).isEmpty();
    assertThat(login("h", "{")).isEmpty();
    assertThat(new Logins(Optional.of(dir.resolve("none"))).basic("h")).isEmpty();
    assertThat(new Logins(Optional.empty()).basic("h")).isEmpty();
  }
}

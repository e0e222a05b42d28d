package io.dragonfly.transport.http.internal.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
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

  @Test
  void theFileIsReadAgainOnlyWhenItHasChanged() throws Exception {
    Path file = dir.resolve("config.json");
    Files.writeString(file, auths("h", "{\"auth\":\"dTpw\"}"));
    FileTime time = Files.getLastModifiedTime(file);
    Logins logins = new Logins(Optional.of(file));
    assertThat(logins.basic("h")).contains("Basic dTpw");

    // In place, with as many bytes and the same time: that could only be seen by reading it.
    Files.writeString(file, auths("h", "{\"auth\":\"dTpx\"}"));
    Files.setLastModifiedTime(file, time);
    assertThat(logins.basic("h")).contains("Basic dTpw");

    Files.setLastModifiedTime(file, FileTime.fromMillis(time.toMillis() + 2000));
    assertThat(logins.basic("h")).contains("Basic dTpx");
  }

  @Test
  void aFileThatTakesThePlaceOfTheOldOneIsRead() throws Exception {
    Path file = dir.resolve("config.json");
    Files.writeString(file, auths("h", "{\"auth\":\"dTpw\"}"));
    Logins logins = new Logins(Optional.of(file));
    assertThat(logins.basic("h")).contains("Basic dTpw");
    Path next = dir.resolve("next.json"); // as docker login does
    Files.writeString(next, auths("h", "{\"auth\":\"dTpx\"}"));
    Files.setLastModifiedTime(next, Files.getLastModifiedTime(file));

    Files.move(next, file, StandardCopyOption.REPLACE_EXISTING);

    assertThat(logins.basic("h")).contains("Basic dTpx");
  }

  @Test
  void aFileThatIsMissingOrDamagedIsWarnedOfOnce() throws Exception {
    Path file = dir.resolve("config.json");
    Logins logins = new Logins(Optional.of(file));
    try (Logged logged = new Logged(Logins.class)) {
      ask(logins);
      assertThat(logged.lines())
          .hasSize(1)
          .first()
          .asString()
          .startsWith("WARN")
          .contains("no login");

      Files.writeString(file, auths("h", "{\"auth\":\"dTpw\"}"));
      assertThat(logins.basic("h")).contains("Basic dTpw");
      Files.delete(file);
      ask(logins);
      assertThat(logged.lines()).hasSize(2);

      Files.writeString(file, "{");
      ask(logins);
      assertThat(logged.lines()).hasSize(3);
    }
  }

  private static void ask(Logins logins) {
    for (int i = 0; i < 3; i++) {
      assertThat(logins.basic("h")).isEmpty();
    }
  }
}

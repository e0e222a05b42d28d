package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.examples.CommandLab.Running;
import io.dragonfly.examples.CommandLab.SupernodeProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** One private file, two users: who has no access gets the source's own refusal, at any time. */
class PrivateFileIT extends NginxTests {
  private static final long LENGTH = 48 << 20;
  private static final String PATH = "private/file.bin";

  @Test
  void theSourceDecidesForEachUserWhileOthersDownloadAndAfter() throws Exception {
    Path file = nginx.publish(PATH, LENGTH);
    SupernodeProcess supernode = lab.supernode("supernode", 0);
    // Their servers run before the download does, which would else be over first.
    Path small = nginx.publish("small.bin", 1000);
    Running second = dfget(supernode, 2, "small.bin");
    Running third = dfget(supernode, 3, "small.bin");
    assertFetched(second, 2, small);
    assertFetched(third, 3, small);
    Running alice = dfgetAs("alice:wonderland", supernode, 1);
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .ignoreExceptions() // files come and go while they are looked at
        .until(() -> isBigTaskStored(dir.resolve("supernode/tasks")));

    assertRefused(dfgetAs("mallory:guess", supernode, 2));
    assertRefused(dfget(supernode, 3, PATH));
    assertThat(alice.process().isAlive()).as("the download is still running").isTrue();
    assertNobodySeesInTheListOfProcesses("wonderland", token("alice:wonderland"));

    assertFetched(alice, 1, file);
    assertRefused(dfgetAs("mallory:guess", supernode, 4));
    assertFetched(dfgetAs("alice:wonderland", supernode, 5), 5, file);
    // A byte for the last question and for each registration; who lost its lease registers again.
    assertThat(nginx.bodyBytes(PATH)).isBetween(LENGTH, LENGTH + 4);
    lab.close();
    assertNobodyWroteDown("wonderland", token("alice:wonderland"), "guess", token("mallory:guess"));
  }

  /** Looks through homes, logs and what the commands said; nginx has its own files. */
  private void assertNobodyWroteDown(String... secrets) throws IOException {
    int looked = 0;
    try (Stream<Path> files = Files.walk(dir)) {
      for (Path path : files.filter(Files::isRegularFile).toList()) {
        boolean isOurs = !path.startsWith(dir.resolve("nginx")) && Files.size(path) < LENGTH;
        if (isOurs) {
          looked++;
          assertThat(path + Files.readString(path, StandardCharsets.ISO_8859_1))
              .as(path.toString())
              .doesNotContain(secrets);
        }
      }
    }
    assertThat(looked).isGreaterThan(20);
  }

  /** Those of the caller aside, who has written it there himself. */
  private void assertNobodySeesInTheListOfProcesses(String... secrets) throws IOException {
    for (String home : List.of("home1", "home2", "home3")) {
      ProcessHandle server = lab.server(dir.resolve(home)).orElseThrow();
      Path line = Path.of("/proc/" + server.pid() + "/cmdline");
      if (Files.exists(line)) {
        assertThat(Files.readString(line)).contains("server").doesNotContain(secrets);
      }
    }
  }

  private static String token(String user) {
    return Base64.getEncoder().encodeToString(user.getBytes(StandardCharsets.UTF_8));
  }

  private static boolean isBigTaskStored(Path tasks) throws IOException {
    try (Stream<Path> files = Files.walk(tasks)) {
      return files.anyMatch(file -> file.endsWith("data") && file.toFile().length() == LENGTH);
    }
  }

  private static void assertRefused(Running dfget) throws Exception {
    assertThat(dfget.exitCode(Duration.ofSeconds(30))).as(dfget.err()).isEqualTo(10);
    assertThat(dfget.json().at("/error/status").asInt()).isEqualTo(401);
  }

  private Running dfgetAs(String user, SupernodeProcess supernode, int number) throws Exception {
    return dfget(supernode, number, PATH, "--header", "Authorization: Basic " + token(user));
  }
}

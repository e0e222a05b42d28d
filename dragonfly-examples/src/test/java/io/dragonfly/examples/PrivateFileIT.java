package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.examples.CommandLab.Running;
import io.dragonfly.examples.CommandLab.SupernodeProcess;
import io.dragonfly.testkit.LiveFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** One private file, two users: who has no access gets the source's own refusal, at any time. */
@Tag("slow")
class PrivateFileIT extends NginxTests {
  private static final long LENGTH = 48 << 20;
  private static final String PATH = "private/file.bin";
  private static final String[] SHOWN = {
    "--header", "Authorization: Basic " + token("alice:wonderland"),
    "--header", "Cookie: session=crumb-of-alice",
    "--header", "Private-Token: key-of-alice",
    "--header", "Accept: text/one",
    "--filter", "sig"
  };

  @Test
  void theSourceDecidesForEachUserWhileOthersDownloadAndAfter() throws Exception {
    Path file = nginx.publish(PATH, LENGTH);
    SupernodeProcess supernode = lab.supernode("supernode", 0, "--source-rate", "2M");
    startServers(supernode, 2, 3); // before the download, which would else be over first
    Running alice = dfgetAs("alice:wonderland", supernode, 1);
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .ignoreExceptions() // files come and go while they are looked at
        .until(() -> isBigTaskStored(dir.resolve("supernode/tasks")));

    Running mallory = dfgetAs("mallory:guess", supernode, 2);
    Running nobody = dfget(supernode, 3, PATH);
    assertRefused(mallory);
    assertRefused(nobody);
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

  /** What a user shows to a source, in each way that there is, and a source that sends him on. */
  @Test
  void whatAUserShowsToASourceIsNeitherWrittenDownNorSentOn() throws Exception {
    String[] secrets = {
      "wonderland", token("alice:wonderland"), "crumb-of-alice", "key-of-alice", "hush-hush"
    };
    String body = "HTTP/1.1 200 OK\nETag: \"a\"\nContent-Length: 200000\n\n";
    try (RudeServer other = new RudeServer(body, 200_000, RudeServer.Then.CLOSE);
        RudeServer first = new RudeServer(sendsOnTo(other), 0, RudeServer.Then.CLOSE)) {
      SupernodeProcess supernode = lab.supernode("supernode", 0, "--verbose");
      for (int i = 1; i <= 2; i++) {
        Running dfget = shows(supernode, i, first.url() + "?part=2&sig=hush-hush");
        assertThat(dfget.exitCode(Duration.ofMinutes(1))).as(dfget.err()).isZero();
        assertThat(output(i)).hasBinaryContent(new byte[200_000]);
        String[] explain = {"explain", output(i).toString(), "--home", home(i)};
        assertThat(lab.start("dfget", explain).exitCode(Duration.ofMinutes(1))).isZero();
      }
      Running alone = dfgetAt(3, first.url() + "?sig=hush-hush", SHOWN);
      assertThat(alone.exitCode(Duration.ofMinutes(1))).as(alone.err()).isZero();
      Running tasks =
          lab.start(
              "supernode",
              "admin",
              "tasks",
              "--json",
              "--home-dir",
              dir.resolve("supernode").toString(),
              "--node",
              supernode.address());
      assertThat(tasks.exitCode(Duration.ofMinutes(1))).as(tasks.err()).isZero();

      assertThat(tasks.out()).contains("/file.bin\"");
      assertThat(first.heads())
          .isNotEmpty()
          .allSatisfy(head -> assertThat(head).contains(List.of(secrets).subList(1, 5)));
      assertThat(other.heads())
          .isNotEmpty()
          .allSatisfy(
              head -> assertThat(head).doesNotContain(secrets).contains("Accept: text/one"));
    }
    lab.close();
    assertNobodyWroteDown(secrets);
  }

  /** With and without a supernode; the second time there is a server already. */
  @Test
  void aUserNameInAUrlIsRefusedWithoutBeingRepeated() throws Exception {
    SupernodeProcess supernode = lab.supernode("supernode", 0, "--verbose");
    String url = nginx.url("file.bin").replace("http://", "http://alice:wonderland@");
    for (int i = 0; i < 2; i++) {
      for (Running dfget : List.of(shows(supernode, 1, url), dfgetAt(2, url, SHOWN))) {
        assertThat(dfget.exitCode(Duration.ofMinutes(1))).as(dfget.err()).isEqualTo(2);
        assertThat(dfget.err()).contains("must not hold a user name or password");
        assertThat(dfget.json().at("/error/kind").asText()).isEqualTo("usage");
      }
      nginx.publish("small.bin", 1000);
      assertThat(dfget(supernode, 1, "small.bin").exitCode(Duration.ofMinutes(1))).isZero();
      assertThat(dfgetAlone(2, "small.bin").exitCode(Duration.ofMinutes(1))).isZero();
    }
    assertThat(nginx.bodyBytes("file.bin")).isZero();
    lab.close();
    assertNobodyWroteDown(
        "wonderland", token("alice:wonderland"), "crumb-of-alice", "key-of-alice");
  }

  /** Another host by its name as well. */
  private static String sendsOnTo(RudeServer other) {
    return "HTTP/1.1 302 Found\nLocation: %s\nContent-Length: 0\n\n"
        .formatted(other.url().replace("127.0.0.1", "localhost"));
  }

  private Running shows(SupernodeProcess supernode, int number, String url) throws IOException {
    List<String> more = new ArrayList<>(List.of(SHOWN));
    more.addAll(List.of("--node", supernode.address(), "--ip", "127.0.0." + (10 + number)));
    return dfgetAt(number, url, more.toArray(String[]::new));
  }

  private Running dfgetAt(int number, String url, String... more) throws IOException {
    List<String> arguments = new ArrayList<>(List.of("--url", url, "--json", "--verbose"));
    arguments.addAll(List.of("--output", output(number).toString(), "--home", home(number)));
    arguments.addAll(List.of(more));
    return lab.start("dfget", arguments.toArray(String[]::new));
  }

  private String home(int number) {
    return dir.resolve("home" + number).toString();
  }

  /** Looks through homes, logs and what the commands said; nginx has its own files. */
  private void assertNobodyWroteDown(String... secrets) throws IOException {
    int looked = 0;
    for (Path path : LiveFiles.below(dir)) {
      boolean isOurs =
          Files.isRegularFile(path)
              && !path.startsWith(dir.resolve("nginx"))
              && Files.size(path) < LENGTH;
      if (isOurs) {
        looked++;
        assertThat(path + Files.readString(path, StandardCharsets.ISO_8859_1))
            .as(path.toString())
            .doesNotContain(secrets);
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
    return LiveFiles.named("data", tasks).stream()
        .anyMatch(file -> file.toFile().length() == LENGTH);
  }

  private static void assertRefused(Running dfget) throws Exception {
    assertThat(dfget.exitCode(Duration.ofMinutes(2))).as(dfget.err()).isEqualTo(10);
    assertThat(dfget.json().at("/error/status").asInt()).isEqualTo(401);
  }

  private Running dfgetAs(String user, SupernodeProcess supernode, int number) throws Exception {
    return dfget(supernode, number, PATH, "--header", "Authorization: Basic " + token(user));
  }
}

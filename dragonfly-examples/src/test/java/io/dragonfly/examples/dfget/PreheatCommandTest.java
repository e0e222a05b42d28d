package io.dragonfly.examples.dfget;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.util.concurrent.Uninterruptibles;
import com.sun.net.httpserver.HttpServer;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.examples.command.FakeCall;
import io.dragonfly.home.CachedTask;
import io.dragonfly.testkit.LeakCheck;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** An operator has a supernode read something, by the command. */
@ExtendWith(LeakCheck.class)
class PreheatCommandTest {
  @TempDir private Path dir;
  private HttpServer source;
  private Supernode supernode;
  private String url;
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch release = new CountDownLatch(1);

  @BeforeEach
  void start() throws Exception {
    source = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10);
    source.createContext(
        "/file.bin",
        exchange -> {
          exchange.getResponseHeaders().set("ETag", "\"1\"");
          exchange.sendResponseHeaders(200, 200_000);
          try (OutputStream body = exchange.getResponseBody()) {
            body.write(new byte[200_000]);
          }
        });
    source.createContext(
        "/held.bin",
        exchange -> {
          asked.countDown();
          Uninterruptibles.awaitUninterruptibly(release);
          exchange.close();
        });
    source.start();
    url = "http://127.0.0.1:%d/file.bin".formatted(source.getAddress().getPort());
    Path token = Files.writeString(dir.resolve("token"), "0123456789abcdef".repeat(4));
    supernode =
        new Supernode(
            SupernodeConfig.builder()
                .homeDir(dir.resolve("home"))
                .port(0)
                .joinTokenFile(token)
                .build());
  }

  @AfterEach
  void stop() {
    supernode.close();
    source.stop(0);
  }

  private FakeCall run(int code, String... arguments) {
    List<String> all = new ArrayList<>(List.of("preheat"));
    all.addAll(List.of(arguments));
    FakeCall call = new FakeCall(dir, all);
    assertThat(DfgetMain.run(call, new OwnPeer(call, false))).as(call.said()).isEqualTo(code);
    return call;
  }

  private FakeCall preheat(int code, String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    String node = "127.0.0.1:" + supernode.address().orElseThrow().getPort();
    all.addAll(List.of("--node", node, "--home-dir", "home"));
    return run(code, all.toArray(String[]::new));
  }

  @Test
  void waitsForAFileAndTellsOfIt() {
    String printed = preheat(0, url, "--wait").printed();

    assertThat(printed).contains(" done: " + url + ", 1 of 1 contents, 195.3 KiB");
    String id = printed.lines().reduce((a, b) -> b).orElseThrow().split(" ")[0];
    assertThat(preheat(0, "--status", id, "--json").json().path("state").asText())
        .isEqualTo("done");
    assertThat(preheat(0, "--list").printed()).contains(id);
    assertThat(preheat(0, "--cancel", id).printed())
        .contains(id + " done: ")
        .contains("It had ended already, at 2")
        .contains("nothing was cancelled");
    assertThat(preheat(0, "--cancel", id, "--json").json().path("state").asText())
        .isEqualTo("done");
    assertThat(preheat(2, "--status", "00").said()).contains("does not know this preheat");
  }

  @Test
  void oneThatRunsIsCancelledOnce() throws Exception {
    String id = preheat(0, url.replace("file", "held")).printed().split(" ")[0];
    asked.await();

    String cancelled = preheat(0, "--cancel", id).printed();
    String again = preheat(0, "--cancel", id).printed();
    release.countDown();

    assertThat(cancelled).contains(id + " cancelled: ").doesNotContain("already");
    assertThat(again).contains(id + " cancelled: ").contains("It had ended already, at 2");
  }

  @Test
  void peersThatAreNotThereAreSaidToBeNot() {
    assertThat(preheat(18, url, "--peers", "10.9.8.7").said())
        .contains("There is no such peer: '10.9.8.7' means none of the 0 that are known");
    assertThat(preheat(0, url, "--peers", "all", "--wait").printed())
        .contains("no peer is told: none that is known was started with --allow-preheat");
    assertThat(preheat(2, url, "--peers", "nobody").said())
        .contains("'nobody' names no peers: use all, zone:NAME, an IP address");
  }

  @Test
  void peersAreToldNothingWhereNothingShowsWhoTheyAre() {
    try (Supernode open =
        new Supernode(SupernodeConfig.builder().homeDir(dir.resolve("open")).port(0).build())) {
      String node = "127.0.0.1:" + open.address().orElseThrow().getPort();

      assertThat(run(18, url, "--peers", "all", "--node", node, "--home-dir", "open").said())
          .contains("--join-token-file", "--tls-ca");
      assertThat(open.admin().preheats().join()).isEmpty();
    }
  }

  @Test
  void whoWasStartedForItIsTold() {
    DfgetPeerOptions options = new DfgetPeerOptions();
    var unused =
        new CommandLine(options)
            .parseArgs(
                "--allow-preheat",
                "--home=peer",
                "--join-token-file=token",
                "--node=127.0.0.1:" + supernode.address().orElseThrow().getPort());
    try (DistributionClient peer =
        new DistributionClient(options.toSettings(new FakeCall(dir)).client())) {
      Awaitility.await().until(() -> supernode.admin().peers().join().size() == 1);

      assertThat(preheat(0, url, "--peers", "127.0.0.1", "--wait").printed())
          .contains(" done: ", "peers that are told: 1");
      Awaitility.await().until(() -> peer.tasks().stream().anyMatch(CachedTask::isComplete));
    }
  }

  @Test
  void theExitCodeSaysWhyItFailed() {
    String none = url.replace("file.bin", "none");

    assertThat(preheat(11, none, "--wait").printed()).contains(" failed: ", "not_found: ");
    assertThat(preheat(11, none, "--wait", "--json").json().at("/error/kind").asText())
        .isEqualTo("not_found");
  }

  @Test
  void aPasswordComesFromAFile() throws Exception {
    Files.writeString(dir.resolve("password"), "pw\n");
    String image = url.replaceFirst("http://([^/]*)/.*", "$1/app:1");

    FakeCall call =
        preheat(11, image, "--username", "u", "--password-file", "password", "--wait", "--json");

    assertThat(call.json().at("/error/kind").asText()).isEqualTo("not_found");
    assertThat(call.printed() + call.said()).doesNotContain("pw");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--wait | give one of URL, IMAGE, --list",
        "alpine --list | give one of URL, IMAGE, --list",
        "http://h/a --platform linux/amd64 | are for images",
        "alpine --digest md5:00000000000000000000000000000000 | are for files",
        "http://h/a --digest sha256:00 | sha256",
        "UPPER/Case | 'UPPER/Case' is no repository",
        "alpine@sha256:abc | 'sha256:abc' is neither a tag nor a digest",
        "alpine --platform foo | 'foo' is no platform: OS/ARCHITECTURE",
        "ftp://h/a | URL must begin with http:// or https://",
        "http:// | URL is no URL",
        "alpine --cacerts pom.xml | --cacerts: pom.xml has no certificate in PEM",
        "alpine --username u | go together",
        "alpine --username u --password-file none --home-dir home | there is no file none",
        "alpine | give either --home-dir or --admin-token-file",
        "--status X --home-dir home | no id of a preheat"
      })
  void whatIsWrongIsSaid(String arguments, String message) throws Exception {
    Files.writeString(dir.resolve("pom.xml"), "<project/>");
    assertThat(run(2, arguments.split(" ")).said()).contains(message);
  }
}

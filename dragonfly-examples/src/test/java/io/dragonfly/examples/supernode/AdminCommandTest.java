package io.dragonfly.examples.supernode;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.examples.command.FakeCall;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.transport.http.SupernodeSockets;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code supernode admin}, with a supernode in this process. */
class AdminCommandTest {
  @TempDir Path dir;

  private FakeCall admin(int exitCode, Supernode supernode, String... words) {
    int port = supernode.address().orElseThrow().getPort();
    List<String> all = new ArrayList<>(List.of("admin", "--node", "127.0.0.1:" + port));
    all.addAll(List.of(words));
    return run(exitCode, all);
  }

  private FakeCall run(int exitCode, List<String> words) {
    FakeCall call = new FakeCall(dir, words.toArray(String[]::new));
    assertThat(SupernodeMain.run(call)).as(call.said()).isEqualTo(exitCode);
    return call;
  }

  @Test
  void showsAndChangesWhatASupernodeKeeps() throws Exception {
    Path home = dir.resolve("home");
    SupernodeConfig config = SupernodeConfig.builder().homeDir(home).port(0).build();
    HttpServer source =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10);
    source.createContext("/file.bin", AdminCommandTest::answer);
    source.start();
    try (Supernode supernode = new Supernode(config);
        DistributionClient client =
            new DistributionClient(
                ClientConfig.builder()
                    .home(dir.resolve("peer"))
                    .supernodes(List.of(supernode.address().orElseThrow()))
                    .build())) {
      String url = "http://127.0.0.1:" + source.getAddress().getPort() + "/file.bin";
      String task =
          client.fetch(FetchRequest.builder(url).output(dir.resolve("out")).build()).task().hex();
      String brief = task.substring(0, 8);
      String[] by = {"--home-dir", home.toString()};

      assertThat(admin(0, supernode, "status", by[0], by[1]).printed())
          .contains("ready since ", " tasks with ")
          .doesNotContain("{");
      assertThat(admin(0, supernode, "versions", by[0], by[1]).printed())
          .contains("CONTENT", task.substring(0, 12))
          .doesNotContain("{");
      assertThat(admin(0, supernode, "tasks", by[0], by[1]).printed())
          .contains(task.substring(0, 12), "complete", "2/2", "200000", url);
      assertThat(admin(0, supernode, "task", brief, by[0], by[1]).printed()).contains(task);
      assertThat(admin(0, supernode, "peers", by[0], by[1]).printed()).contains("127.0.0.1");
      assertThat(admin(0, supernode, "versions", "--json", by[0], by[1]).printed()).contains(task);
      assertThat(admin(0, supernode, "pin", brief, by[0], by[1]).printed()).contains("pinned");
      assertThat(admin(0, supernode, "tasks", by[0], by[1]).printed()).contains("pinned");
      assertThat(admin(0, supernode, "unpin", brief, by[0], by[1]).printed()).contains("unpinned");
      assertThat(admin(0, supernode, "tasks", by[0], by[1]).printed()).doesNotContain("pinned");
      assertThat(admin(0, supernode, "verify", brief, by[0], by[1]).printed())
          .contains("2 pieces are good");
      Path data = home.resolve("tasks").resolve(task).resolve("data");
      byte[] damaged = new byte[200_000];
      damaged[199_999] = 1;
      Files.write(data, damaged);
      assertThat(admin(24, supernode, "verify", brief, by[0], by[1]).printed())
          .contains("1 of 2 pieces were bad and are read again");
      Awaitility.await()
          .until(
              () ->
                  SupernodeMain.run(
                          new FakeCall(
                              dir,
                              "admin",
                              "--node",
                              "127.0.0.1:" + supernode.address().orElseThrow().getPort(),
                              "delete",
                              brief,
                              by[0],
                              by[1]))
                      == 0);
      assertThat(admin(2, supernode, "task", brief, by[0], by[1]).said())
          .contains("has no task '" + brief + "'");
      Path wrong = Files.writeString(dir.resolve("wrong"), "a-token-that-is-none");
      String fingerprint = SupernodeSockets.fingerprintIn(home);
      String[] file = {"--admin-token-file", wrong.toString()};
      assertThat(admin(2, supernode, "status", file[0], file[1]).said())
          .contains("give --supernode-fingerprint, which its log has, or --tls-ca");
      String[] known = {"--supernode-fingerprint", fingerprint};
      assertThat(admin(18, supernode, "status", file[0], file[1], known[0], known[1]).said())
          .contains("does not know this token");
      String other = "127.0.0.1:" + source.getAddress().getPort();
      FakeCall elsewhere = new FakeCall(dir, "admin", "--node", other, "status", by[0], by[1]);
      assertThat(SupernodeMain.run(elsewhere)).isEqualTo(17);
      assertThat(elsewhere.said()).contains("No supernode answers at " + other);
    } finally {
      source.stop(0);
    }
  }

  @Test
  void aTaskThatAPeerWantsIsNotDeleted() throws Exception {
    Path home = dir.resolve("home");
    SupernodeConfig config = SupernodeConfig.builder().homeDir(home).port(0).build();
    CountDownLatch rest = new CountDownLatch(1);
    HttpServer source =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10);
    source.createContext("/file.bin", exchange -> answer(exchange, rest));
    source.start();
    try (Supernode supernode = new Supernode(config);
        DistributionClient client =
            new DistributionClient(
                ClientConfig.builder()
                    .home(dir.resolve("peer"))
                    .supernodes(List.of(supernode.address().orElseThrow()))
                    .build())) {
      String url = "http://127.0.0.1:" + source.getAddress().getPort() + "/file.bin";
      String[] by = {"--home-dir", home.toString()};
      try {
        Fetch fetch = client.start(FetchRequest.builder(url).output(dir.resolve("out")).build());
        Awaitility.await().atMost(30, TimeUnit.SECONDS).until(() -> fetch.progress().bytes() > 0);
        String task = supernode.admin().tasks().get(20, TimeUnit.SECONDS).get(0).task().id().hex();

        assertThat(admin(23, supernode, "delete", task, by[0], by[1]).said())
            .contains("a peer wants the task, it stays");

        assertThat(admin(0, supernode, "task", task, by[0], by[1]).printed()).contains(task);
        rest.countDown();
        fetch.completion().get(30, TimeUnit.SECONDS);
      } finally {
        rest.countDown();
      }
    } finally {
      source.stop(0);
    }
  }

  /** Answers with the first piece, and with the rest when the test says so. */
  private static void answer(HttpExchange exchange, CountDownLatch rest) throws IOException {
    exchange.getResponseHeaders().set("ETag", "\"1\"");
    exchange.sendResponseHeaders(200, 200_000);
    try (OutputStream body = exchange.getResponseBody()) {
      body.write(new byte[150_000]);
      body.flush();
      rest.await();
      body.write(new byte[50_000]);
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  private static void answer(HttpExchange exchange) throws IOException {
    exchange.getResponseHeaders().set("ETag", "\"1\"");
    exchange.sendResponseHeaders(200, 200_000);
    try (OutputStream body = exchange.getResponseBody()) {
      body.write(new byte[200_000]);
    }
  }

  @Test
  void theTokenGoesOverTlsToAKnownSupernodeAlone() throws Exception {
    Path home = dir.resolve("home");
    SupernodeConfig config = SupernodeConfig.builder().homeDir(home).port(0).build();
    try (Supernode supernode = new Supernode(config)) {
      String[] by = {"--home-dir", home.toString(), "--supernode-fingerprint"};
      String wrong = "sha256:" + "0".repeat(64);
      String said = admin(17, supernode, "status", by[0], by[1], by[2], wrong).said();
      Matcher shown = Pattern.compile("has the fingerprint (sha256:[0-9a-f]{64})").matcher(said);
      assertThat(shown.find()).as(said).isTrue();
      assertThat(admin(0, supernode, "status", by[0], by[1], by[2], shown.group(1)).printed())
          .contains("ready");
    }
  }

  /** Who listens at the port while the supernode does not run may be anybody. */
  @Test
  void anImpostorOnThisMachineDoesNotGetTheToken() throws Exception {
    Path home = dir.resolve("home");
    int port;
    try (Supernode supernode =
        new Supernode(SupernodeConfig.builder().homeDir(home).port(0).build())) {
      assertThat(admin(0, supernode, "status", "--home-dir", home.toString()).printed())
          .contains("ready");
      port = supernode.address().orElseThrow().getPort();
    }
    SupernodeConfig other =
        SupernodeConfig.builder().homeDir(dir.resolve("impostor")).port(port).build();
    try (Supernode impostor = new Supernode(other)) {
      assertThat(admin(17, impostor, "status", "--home-dir", home.toString()).said())
          .contains("its certificate has the fingerprint sha256:");
    }
    Files.delete(home.resolve("tls-cert.pem"));
    assertThat(run(2, List.of("admin", "status", "--home-dir", home.toString())).said())
        .contains("tls-cert.pem", "--supernode-fingerprint");
  }

  @Test
  void saysWhatIsMissingOrWrong() {
    assertThat(run(2, List.of("admin", "status")).said()).contains("--admin-token-file");
    assertThat(run(2, List.of("admin", "burn", "--home-dir", "d")).said()).contains("'burn'");
    assertThat(run(2, List.of("admin", "pin", "--home-dir", "d")).said()).contains("which TASK");
    assertThat(run(20, List.of("admin", "status", "--home-dir", dir.toString())).said())
        .contains("No supernode has been started with the home", "--home-dir");
  }
}

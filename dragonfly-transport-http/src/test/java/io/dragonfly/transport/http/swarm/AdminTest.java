package io.dragonfly.transport.http.swarm;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.transport.http.RawConnection;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A supernode's operator, over HTTP. */
@ExtendWith(LeakCheck.class)
class AdminTest {
  @TempDir Path dir;
  private Swarm swarm;
  private TestFile file;
  private String token;

  @BeforeEach
  void start() throws Exception {
    swarm = Swarm.start(dir, 1);
    file = swarm.source().publish(TestFile.random("file", 300_000));
    token = Files.readString(dir.resolve("supernode/admin-token")).trim();
  }

  @AfterEach
  void close() {
    swarm.close();
  }

  private RawConnection.Message call(String method, String path, String header) throws Exception {
    try (RawConnection connection =
        RawConnection.overTls(swarm.supernode().address().orElseThrow())) {
      String length = method.equals("POST") ? "Content-Length: 0\n" : "";
      return connection
          .send("%s %s HTTP/1.1\nHost: h\n%s%s\n".formatted(method, path, length, header))
          .read();
    }
  }

  private RawConnection.Message call(String method, String path) throws Exception {
    return call(method, "/api/v2/admin/" + path, "Authorization: Bearer " + token + "\n");
  }

  /** Any user of the machine may listen at the port, and read what is sent in the clear. */
  @Test
  void whoCallsInTheClearIsRefusedOnThisMachineToo() throws Exception {
    InetSocketAddress address = swarm.supernode().address().orElseThrow();
    String bearer = "Host: h\nAuthorization: Bearer " + token + "\n";
    for (String request :
        List.of(
            "GET /api/v2/admin/status HTTP/1.1\n" + bearer + "\n",
            "GET /api/v2/preheats HTTP/1.1\n" + bearer + "\n",
            "POST /api/v2/announce HTTP/1.1\nHost: h\nContent-Length: 2\n\n{}")) {
      try (RawConnection plain = RawConnection.to(address)) {
        RawConnection.Message refused = plain.send(request).read();
        assertThat(refused.status()).as(request).isEqualTo(403);
        assertThat(refused.text()).contains("TLS alone");
      }
    }
    for (String open : List.of("/healthz", "/readyz")) {
      try (RawConnection plain = RawConnection.to(address)) {
        assertThat(plain.send("GET %s HTTP/1.1\nHost: h\n\n".formatted(open)).read().status())
            .isEqualTo(200);
      }
    }
  }

  @Test
  void whoShowsNoTokenOrAWrongOneLearnsNothing() throws Exception {
    String[] paths = {"status", "tasks", "peers", "versions", "nothing", "tasks/" + "a".repeat(64)};
    String[] headers = {
      "", "Authorization: Bearer wrong\n", "Authorization: Basic " + token + "\n"
    };
    for (String path : paths) {
      for (String header : headers) {
        RawConnection.Message refused = call("GET", "/api/v2/admin/" + path, header);
        assertThat(refused.status()).as(path + header).isEqualTo(401);
        assertThat(refused.header("WWW-Authenticate")).startsWith("Bearer");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Authorization: Bearer wrong\n", "Authorization: Basic %s\n"})
  void whoShowsNoTokenOrAWrongOneChangesNothing(String header) throws Exception {
    String task = swarm.client(0).fetch(swarm.request(file, 0).build()).task().hex();
    String path = "/api/v2/admin/tasks/" + task;
    Path data = dir.resolve("supernode/tasks").resolve(task).resolve("data");
    String shown = header.formatted(token);

    assertRefused(call("POST", path + "/pin", shown));
    assertThat(call("GET", "tasks/" + task).text()).doesNotContain("\"pinned\":true");
    assertThat(call("POST", "tasks/" + task + "/pin").status()).isEqualTo(200);
    assertRefused(call("POST", path + "/unpin", shown));
    assertRefused(call("POST", path + "/verify", shown));
    assertRefused(call("DELETE", path, shown));
    assertThat(call("GET", "tasks/" + task).text()).contains("\"pinned\":true", "\"pieces\":3");
    assertThat(Files.readAllBytes(data)).isEqualTo(file.bytes());
  }

  private static void assertRefused(RawConnection.Message answer) {
    assertThat(answer.status()).isEqualTo(401);
    assertThat(answer.header("WWW-Authenticate")).startsWith("Bearer");
    assertThat(answer.text()).doesNotContain("pinned", "checked", "deleted");
  }

  @Test
  void machinesAskWithoutATokenWhetherItLivesAndIsReady() throws Exception {
    assertThat(call("GET", "/healthz", "").status()).isEqualTo(200);
    assertThat(call("GET", "/readyz", "").text()).contains("ready");
    assertThat(call("POST", "/readyz", "").status()).isEqualTo(405);
  }

  @Test
  void showsAndChangesWhatIsKept() throws Exception {
    String task = swarm.client(0).fetch(swarm.request(file, 0).build()).task().hex();

    assertThat(call("GET", "status").text()).contains("\"tasks\":1", "\"peers\":1", "\"ready\"");
    assertThat(call("GET", "tasks").text())
        .contains(task, "\"length\":300000", "\"pieces\":3", "\"url\":\"http://127.0.0.1");
    assertThat(call("GET", "tasks/" + task).text()).contains(task);
    assertThat(call("GET", "versions").text()).contains("contents", "versions", task);
    assertThat(call("GET", "peers").text()).contains("\"ip\":\"127.0.0.1\"", "\"tasks\":1");
    assertThat(call("POST", "tasks/" + task + "/pin").status()).isEqualTo(200);
    assertThat(call("GET", "tasks/" + task).text()).contains("\"pinned\":true");
    assertThat(call("POST", "tasks/" + task + "/unpin").status()).isEqualTo(200);
    assertThat(call("POST", "tasks/" + task + "/verify").text()).contains("\"checked\":3");

    Awaitility.await()
        .until(() -> call("DELETE", "tasks/" + task).status() == 200); // once nobody wants it
    assertThat(call("GET", "tasks/" + task).status()).isEqualTo(404);
    assertThat(call("DELETE", "tasks/" + task).status()).isEqualTo(404);
    assertThat(call("GET", "tasks").text()).doesNotContain(task);
    assertThat(file.hasSameBytes(swarm.copy(file, 0))).isTrue();
  }

  @Test
  void aBitThatFlippedOnTheDiskIsFound() throws Exception {
    String task = swarm.client(0).fetch(swarm.request(file, 0).build()).task().hex();
    Path data = dir.resolve("supernode/tasks").resolve(task).resolve("data");
    byte[] bytes = Files.readAllBytes(data);
    bytes[200_000] ^= 1;
    Files.write(data, bytes);

    assertThat(call("POST", "tasks/" + task + "/verify").text()).contains("\"bad\":[1]");
    Awaitility.await().until(() -> call("GET", "tasks/" + task).text().contains("\"pieces\":3"));
    assertThat(call("POST", "tasks/" + task + "/verify").text()).doesNotContain("bad");
    assertThat(Files.readAllBytes(data)).isEqualTo(file.bytes());
  }

  @Test
  void whatIsNoCallIsSaidToBeNone() throws Exception {
    assertThat(call("GET", "nothing").status()).isEqualTo(404);
    assertThat(call("GET", "tasks/xyz").status()).isEqualTo(400);
    assertThat(call("POST", "tasks").status()).isEqualTo(405);
    assertThat(call("POST", "tasks/" + "a".repeat(64) + "/burn").status()).isEqualTo(404);
    assertThat(call("POST", "tasks/" + "a".repeat(64) + "/verify").status()).isEqualTo(404);
    assertThat(call("GET", "tasks/" + "a".repeat(64) + "/pin").status()).isEqualTo(405);
  }

  private RawConnection.Message preheat(String json, String header) throws Exception {
    try (RawConnection connection =
        RawConnection.overTls(swarm.supernode().address().orElseThrow())) {
      return connection
          .send(
              "POST /api/v2/preheats HTTP/1.1\nHost: h\nContent-Length: %d\n%s\n%s"
                  .formatted(json.length(), header, json))
          .read();
    }
  }

  @Test
  void aFileIsPreheatedByWhoeverShowsTheToken() throws Exception {
    String bearer = "Authorization: Bearer " + token + "\n";
    String url = swarm.request(file, 0).build().content().url().toString();
    assertThat(preheat("{\"url\":\"%s\"}".formatted(url), "").status()).isEqualTo(401);
    assertThat(call("GET", "/api/v2/preheats", "").status()).isEqualTo(401);

    RawConnection.Message begun = preheat("{\"url\":\"%s\"}".formatted(url), bearer);

    assertThat(begun.status()).isEqualTo(202);
    String id = begun.text().replaceFirst("(?s).*\"id\":\"([0-9a-f]+)\".*", "$1");
    Awaitility.await()
        .until(
            () ->
                call("GET", "/api/v2/preheats/" + id, bearer)
                    .text()
                    .contains("\"state\":\"done\""));
    assertThat(call("GET", "/api/v2/preheats/" + id, bearer).text())
        .contains("\"done\":1", "\"bytes\":300000");
    assertThat(call("GET", "/api/v2/preheats", bearer).text()).contains(id);
    assertThat(call("DELETE", "/api/v2/preheats/" + id, bearer).text()).contains("done");
    assertThat(call("DELETE", "/api/v2/preheats/00", bearer).status()).isEqualTo(404);
    assertThat(call("PUT", "/api/v2/preheats/" + id, bearer).status()).isEqualTo(405);
    long before = swarm.source().bytesServed();
    swarm.client(0).fetch(swarm.request(file, 0).build());
    assertThat(swarm.source().bytesServed() - before).isLessThanOrEqualTo(1);
  }

  @Test
  void aPreheatThatMakesNoSenseIsRefusedWithoutItsSecrets() throws Exception {
    String bearer = "Authorization: Bearer " + token + "\n";
    String[] bodies = {
      "",
      "[]",
      "{}",
      "{\"url\":\"http://h/a\",\"image\":\"a\"}",
      "{\"url\":\"%%secret\"}",
      "{\"url\":\"http://h/\",\"headers\":[\"secret\"]}",
      "{\"image\":\"A B\"}",
      "{\"image\":\"a\",\"username\":\"secret\"}",
      "{\"image\":\"a\",\"platforms\":[\"x\"]}",
      "{\"image\":\"a\",\"peers\":[\"everybody\"]}"
    };
    for (String body : bodies) {
      RawConnection.Message refused = preheat(body, bearer);
      assertThat(refused.status()).as(body).isEqualTo(400);
      assertThat(refused.text()).doesNotContain("secret");
    }
    assertThat(preheat(" ".repeat((256 << 10) + 1), bearer).status()).isEqualTo(413);
  }
}

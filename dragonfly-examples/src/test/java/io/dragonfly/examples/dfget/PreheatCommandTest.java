package io.dragonfly.examples.dfget;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.examples.command.FakeCall;
import io.dragonfly.testkit.LeakCheck;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An operator has a supernode read something, by the command. */
@ExtendWith(LeakCheck.class)
class PreheatCommandTest {
  @TempDir private Path dir;
  private HttpServer source;
  private Supernode supernode;
  private String url;

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
    source.start();
    url = "http://127.0.0.1:%d/file.bin".formatted(source.getAddress().getPort());
    supernode =
        new Supernode(SupernodeConfig.builder().homeDir(dir.resolve("home")).port(0).build());
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
    assertThat(preheat(0, "--cancel", id).printed()).contains("done");
    assertThat(preheat(2, "--status", "00").said()).contains("does not know this preheat");
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
        "alpine --digest sha256:00 | are for files",
        "alpine --username u | go together",
        "alpine --username u --password-file none --home-dir home | there is no file none",
        "alpine | give either --home-dir or --admin-token-file",
        "--status X --home-dir home | no id of a preheat"
      })
  void whatIsWrongIsSaid(String arguments, String message) {
    assertThat(run(2, arguments.split(" ")).said()).contains(message);
  }
}

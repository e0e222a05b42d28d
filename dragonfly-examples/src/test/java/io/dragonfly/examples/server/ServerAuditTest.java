package io.dragonfly.examples.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.control.SecurityEvent;
import io.dragonfly.examples.command.FakeCall;
import io.dragonfly.examples.dfget.DfgetMain;
import io.dragonfly.examples.dfget.PeerSettings;
import io.dragonfly.fetch.FetchListener;
import io.dragonfly.fetch.FetchRequest;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a background peer tells of calls that change it. */
class ServerAuditTest {
  @TempDir private Path dir;
  private final List<SecurityEvent> events = new CopyOnWriteArrayList<>();
  private DistributionClient client;
  private ServerPeer peer;

  @BeforeEach
  void start() {
    ClientConfig config =
        ClientConfig.builder()
            .home(dir.resolve("home"))
            .limitDir(dir)
            .listener(
                new FetchListener() {
                  @Override
                  public void security(SecurityEvent event) {
                    events.add(event);
                  }
                })
            .build();
    client = new DistributionClient(config);
    peer =
        new ServerPeer(
            client,
            new PeerSettings(
                config, Optional.of(Duration.ofMinutes(5)), Optional.of(Duration.ofMinutes(3))));
  }

  @AfterEach
  void close() {
    client.close();
  }

  private void run(String... words) {
    FakeCall call = new FakeCall(dir, words);
    assertThat(DfgetMain.run(call, peer)).as(call.said()).isZero();
  }

  @Test
  void aChangeOfALimitIsTold() {
    run("limit", "--home=" + dir.resolve("home"), "--totallimit=5M");

    assertThat(events).hasSize(1);
    SecurityEvent event = events.get(0);
    assertThat(event.kind()).isEqualTo(SecurityEvent.Kind.CHANGE_LIMIT);
    assertThat(event.result()).isEqualTo(SecurityEvent.Result.DONE);
    assertThat(event.who()).isEqualTo("user " + System.getProperty("user.name"));
    assertThat(event.what()).startsWith("--totallimit 5");

    run("limit", "--home=" + dir.resolve("home")); // which changes nothing
    assertThat(events).hasSize(1);
  }

  @Test
  void aTaskThatIsRemovedByHandIsTold() throws Exception {
    HttpServer source =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10);
    source.createContext(
        "/",
        exchange -> {
          try (exchange) {
            exchange.getResponseHeaders().add("ETag", "\"1\"");
            exchange.sendResponseHeaders(200, 3);
            exchange.getResponseBody().write(new byte[3]);
          }
        });
    source.start();
    try {
      String url = "http://127.0.0.1:%d/f?sig=secret".formatted(source.getAddress().getPort());
      String task =
          client.fetch(FetchRequest.builder(url).output(dir.resolve("out")).build()).task().hex();
      run("cache", "rm", "--home=" + dir.resolve("home"), task.substring(0, 12));

      assertThat(events).hasSize(1);
      assertThat(events.get(0).kind()).isEqualTo(SecurityEvent.Kind.REMOVE_TASK);
      assertThat(events.get(0).result()).isEqualTo(SecurityEvent.Result.DONE);
      assertThat(events.get(0).what()).isEqualTo("task " + task);
      assertThat(events.toString()).doesNotContain("secret");
    } finally {
      source.stop(0);
    }
  }
}

package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.examples.CommandLab.Running;
import io.dragonfly.testkit.FreePorts;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Container engines, and a real registry for them; skipped where there is none. */
abstract class RegistryTests {
  static final Duration LIMIT = Duration.ofMinutes(2);
  static final int MIB = 1 << 20;

  @TempDir Path dir;
  CommandLab lab;
  DockerRegistry registry;
  TestImage image;

  @BeforeEach
  void startRegistry() throws Exception {
    DockerRegistry.require();
    lab = new CommandLab(dir);
    registry = DockerRegistry.start(lab);
    image = new TestImage(3, 6 * MIB, 1);
    registry.push("lab/app", image);
  }

  @AfterEach
  void endAll() {
    if (lab != null) {
      lab.close();
    }
  }

  /** A dfdaemon, and where it listens. */
  record Daemon(Running running, String address) {}

  Daemon dfdaemon(int number, String... more) throws Exception {
    List<String> arguments = new ArrayList<>();
    arguments.addAll(List.of("--home", dir.resolve("home" + number).toString()));
    // Nobody else gets it when the dfdaemon is gone.
    arguments.addAll(List.of("--port", Integer.toString(FreePorts.next())));
    arguments.addAll(List.of(more));
    if (!arguments.contains("--registry")) {
      arguments.addAll(List.of("--registry", "http://" + registry.address()));
    }
    Running running = lab.start("dfdaemon", arguments.toArray(String[]::new));
    String ready = "dfdaemon ready on ";
    running.awaitOut(ready);
    String out = running.out();
    return new Daemon(running, out.substring(out.indexOf(ready) + ready.length()).trim());
  }

  Running program(String name, String... arguments) throws IOException {
    List<String> line = new ArrayList<>(List.of(Installed.program(name).toString()));
    line.addAll(List.of(arguments));
    return lab.startProgram(line);
  }

  Running skopeo(String from, String name, String to) throws IOException {
    return program(
        "skopeo",
        "copy",
        "--insecure-policy",
        "--src-tls-verify=false",
        "docker://%s/%s:1".formatted(from, name),
        "dir:" + dir.resolve(to));
  }

  void assertPulled(Running engine, String to, TestImage wanted) throws Exception {
    assertThat(engine.exitCode(LIMIT)).as(engine.err()).isZero();
    for (byte[] blob : wanted.blobs()) {
      String name = TestImage.digest(blob).substring("sha256:".length());
      assertThat(dir.resolve(to).resolve(name)).hasBinaryContent(blob);
    }
  }

  static String metrics(Daemon of) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://" + of.address() + "/metrics")).build(),
            BodyHandlers.ofString())
        .body();
  }

  static String[] healthCheck(Daemon daemon) {
    String port = daemon.address().substring(daemon.address().lastIndexOf(':') + 1);
    return new String[] {"--port", port, "healthcheck"};
  }
}

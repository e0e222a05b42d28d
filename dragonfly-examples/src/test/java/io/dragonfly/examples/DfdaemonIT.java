package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.examples.CommandLab.Running;
import io.dragonfly.examples.CommandLab.SupernodeProcess;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Real engines pull from a real registry through dfdaemons; skipped where they are missing. */
@Tag("slow")
class DfdaemonIT extends RegistryTests {
  @Test
  void skopeosOnTwoHostsCostTheRegistryOneCopy() throws Exception {
    SupernodeProcess supernode = lab.supernode("supernode", 0);
    Daemon one = dfdaemon(1, "--node", supernode.address(), "--ip", "127.0.0.11");
    Daemon two = dfdaemon(2, "--node", supernode.address(), "--ip", "127.0.0.12");

    Running first = skopeo(one.address(), "lab/app", "out1");
    Running second = skopeo(two.address(), "lab/app", "out2");
    assertPulled(first, "out1", image);
    assertPulled(second, "out2", image);

    long length = image.blobs().stream().mapToLong(blob -> blob.length).sum();
    Awaitility.await() // the registry logs an answer after its last byte
        .atMost(Duration.ofSeconds(30))
        .until(() -> registry.blobBytes() >= length);
    // The rest are questions for access, with a byte of body each.
    assertThat(registry.blobBytes())
        .as("%s%s%s", supernode.running().err(), one.running().err(), two.running().err())
        .isBetween(length, length + 100);
    assertThat(metrics(one))
        .contains("dragonfly_proxy_fallbacks_total 0", "dragonfly_dfdaemon_build_info{")
        .contains("dragonfly_dfget_received_bytes_total{origin=\"peer\"}");
    assertDfgetUses(one);
    Running push =
        program(
            "skopeo",
            "copy",
            "--insecure-policy",
            "--dest-tls-verify=false",
            "dir:" + dir.resolve("out1"),
            "docker://%s/lab/pushed:1".formatted(two.address()));
    assertThat(push.exitCode(LIMIT)).as(push.err()).isZero();

    supernode.running().kill();
    TestImage other = new TestImage(1, 3 * MIB, 2);
    registry.push("lab/other", other);
    assertPulled(skopeo(one.address(), "lab/other", "out3"), "out3", other);
  }

  /** One host, one peer: what an engine has pulled is there for a dfget with the same home. */
  private void assertDfgetUses(Daemon one) throws Exception {
    assertThat(lab.server(dir.resolve("home1")))
        .hasValueSatisfying(
            server -> assertThat(server.pid()).isEqualTo(one.running().process().pid()));
    byte[] blob = image.blobs().get(0);
    String url =
        "http://%s/v2/lab/app/blobs/%s".formatted(registry.address(), TestImage.digest(blob));
    Running dfget =
        lab.start(
            "dfget",
            "--home",
            dir.resolve("home1").toString(),
            "--url",
            url,
            "--output",
            dir.resolve("blob").toString(),
            "--json");
    assertThat(dfget.exitCode(LIMIT)).as(dfget.err()).isZero();
    assertThat(dfget.json().get("bytesFromStore").asLong()).isEqualTo(blob.length);
  }

  @Test
  void whatWasPreheatedIsReadFromTheRegistryOnce() throws Exception {
    SupernodeProcess supernode = lab.supernode("supernode", 0);
    Daemon daemon = dfdaemon(1, "--node", supernode.address());
    Running preheat =
        lab.start(
            "dfget",
            "preheat",
            registry.address() + "/lab/app:1",
            "--home-dir",
            dir.resolve("supernode").toString(),
            "--node",
            supernode.address(),
            "--wait");
    assertThat(preheat.exitCode(LIMIT)).as(preheat.err()).isZero();
    assertThat(preheat.out()).contains(" done: ", "5 of 5 contents");
    long length = image.blobs().stream().mapToLong(blob -> blob.length).sum();
    Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> registry.blobBytes() >= length);
    long before = registry.blobBytes();

    assertPulled(skopeo(daemon.address(), "lab/app", "out"), "out", image);

    assertThat(registry.blobBytes() - before).isLessThan(10); // a byte for each question
    assertThat(metrics(daemon)).contains("dragonfly_proxy_fallbacks_total 0");
  }

  @Test
  void aStoppedDfdaemonIsFoundOut() throws Exception {
    Daemon daemon = dfdaemon(1);
    String pid = Long.toString(daemon.running().process().pid());
    assertThat(program("kill", "-STOP", pid).exitCode(LIMIT)).isZero();

    Duration promised = Duration.ofSeconds(10 + 20); // the rest is for a busy machine
    assertThat(lab.start("dfdaemon", healthCheck(daemon)).exitCode(promised)).isEqualTo(1);

    assertThat(program("kill", "-CONT", pid).exitCode(LIMIT)).isZero();
    assertThat(lab.start("dfdaemon", healthCheck(daemon)).exitCode(LIMIT)).isZero();
    assertPulled(skopeo(daemon.address(), "lab/app", "out"), "out", image);
  }

  @Test
  void aSupernodeThatIsKilledInTheMiddleOfABlobEndsNoPull() throws Exception {
    // The supernode's limit leaves most of the blob with it. Behind a limit of dfdaemon, all that
    // was sent would wait in socket buffers, and still come after the supernode's end.
    SupernodeProcess supernode =
        lab.supernode("supernode", 0, "--back-to-source-peers", "0", "--upload-rate", "512KiB");
    Daemon daemon = dfdaemon(1, "--node", supernode.address());
    byte[] blob = image.blobs().get(0);
    String url =
        "http://%s/v2/lab/app/blobs/%s".formatted(daemon.address(), TestImage.digest(blob));
    HttpRequest request = HttpRequest.newBuilder(URI.create(url)).build();

    try (InputStream body =
        HttpClient.newHttpClient().send(request, BodyHandlers.ofInputStream()).body()) {
      byte[] first = body.readNBytes(MIB);
      supernode.running().kill();
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      all.writeBytes(first);
      body.transferTo(all);
      assertThat(TestImage.digest(all.toByteArray())).isEqualTo(TestImage.digest(blob));
    }

    assertThat(metrics(daemon)).contains("dragonfly_proxy_fallbacks_total 1.0\n");
    assertThat(daemon.running().err())
        .containsPattern("not through the swarm from byte [1-9][0-9]{6} on, but directly: ");
  }
}

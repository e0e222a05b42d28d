package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.examples.CommandLab.Running;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Real engines pull through a dfdaemon as their mirror, and without it when it is gone. */
@Tag("slow")
class EngineMirrorIT extends EngineTests {
  @Test
  void podmanPullsThroughTheMirrorAndWithoutIt() throws Exception {
    Daemon daemon = dfdaemon(1);
    Running health = lab.start("dfdaemon", healthCheck(daemon));
    assertThat(health.exitCode(LIMIT)).as(health.err()).isZero();
    Path conf = registriesConf(daemon);
    require("podman", Map.of(), conf);

    Running through = storing("podman", Map.of(), conf, pull(registry));
    assertThat(through.exitCode(LIMIT)).as(through.err()).isZero();
    assertThat(metrics(daemon)).contains("dragonfly_proxy_p2p_requests_total 4");
    assertPushes(conf, daemon);
    storing("podman", Map.of(), conf, "rmi", "-a", "-f").exitCode(LIMIT);
    daemon.running().kill();

    Running without = storing("podman", Map.of(), conf, pull(registry));
    assertThat(without.exitCode(LIMIT)).as(without.err()).isZero();
    assertThat(lab.start("dfdaemon", healthCheck(daemon)).exitCode(LIMIT)).isEqualTo(1);
  }

  private void assertPushes(Path conf, Daemon daemon) throws Exception {
    Running push =
        storing(
            "podman",
            Map.of(),
            conf,
            "push",
            "--tls-verify=false",
            "--signature-policy",
            dir.resolve("policy.json").toString(),
            registry.address() + "/lab/app:1",
            "docker://%s/lab/by-podman:1".formatted(daemon.address()));
    assertThat(push.exitCode(LIMIT)).as(push.err()).isZero();
    Running there = skopeo(registry.address(), "lab/by-podman", "pushed");
    assertThat(there.exitCode(LIMIT)).as(there.err()).isZero();
  }

  private Path registriesConf(Daemon daemon) throws IOException {
    return Files.writeString(
        dir.resolve("registries.conf"),
        """
        [[registry]]
        location = "%1$s"
        insecure = true
        [[registry.mirror]]
        location = "%2$s"
        insecure = true
        """
            .formatted(registry.address(), daemon.address()));
  }

  @Test
  void buildahPullsThroughTheMirrorAndWithoutIt() throws Exception {
    Daemon daemon = dfdaemon(1);
    Path conf = registriesConf(daemon);
    require("buildah", Map.of(), conf);

    Running pull = storing("buildah", Map.of(), conf, pull(registry));

    assertThat(pull.exitCode(LIMIT)).as(pull.err()).isZero();
    assertThat(metrics(daemon)).contains("dragonfly_proxy_p2p_requests_total 4");
    storing("buildah", Map.of(), conf, "rmi", "-a", "-f").exitCode(LIMIT);
    daemon.running().kill();

    Running without = storing("buildah", Map.of(), conf, pull(registry));
    assertThat(without.exitCode(LIMIT)).as(without.err()).isZero();
  }

  @Test
  void skopeoPullsThroughTheMirrorOfItsSettingsAndWithoutIt() throws Exception {
    Daemon daemon = dfdaemon(1);
    String[] settings = {"--registries-conf", registriesConf(daemon).toString()};

    assertPulled(skopeoWith(Map.of(), registry, "out1", settings), "out1", image);
    assertThat(metrics(daemon)).contains("dragonfly_proxy_p2p_requests_total 4");
    daemon.running().kill();

    assertPulled(skopeoWith(Map.of(), registry, "out2", settings), "out2", image);
  }

  @Test
  void containerdSaysWhichRegistryItMeans() throws Exception {
    Installed.program("ctr");
    Daemon daemon = dfdaemon(1, "--registry", "http://127.0.0.1:9");
    Path hosts = Files.createDirectories(dir.resolve("hosts/_default"));
    Files.writeString(
        hosts.resolve("hosts.toml"),
        """
        [host."http://%s"]
          capabilities = ["pull", "resolve"]
        """
            .formatted(daemon.address()));
    Path config = dir.resolve("containerd.toml");
    Files.writeString(
        config,
        """
        version = 2
        root = "%1$s/containerd"
        state = "%1$s/containerd-run"
        disabled_plugins = ["io.containerd.grpc.v1.cri"]
        [grpc]
          address = "%1$s/c.sock"
        """
            .formatted(dir));
    Running containerd = program("containerd", "--config", config.toString());
    Path socket = dir.resolve("c.sock");
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> Files.exists(socket) || !containerd.process().isAlive());
    Assumptions.assumeTrue(containerd.process().isAlive(), "containerd does not work here");

    Running fetch = ctr(socket, hosts.getParent(), "lab/app");
    assertThat(fetch.exitCode(LIMIT)).as(fetch.err()).isZero();
    assertThat(metrics(daemon)).containsPattern("dragonfly_proxy_p2p_requests_total [45]");

    registry.push("lab/other", new TestImage(1, MIB, 3));
    daemon.running().kill();
    Running without = ctr(socket, hosts.getParent(), "lab/other");
    assertThat(without.exitCode(LIMIT)).as(without.err()).isZero();
  }

  private Running ctr(Path socket, Path hosts, String name) throws IOException {
    return program(
        "ctr",
        "--address",
        socket.toString(),
        "content",
        "fetch",
        "--hosts-dir",
        hosts.toString(),
        registry.address() + "/" + name + ":1");
  }
}

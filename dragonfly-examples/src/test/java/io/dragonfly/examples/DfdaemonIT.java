package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.examples.CommandLab.Running;
import io.dragonfly.examples.CommandLab.SupernodeProcess;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real engines pull from a real registry through dfdaemons; skipped where they are missing. */
class DfdaemonIT {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final int MIB = 1 << 20;

  @TempDir private Path dir;
  private CommandLab lab;
  private DockerRegistry registry;
  private TestImage image;

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

  private record Daemon(Running running, String address) {}

  private Daemon dfdaemon(int number, String... more) throws Exception {
    List<String> arguments = new ArrayList<>();
    arguments.addAll(List.of("--home", dir.resolve("home" + number).toString()));
    arguments.addAll(List.of("--port", "0"));
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

  private Running program(String name, String... arguments) throws IOException {
    List<String> line = new ArrayList<>(List.of(Installed.program(name).toString()));
    line.addAll(List.of(arguments));
    return lab.startProgram(line);
  }

  private Running skopeo(String from, String name, String to) throws IOException {
    return program(
        "skopeo",
        "copy",
        "--insecure-policy",
        "--src-tls-verify=false",
        "docker://%s/%s:1".formatted(from, name),
        "dir:" + dir.resolve(to));
  }

  private void assertPulled(Running engine, String to, TestImage wanted) throws Exception {
    assertThat(engine.exitCode(LIMIT)).as(engine.err()).isZero();
    for (byte[] blob : wanted.blobs()) {
      String name = TestImage.digest(blob).substring("sha256:".length());
      assertThat(dir.resolve(to).resolve(name)).hasBinaryContent(blob);
    }
  }

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
    // The rest are questions for access, with a byte of body each.
    assertThat(registry.blobBytes()).isBetween(length, length + 100);
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

  private static String metrics(Daemon of) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://" + of.address() + "/metrics")).build(),
            BodyHandlers.ofString())
        .body();
  }

  @Test
  void podmanPullsThroughTheMirrorAndWithoutIt() throws Exception {
    Daemon daemon = dfdaemon(1);
    Running health = lab.start("dfdaemon", healthCheck(daemon));
    assertThat(health.exitCode(LIMIT)).as(health.err()).isZero();
    Path conf = registriesConf(daemon);
    Files.writeString(
        dir.resolve("policy.json"), "{\"default\":[{\"type\":\"insecureAcceptAnything\"}]}");
    Running works = podman(conf, "info");
    Assumptions.assumeTrue(works.exitCode(LIMIT) == 0, "podman does not work here");

    Running through = podman(conf, pull(registry));
    assertThat(through.exitCode(LIMIT)).as(through.err()).isZero();
    assertThat(metrics(daemon)).contains("dragonfly_proxy_p2p_requests_total 4");
    assertPushes(conf, daemon);
    podman(conf, "rmi", "-a", "-f").exitCode(LIMIT);
    daemon.running().kill();

    Running without = podman(conf, pull(registry));
    assertThat(without.exitCode(LIMIT)).as(without.err()).isZero();
    assertThat(lab.start("dfdaemon", healthCheck(daemon)).exitCode(LIMIT)).isEqualTo(1);
  }

  private void assertPushes(Path conf, Daemon daemon) throws Exception {
    Running push =
        podman(
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

  private static String[] healthCheck(Daemon daemon) {
    String port = daemon.address().substring(daemon.address().lastIndexOf(':') + 1);
    return new String[] {"--port", port, "healthcheck"};
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

  private String[] pull(DockerRegistry from) {
    return new String[] {
      "pull",
      "--signature-policy",
      dir.resolve("policy.json").toString(),
      from.address() + "/lab/app:1"
    };
  }

  private Running podman(Path conf, String... arguments) throws IOException {
    return storing("podman", Map.of(), conf, arguments);
  }

  /** Runs an engine with a store of its own. */
  private Running storing(
      String engine, Map<String, String> variables, Path conf, String... arguments)
      throws IOException {
    Map<String, String> all = new HashMap<>(variables);
    all.put("CONTAINERS_REGISTRIES_CONF", conf.toString());
    List<String> line =
        new ArrayList<>(List.of(Installed.program(engine).toString(), "--storage-driver", "vfs"));
    line.addAll(List.of("--root", dir.resolve(engine).toString()));
    line.addAll(List.of("--runroot", dir.resolve(engine + "-run").toString()));
    line.addAll(List.of(arguments));
    return program("env", with(all, line.toArray(String[]::new)));
  }

  private static String[] with(Map<String, String> variables, String... line) {
    List<String> all = new ArrayList<>();
    variables.forEach((name, value) -> all.add(name + "=" + value));
    all.addAll(List.of(line));
    return all.toArray(String[]::new);
  }

  @Test
  void buildahPullsThroughTheMirrorAndWithoutIt() throws Exception {
    Daemon daemon = dfdaemon(1);
    Path conf = registriesConf(daemon);
    Files.writeString(
        dir.resolve("policy.json"), "{\"default\":[{\"type\":\"insecureAcceptAnything\"}]}");
    Running works = storing("buildah", Map.of(), conf, "images");
    Assumptions.assumeTrue(works.exitCode(LIMIT) == 0, "buildah does not work here");

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

  private Running skopeoWith(
      Map<String, String> variables, DockerRegistry from, String to, String... settings)
      throws IOException {
    List<String> line = new ArrayList<>(List.of(Installed.program("skopeo").toString()));
    line.addAll(List.of(settings));
    line.addAll(List.of("copy", "--insecure-policy"));
    line.add("docker://%s/lab/app:1".formatted(from.address()));
    line.add("dir:" + dir.resolve(to));
    return program("env", with(variables, line.toArray(String[]::new)));
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
    long before = registry.blobBytes();
    assertThat(before).isGreaterThanOrEqualTo(3 * 6 * MIB);

    assertPulled(skopeo(daemon.address(), "lab/app", "out"), "out", image);

    assertThat(registry.blobBytes() - before).isLessThan(10); // a byte for each question
    assertThat(metrics(daemon)).contains("dragonfly_proxy_fallbacks_total 0");
  }

  @Test
  void aStoppedDfdaemonIsFoundOut() throws Exception {
    Daemon daemon = dfdaemon(1);
    String pid = Long.toString(daemon.running().process().pid());
    assertThat(program("kill", "-STOP", pid).exitCode(LIMIT)).isZero();

    Duration promised = Duration.ofSeconds(10);
    assertThat(lab.start("dfdaemon", healthCheck(daemon)).exitCode(promised)).isEqualTo(1);

    assertThat(program("kill", "-CONT", pid).exitCode(LIMIT)).isZero();
    assertThat(lab.start("dfdaemon", healthCheck(daemon)).exitCode(LIMIT)).isZero();
    assertPulled(skopeo(daemon.address(), "lab/app", "out"), "out", image);
  }

  /** Go's programs use no proxy for what is on loopback, so the registry has another address. */
  @Test
  void enginesPullThroughAnInterceptedTunnel() throws Exception {
    String ip = otherAddress();
    Path certificate = certificate(ip);
    DockerRegistry tls = DockerRegistry.startTls(lab, ip, certificate);
    Daemon daemon =
        dfdaemon(
            1,
            "--intercept",
            "^" + ip.replace(".", "\\.") + ":",
            "--registry-ca",
            tls.address() + "=" + certificate);
    Running ca = lab.start("dfdaemon", "ca", "--home", dir.resolve("home1").toString());
    assertThat(ca.exitCode(LIMIT)).as(ca.err()).isZero();
    Path trusted = Files.writeString(dir.resolve("ca.pem"), ca.out());
    Map<String, String> proxied =
        Map.of(
            "HTTPS_PROXY",
            "http://" + daemon.address(),
            "NO_PROXY",
            "",
            "SSL_CERT_FILE",
            trusted.toString());

    assertPulled(skopeoWith(proxied, tls, "out"), "out", image);
    assertThat(metrics(daemon)).containsPattern("dragonfly_proxy_p2p_requests_total [45]");

    Files.writeString(
        dir.resolve("policy.json"), "{\"default\":[{\"type\":\"insecureAcceptAnything\"}]}");
    Path conf = Files.writeString(dir.resolve("none.conf"), "");
    Running works = storing("podman", proxied, conf, "info");
    Assumptions.assumeTrue(works.exitCode(LIMIT) == 0, "podman does not work here");
    Running podman = storing("podman", proxied, conf, pull(tls));
    assertThat(podman.exitCode(LIMIT)).as(podman.err()).isZero();
    assertThat(metrics(daemon)).containsPattern("dragonfly_proxy_p2p_requests_total (8|9|10)");
  }

  /** Unlike a mirror, a proxy is all the way that an engine knows. */
  @Test
  void nothingIsPulledThroughAProxyThatIsGone() throws Exception {
    String ip = otherAddress();
    Path certificate = certificate(ip);
    DockerRegistry tls = DockerRegistry.startTls(lab, ip, certificate);
    Daemon daemon = dfdaemon(1);
    Map<String, String> proxied =
        Map.of(
            "HTTPS_PROXY",
            "http://" + daemon.address(),
            "NO_PROXY",
            "",
            "SSL_CERT_FILE",
            certificate.toString());
    assertPulled(skopeoWith(proxied, tls, "out"), "out", image);
    assertThat(metrics(daemon)).containsPattern("dragonfly_proxy_tunnels_total [1-9]");
    daemon.running().kill();

    Running without = skopeoWith(proxied, tls, "none");

    assertThat(without.exitCode(LIMIT)).isNotZero();
    assertThat(without.err()).contains("proxyconnect", "connection refused");
  }

  @Test
  @Tag("slow")
  void aSupernodeThatIsKilledInTheMiddleOfABlobEndsNoPull() throws Exception {
    SupernodeProcess supernode = lab.supernode("supernode", 0, "--back-to-source-peers", "0");
    Daemon daemon = dfdaemon(1, "--node", supernode.address(), "--totallimit", "2M");
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

  private static String otherAddress() throws IOException {
    for (NetworkInterface each : Collections.list(NetworkInterface.getNetworkInterfaces())) {
      for (InetAddress address : Collections.list(each.getInetAddresses())) {
        if (address instanceof Inet4Address && !address.isLoopbackAddress()) {
          return address.getHostAddress();
        }
      }
    }
    return Assumptions.abort("this machine has no other address than loopback");
  }

  private Path certificate(String ip) throws Exception {
    Path file = dir.resolve("registry.pem");
    Running openssl =
        program(
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-subj",
            "/CN=registry",
            "-addext",
            "subjectAltName=IP:" + ip,
            "-days",
            "2",
            "-keyout",
            file + ".key",
            "-out",
            file.toString());
    assertThat(openssl.exitCode(LIMIT)).as(openssl.err()).isZero();
    return file;
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

package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.examples.CommandLab.Running;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Real engines pull through a dfdaemon as their proxy. */
class EngineProxyIT extends EngineTests {
  private String ip;
  private Path certificate;
  private DockerRegistry tls;

  /** Go's programs use no proxy for what is on loopback, so this registry has another address. */
  @BeforeEach
  void startTlsRegistry() throws Exception {
    ip = otherAddress();
    certificate = certificate();
    tls = DockerRegistry.startTls(lab, ip, certificate);
  }

  private static Map<String, String> proxied(Daemon daemon, Path trusted) {
    return Map.of(
        "HTTPS_PROXY",
        "http://" + daemon.address(),
        "NO_PROXY",
        "",
        "SSL_CERT_FILE",
        trusted.toString());
  }

  @Test
  void enginesPullThroughAnInterceptedTunnel() throws Exception {
    Daemon daemon =
        dfdaemon(
            1,
            "--intercept",
            ip.replace(".", "\\."),
            "--registry-ca",
            tls.address() + "=" + certificate);
    Running ca = lab.start("dfdaemon", "ca", "--home", dir.resolve("home1").toString());
    assertThat(ca.exitCode(LIMIT)).as(ca.err()).isZero();
    Path trusted = Files.writeString(dir.resolve("ca.pem"), ca.out());
    Map<String, String> proxied = proxied(daemon, trusted);

    assertPulled(skopeoWith(proxied, tls, "out"), "out", image);
    assertThat(metrics(daemon)).containsPattern("dragonfly_proxy_p2p_requests_total [45]");

    Path conf = Files.writeString(dir.resolve("none.conf"), "");
    require("podman", proxied, conf);
    Running podman = storing("podman", proxied, conf, pull(tls));
    assertThat(podman.exitCode(LIMIT)).as(podman.err()).isZero();
    assertThat(metrics(daemon)).containsPattern("dragonfly_proxy_p2p_requests_total (8|9|10)");
  }

  /** Unlike a mirror, a proxy is all the way that an engine knows. */
  @Test
  void nothingIsPulledThroughAProxyThatIsGone() throws Exception {
    Daemon daemon = dfdaemon(1);
    Map<String, String> proxied = proxied(daemon, certificate);
    assertPulled(skopeoWith(proxied, tls, "out"), "out", image);
    assertThat(metrics(daemon)).containsPattern("dragonfly_proxy_tunnels_total [1-9]");
    daemon.running().kill();

    Running without = skopeoWith(proxied, tls, "none");

    assertThat(without.exitCode(LIMIT)).isNotZero();
    assertThat(without.err()).contains("proxyconnect", "connection refused");
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

  private Path certificate() throws Exception {
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
}

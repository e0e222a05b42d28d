package io.dragonfly.examples.dfdaemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.examples.command.FakeCall;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DfdaemonOptionsTest {
  @TempDir private Path dir;

  private String run(int code, String... arguments) {
    FakeCall call = new FakeCall(dir, arguments);
    assertThat(DfdaemonMain.run(call)).isEqualTo(code);
    return call.printed() + call.said();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--rule blobs | 'blobs' is not REGEX=WAY",
        "--rule (=p2p | is no regular expression",
        "--upstream quay | is not NAME=URL",
        "--registry ftp://host | is no registry",
        "--registry-ca host | must be HOST=FILE",
        "--registry-ca host=none.pem | cannot be read",
        "--port 70000 | 70000",
        "--supernode-fingerprint sha256:zz | must be sha256:",
        "--tls-cert none.pem | tlsKey",
        "--hostIp 1.2.3.4 | use --host-ip",
        "--ratelimit 20M | use --totallimit",
        "gen-ca | see dfdaemon ca"
      })
  void whatIsWrongIsSaid(String arguments, String message) {
    assertThat(run(2, arguments.split(" "))).contains(message);
  }

  @Test
  void aFileHasTheSameNames() throws Exception {
    Path file = dir.resolve("dfdaemon.yml");
    Files.writeString(
        file,
        """
        port: 0
        rule: ['a{1,2}=p2p', 'b=direct']
        upstream: quay:65002=https://quay.io
        insecure-registry: [http://lab.example, own.example]
        """);

    String shown = run(0, "--config", file.toString(), "--print-config");

    assertThat(shown.lines().toList())
        .containsAll(
            List.of(
                "port: 0 # " + file + " line 1",
                "rule: ['a{1,2}=p2p', 'b=direct'] # " + file + " line 2"));
  }

  @Test
  void theCaIsMadeOnceAndPrinted() {
    String home = dir.resolve("home").toString();

    String pem = run(0, "--home", home, "ca");

    assertThat(pem).startsWith("-----BEGIN CERTIFICATE-----").doesNotContain("PRIVATE");
    assertThat(run(0, "--home", home, "ca")).isEqualTo(pem);
  }

  @Test
  void nobodyWhoListensIsNotWell() throws Exception {
    int port;
    try (var socket = new java.net.ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    assertThat(run(1, "--port", Integer.toString(port), "healthcheck")).contains("is not well");
  }
}

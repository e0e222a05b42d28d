package io.dragonfly.examples.dfdaemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.examples.command.FakeCall;
import io.dragonfly.examples.dfget.DfgetPeerOptions;
import io.dragonfly.testkit.FreePorts;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

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
        "--rule blobs | option '--rule' (REGEX=WAY): 'blobs' is not REGEX=WAY",
        "--rule (=p2p | is no regular expression",
        "--intercept ( | option '--intercept' (REGEX): '(' is no regular expression",
        "--upstream quay | option '--upstream' (NAME[:PORT]=URL): 'quay' is not NAME=URL",
        "--upstream a=b.test --upstream a=c.test | there are two upstreams with the name a",
        "--registry ftp://host | option '--registry': 'ftp://host' is no registry",
        "--registry foo | write the whole name of its host, or https://foo",
        "--upstream quay=foo | write the whole name of its host, or https://foo",
        "--docker-config none.json | none.json cannot be read: there is no such file",
        "--tls-ca none.pem | --tls-ca: there is no file",
        "--join-token-file none | --join-token-file: there is no file",
        "--registry-ca host | must be HOST=FILE",
        "--registry-ca host=none.pem | cannot be read: there is no such file",
        "--insecure-registry ftp://x | --insecure-registry: 'ftp://x' is no host: write HOST",
        "--insecure-registry a/b/c | --insecure-registry: 'a/b/c' is no host",
        "--insecure-registry http://a/b | --insecure-registry: 'a/b' is no host",
        "--insecure-registry https://a | --insecure-registry: 'https://a' is no host",
        "--insecure-registry a:0 | 'a:0' is no host",
        "--insecure-registry a:65536 | 'a:65536' is no host",
        "--insecure-registry http:// | '' is no host",
        "--allowed-host http://x | --allowed-host: 'http://x' is no host",
        "--home= | --home is empty: name a directory",
        "--port 70000 | 70000",
        "--supernode-fingerprint sha256:zz | must be sha256:",
        "--tls-cert none.pem | --tls-cert: there is no file",
        "--hostIp 1.2.3.4 | use --host-ip",
        "--ratelimit 20M | use --totallimit",
        "gen-ca | see dfdaemon ca"
      })
  void whatIsWrongIsSaid(String arguments, String message) {
    assertThat(run(2, arguments.split(" "))).contains(message);
  }

  @Test
  void commandsTakePartInTheHostLimit() {
    FakeCall call = new FakeCall(dir);
    DfdaemonOptions dfdaemon = new DfdaemonOptions();
    DfgetPeerOptions dfget = new DfgetPeerOptions();
    for (Object options : List.of(dfdaemon, dfget)) {
      var unused = new CommandLine(options).parseArgs("--home=peer");
    }

    assertThat(dfdaemon.toPeerSettings(call, more -> {}).client().shareHostLimit()).isTrue();
    assertThat(dfget.toSettings(call).client().shareHostLimit()).isTrue();
  }

  @Test
  void aPasswordInAUrlIsNotShown() throws Exception {
    String url = "https://user:hush@registry.test";
    assertThat(run(2, "--registry", url, "--print-config"))
        .contains("'https://registry.test' is no registry")
        .doesNotContain("hush");
    for (String upstream : List.of(url, "x:y=" + url, "x=" + url)) {
      assertThat(run(2, "--upstream", upstream)).doesNotContain("hush");
    }
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

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "registry_mirror: {remote: https://index.docker.io} | write 'registry: https://HOST'",
        "proxies: [{regx: blobs/sha256.*}] | write 'rule: [REGEX=p2p]'",
        "hijack_https: {hosts: [{regx: host}]} | write 'intercept: [REGEX]'",
        "rule: [b] | option '--rule' (REGEX=WAY): 'b' is not REGEX=WAY",
        "registry: [quay.io] | 'registry' takes one value, not a list",
        "registry: {remote: x} | must be one value, or a list of values"
      })
  void whatIsWrongInAFileIsSaidWithItsLine(String line, String message) throws Exception {
    Path file = dir.resolve("dfdaemon.yml");
    Files.writeString(file, line + "\n");

    assertThat(run(2, "--config", file.toString())).contains("line 1: ").contains(message);
    assertThat(run(2, "--config", file.toString(), "--print-config")).contains(message);
  }

  @Test
  void aFileOfLoginsIsJson() throws Exception {
    Path file = dir.resolve("config.json");
    Files.writeString(file, "auths:\n");

    assertThat(run(2, "--docker-config", file.toString())).contains("line 1 is no JSON");
    Files.writeString(file, "[]");
    assertThat(run(2, "--docker-config", file.toString())).contains("a JSON object");
  }

  @Test
  void aCertificateOfARegistryIsPem() throws Exception {
    Path file = dir.resolve("ca.pem");
    Files.writeString(file, "no certificate\n");

    assertThat(run(2, "--registry-ca", "host=" + file))
        .contains("--registry-ca: " + file + " has no certificate in PEM");
    Files.writeString(file, "-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n");
    assertThat(run(2, "--registry-ca", "host=" + file)).contains("that can be read");
    Files.writeString(file, run(0, "--home", dir.resolve("home").toString(), "ca"));
    assertThat(run(2, "--registry-ca", "a/b=" + file)).contains("--registry-ca: 'a/b' is no host");
  }

  @Test
  void theCaIsMadeOnceAndPrinted() {
    String home = dir.resolve("home").toString();

    String pem = run(0, "--home", home, "ca");
    assertThat(run(20, "ca", "--home", "/dev/null/home")).contains("cannot be made", "--home");

    assertThat(pem).startsWith("-----BEGIN CERTIFICATE-----").doesNotContain("PRIVATE");
    assertThat(run(0, "--home", home, "ca")).isEqualTo(pem);
    assertThat(run(0, "--home", dir.resolve("other").toString(), "ca", "--home", home))
        .isEqualTo(pem);
  }

  @Test
  void nobodyWhoListensIsNotWell() throws Exception {
    String word = Integer.toString(FreePorts.next());
    assertThat(run(1, "--port", word, "healthcheck"))
        .contains("127.0.0.1:" + word + " is not well");
    assertThat(run(1, "healthcheck", "--port", word, "--host-ip", "127.0.0.2"))
        .contains("127.0.0.2:" + word + " is not well");
    assertThat(run(1, "healthcheck", "--port", word, "--host-ip", "::"))
        .contains("[::1]:" + word + " is not well");
  }
}

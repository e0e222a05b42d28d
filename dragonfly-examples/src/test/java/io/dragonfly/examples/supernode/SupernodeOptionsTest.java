package io.dragonfly.examples.supernode;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import com.google.common.net.InetAddresses;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.examples.command.FakeCall;
import io.dragonfly.examples.command.Logging;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SupernodeOptionsTest {
  @TempDir private Path dir;

  @ParameterizedTest
  @CsvSource({
    "'', --home-dir is missing",
    "--home-dir=d, --advertise-ip is missing",
    "--home-dir=d --advertise-ip=999.1.1.1, '999.1.1.1' is no IP address",
    "--home-dir=d --advertise-ip=0.0.0.0, '--advertise-ip is 0.0.0.0, must be the address of one'",
    "--port=70000, '70000' is no port",
    "--upload-rate=1, 'rate is 1 B/s, must be >= 1024 B/s'",
    "--reserve-bytes=much, 'much' is no size",
    "--access-ttl=soon, 'soon' is no time",
    "--quota-bytes=all, 'all' is no size",
    "--task-ttl=never, 'never' is no time",
    "--home-dir=d --advertise-ip=10.0.0.1 --advertise-ip=10.0.0.2, must be one IPv4 and one IPv6",
    "--home-dir=d --advertise-ip=10.0.0.1 --advertise-ip=::1, a supernode for this machine alone",
    "--home-dir=d --advertise-ip=::1 --advertise-ip=::2 --advertise-ip=::3, has 3 addresses",
    "--home-dir=d --advertise-ip=::1 --source-give-up=0, '--source-give-up is PT0S, must be > 0'",
    "--source-concurrency=many, 'many' is no whole number",
    "--home-dir=d --advertise-ip=::1 --source-concurrency=0, '--source-concurrency is 0, must be >"
        + " 0'",
    "--share-per-address=much, 'much' is no share, write 5% or 0.05",
    "--share-per-address=200%, '200%' is no share",
    "--home-dir=d --advertise-ip=::1 --share-per-address=0, '--share-per-address is 0.0, must be >"
        + " 0 and <= 1'",
    "--home-dir=d --advertise-ip=::1 --back-to-source-peers=-1, '-1' is no whole number",
    "--home-dir=d --advertise-ip=::1 --peer-network=x, 'x'",
    "--home-dir=d --advertise-ip=::1 --metrics-network=x, 'x'",
    "--home-dir=d --advertise-ip=::1 --trusted-proxies=x, '--trusted-proxies: ''x'' is no network'",
    "--home-dir=d --advertise-ip=::1 --join-token-file=none, '--join-token-file: there is no file'",
    "--max-bandwidth=200M, 'is of Dragonfly 1: use --source-rate and --upload-rate'",
    "--download-port=8001, 'is of Dragonfly 1: all goes over --port'",
    "-D, 'is of Dragonfly 1: use --verbose'",
    "--home=d, 'there is no option ''--home'''"
  })
  void whatIsWrongIsOneLine(String arguments, String message) {
    FakeCall call = new FakeCall(dir, words(arguments));

    assertThat(SupernodeMain.run(call)).as(call.said()).isEqualTo(2);
    assertThat(call.said().lines()).hasSize(2);
    assertThat(call.said())
        .startsWith("supernode: ")
        .contains(message)
        .endsWith("Try 'supernode --help'.\n")
        .doesNotContain("Exception");
  }

  @ParameterizedTest
  @CsvSource({
    "max-bandwidth, use source-rate and upload-rate",
    "maxBandwidth, use source-rate and upload-rate",
    "systemReservedBandwidth, use source-rate and upload-rate",
    "taskExpireTime, use task-ttl",
    "gcInitialDelay, 'it has no counterpart, leave it out'",
    "homeDir, did you mean 'home-dir'?",
    "base, settings stand at the top level"
  })
  void aSettingOfDragonfly1IsTranslated(String name, String message) throws IOException {
    Files.writeString(dir.resolve("supernode.yml"), name + ": 200M\n");
    FakeCall call = new FakeCall(dir, "--config=supernode.yml");

    assertThat(SupernodeMain.run(call)).as(call.said()).isEqualTo(2);
    assertThat(call.said())
        .startsWith("supernode: supernode.yml line 1: ")
        .contains("'" + name + "'", message);
  }

  @Test
  void allSettingsHaveANameInTheEnvironment() {
    FakeCall call =
        new FakeCall(dir, "--print-config")
            .variable("DRAGONFLY_HOME_DIR", "/var/lib/supernode")
            .variable("DRAGONFLY_ADVERTISE_IP", "2001:db8::1")
            .variable("DRAGONFLY_PEER_NETWORK", "10.0.0.0/8,192.0.2.0/24")
            .variable("DRAGONFLY_SHARE_PER_ADDRESS", "10%")
            .variable("DRAGONFLY_UNVALIDATED_TTL", "0");

    assertThat(SupernodeMain.run(call)).as(call.said()).isZero();

    assertThat(call.printed().lines())
        .contains(
            "home-dir: /var/lib/supernode # DRAGONFLY_HOME_DIR",
            "advertise-ip: 2001:db8::1 # DRAGONFLY_ADVERTISE_IP",
            "port: 8002 # default",
            "peer-network: '10.0.0.0/8,192.0.2.0/24' # DRAGONFLY_PEER_NETWORK",
            "share-per-address: 10% # DRAGONFLY_SHARE_PER_ADDRESS",
            "unvalidated-ttl: 0 # DRAGONFLY_UNVALIDATED_TTL",
            "# reserve-bytes: 5 percent of the disk, at most 256M # default",
            "log-format: text # default");
  }

  @Test
  void anAuthorityWithoutACertificateIsAnError() throws IOException {
    Files.writeString(dir.resolve("ca.pem"), "");
    FakeCall call =
        new FakeCall(
            dir, "--home-dir=d", "--advertise-ip=::1", "--tls-ca=" + dir.resolve("ca.pem"));

    assertThat(SupernodeMain.run(call)).as(call.said()).isEqualTo(2);

    assertThat(call.said())
        .contains("--tls-ca is set without --tls-cert: set that, too")
        .doesNotContain("Exception");
  }

  @Test
  void anAddressOfEachFamilyIsAdvertised() {
    FakeCall call =
        new FakeCall(dir, "--print-config", "--home-dir=d")
            .variable("DRAGONFLY_ADVERTISE_IP", "10.0.0.1,fd00::1");

    assertThat(SupernodeMain.run(call)).as(call.said()).isZero();

    assertThat(call.printed())
        .contains("advertise-ip: '10.0.0.1,fd00::1' # DRAGONFLY_ADVERTISE_IP");
  }

  @Test
  @SuppressWarnings("try")
  void anAddressOfAnotherMachineIsWarnedOf() {
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    try (Logging.Following following =
            Logging.follow(said, false, Level.INFO, Logging.Format.TEXT);
        Supernode supernode = supernode("192.0.2.77")) {
      int port = supernode.address().orElseThrow().getPort();
      assertThat(said.toString(UTF_8))
          .contains("listening on all addresses of this machine, port " + port)
          .contains("peers are told 192.0.2.77, which is no address of this machine");
    }
  }

  @Test
  @SuppressWarnings("try")
  void anAddressOfThisMachineIsNot() {
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    try (Logging.Following following =
            Logging.follow(said, false, Level.INFO, Logging.Format.TEXT);
        Supernode supernode = supernode("127.0.0.1")) {
      int port = supernode.address().orElseThrow().getPort();
      assertThat(said.toString(UTF_8))
          .contains("listening on 127.0.0.1:" + port)
          .doesNotContain("no address of this machine");
    }
  }

  private Supernode supernode(String ip) {
    return new Supernode(
        SupernodeConfig.builder()
            .homeDir(dir)
            .port(0)
            .advertiseIp(InetAddresses.forString(ip))
            .build());
  }

  private static List<String> words(String text) {
    List<String> words = new ArrayList<>(List.of(text.split(" ")));
    words.removeIf(String::isEmpty);
    return words;
  }
}

package io.dragonfly.examples.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressesTest {
  @ParameterizedTest
  @CsvSource({
    "192.0.2.10, 192.0.2.10, 8002, 1",
    "192.0.2.10:8003, 192.0.2.10, 8003, 1",
    "192.0.2.10:8003=2, 192.0.2.10, 8003, 2",
    "192.0.2.10=3, 192.0.2.10, 8002, 3",
    "super-node.example.com:1, super-node.example.com, 1, 1",
    "super_node, super_node, 8002, 1",
    "[2001:db8::1]:8003, 2001:db8::1, 8003, 1",
    "[2001:db8::1], 2001:db8::1, 8002, 1",
    "[::1]=4, ::1, 8002, 4",
    "2001:db8::1, 2001:db8::1, 8002, 1",
    "::1, ::1, 8002, 1"
  })
  void readsSupernodes(String text, String host, int port, int weight) {
    assertThat(Addresses.parseNode(text)).isEqualTo(new Addresses.Node(host, port, weight));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":8002",
        ":::",
        "host:",
        "host:0",
        "host:65536",
        "host:99999999999",
        "host:http",
        "http://host:8002",
        "a b",
        "[::1",
        "[host]:8002",
        "[192.0.2.1]:8002",
        "999.1.1.1",
        "1.2.3",
        "host=0",
        "host=x",
        "host=1=2",
        "12345::",
        "fe80::1%eth0",
        "[fe80::1%eth0]:8002"
      })
  void refusesWhatIsNoSupernode(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> Addresses.parseNode(text));
  }

  @Test
  void writesAddressesAsUrlsDo() {
    assertThat(Addresses.text(new InetSocketAddress(Addresses.parseIp("::1"), 8002)))
        .isEqualTo("[::1]:8002");
    assertThat(Addresses.text(new InetSocketAddress(Addresses.parseIp("192.0.2.1"), 1)))
        .isEqualTo("192.0.2.1:1");
  }

  @Test
  void keepsTheOrderAndEachOnce() {
    List<Addresses.Node> nodes =
        List.of(node("192.0.2.2=2"), node("192.0.2.1:8002=2"), node("192.0.2.2:8002=2"));

    assertThat(Addresses.inOrder(nodes))
        .extracting(address -> address.getAddress().getHostAddress())
        .containsExactly("192.0.2.2", "192.0.2.1");
  }

  @Test
  void refusesDifferentWeights() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Addresses.inOrder(List.of(node("192.0.2.2=2"), node("192.0.2.1=1"))))
        .withMessageContaining("different weights");
  }

  @ParameterizedTest
  @CsvSource({
    "192.0.2.10, 192.0.2.10",
    "2001:db8::10, 2001:db8:0:0:0:0:0:10",
    "[2001:db8::10], 2001:db8:0:0:0:0:0:10",
    "::ffff:192.0.2.1, 192.0.2.1"
  })
  void readsIpAddresses(String text, String ip) {
    assertThat(Addresses.parseIp(text).getHostAddress()).isEqualTo(ip);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "999.1.1.1",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.",
        "host",
        "localhost",
        ":",
        "1::2::3"
      })
  void refusesWhatIsNoIpAddress(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Addresses.parseIp(text))
        .withMessageContaining("is no IP address");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-1", "65536", "x", "8002x", "99999999999"})
  void refusesWhatIsNoPort(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> Addresses.parsePort(text));
  }

  private static Addresses.Node node(String text) {
    return Addresses.parseNode(text);
  }
}

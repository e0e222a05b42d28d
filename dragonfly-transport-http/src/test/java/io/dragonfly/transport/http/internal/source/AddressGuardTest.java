package io.dragonfly.transport.http.internal.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.error.SourceFailedException;
import io.dragonfly.spi.Requester;
import io.dragonfly.spi.SourceRequest;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.transport.http.internal.reach.AddressGuard;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a supernode does not fetch for others. */
class AddressGuardTest extends SourceTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "127.0.0.1",
        "127.255.0.9",
        "0.0.0.0",
        "0.1.2.3",
        "169.254.169.254",
        "169.254.0.1",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "ff02::1",
        "fd00:ec2::254",
        "fd20:ce::254",
        "::127.0.0.1",
        "::ffff:0:127.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::127.0.0.1",
        "64:ff9b:1:7f00:0:100::",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "fd00:ec2::23",
        "fd00:42::42",
        "2001:0:7f00:1::", // a Teredo server
        "2001:0:808:808::80ff:fffe", // a Teredo client at 127.0.0.1
        "2001:db8::5efe:127.0.0.1", // ISATAP
        "2001:db8::200:5efe:169.254.169.254",
      })
  void refused(String address) throws Exception {
    InetAddress parsed = InetAddress.getByName(address);
    assertThatThrownBy(() -> AddressGuard.check(parsed, Requester.PRIVATE_NETWORK))
        .isInstanceOf(AddressGuard.RefusedException.class);
    assertThatThrownBy(() -> AddressGuard.checkName(address, Requester.PRIVATE_NETWORK))
        .isInstanceOf(AddressGuard.RefusedException.class);
  }

  @Test
  void mappedAddressesAreRefusedInBothForms() throws Exception {
    byte[] mapped = new byte[16];
    mapped[10] = (byte) 0xff;
    mapped[11] = (byte) 0xff;
    mapped[12] = 127;
    mapped[15] = 1;
    InetAddress asIpv6 = Inet6Address.getByAddress("any", mapped, 0);
    for (InetAddress address : new InetAddress[] {asIpv6, InetAddress.getByAddress(mapped)}) {
      assertThatThrownBy(() -> AddressGuard.check(address, Requester.PRIVATE_NETWORK))
          .isInstanceOf(AddressGuard.RefusedException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "10.0.0.1",
        "192.168.1.1",
        "172.16.0.1",
        "8.8.8.8",
        "2001:db8::1",
        "fd00::1",
        "64:ff9b::8.8.8.8",
        "64:ff9b:1:808:8:800:808:808",
        "2002:808:808::1",
      })
  void allowed(String address) throws Exception {
    InetAddress parsed = InetAddress.getByName(address);
    assertThatCode(() -> AddressGuard.check(parsed, Requester.PRIVATE_NETWORK))
        .doesNotThrowAnyException();
    assertThatCode(() -> AddressGuard.checkName(address, Requester.PRIVATE_NETWORK))
        .doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "100.127.255.255",
        "fc00::1",
        "fdff::1",
        "fec0::1",
        "::10.0.0.1",
        "64:ff9b::10.0.0.1",
        "2002:a00:1::"
      })
  void privateNetworksAreReadForClientsInOneAndNoOthers(String address) throws Exception {
    InetAddress parsed = InetAddress.getByName(address);
    for (Requester inside : List.of(Requester.PRIVATE_NETWORK, Requester.THIS_MACHINE)) {
      assertThatCode(() -> AddressGuard.check(parsed, inside)).doesNotThrowAnyException();
      assertThatCode(() -> AddressGuard.checkName(address, inside)).doesNotThrowAnyException();
    }
    assertThatThrownBy(() -> AddressGuard.check(parsed, Requester.PUBLIC_NETWORK))
        .isInstanceOf(AddressGuard.RefusedException.class)
        .hasMessageContaining("is a private address")
        .hasMessageContaining("source-allow");
    assertThatThrownBy(() -> AddressGuard.checkName(address, Requester.PUBLIC_NETWORK))
        .isInstanceOf(AddressGuard.RefusedException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"8.8.8.8", "172.32.0.1", "100.128.0.1", "192.169.0.1", "2001:db8::1"})
  void publicAddressesAreReadForEverybody(String address) throws Exception {
    InetAddress parsed = InetAddress.getByName(address);
    for (Requester requester : Requester.values()) {
      assertThatCode(() -> AddressGuard.check(parsed, requester)).doesNotThrowAnyException();
    }
  }

  @Test
  void thisMachineReadsItsOwnServicesButNoMetadataService() throws Exception {
    InetAddress loopback = InetAddress.getByName("127.0.0.1");
    AddressGuard.check(loopback, Requester.THIS_MACHINE);
    AddressGuard.checkName("localhost", Requester.THIS_MACHINE);
    for (String refused : List.of("169.254.169.254", "fe80::1", "0.0.0.0")) {
      InetAddress address = InetAddress.getByName(refused);
      assertThatThrownBy(() -> AddressGuard.check(address, Requester.THIS_MACHINE))
          .isInstanceOf(AddressGuard.RefusedException.class);
    }
    assertThatThrownBy(() -> AddressGuard.checkName("metadata", Requester.THIS_MACHINE))
        .isInstanceOf(AddressGuard.RefusedException.class);
  }

  @Test
  void clientsAreToldApartByTheirAddresses() throws Exception {
    assertThat(Requester.at(InetAddress.getByName("127.0.0.1"))).isEqualTo(Requester.THIS_MACHINE);
    assertThat(Requester.at(InetAddress.getByName("::1"))).isEqualTo(Requester.THIS_MACHINE);
    for (String inside : List.of("10.1.2.3", "fd12::1", "169.254.3.4", "fe80::7")) {
      assertThat(Requester.at(InetAddress.getByName(inside))).isEqualTo(Requester.PRIVATE_NETWORK);
    }
    for (String outside : List.of("9.9.9.9", "2001:db8::1")) {
      assertThat(Requester.at(InetAddress.getByName(outside))).isEqualTo(Requester.PUBLIC_NETWORK);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "127.1",
        "2130706433",
        "0x7f.1",
        "1.2.3.4.5"
      })
  void localNamesAreRefusedInAllSpellings(String name) {
    assertThatThrownBy(() -> AddressGuard.checkName(name, Requester.PRIVATE_NETWORK))
        .isInstanceOf(AddressGuard.RefusedException.class);
  }

  @Test
  void otherNamesAreNot() {
    assertThatCode(() -> AddressGuard.checkName("registry-1.docker.io", Requester.PRIVATE_NETWORK))
        .doesNotThrowAnyException();
  }

  private static SourceRequest forAnother(URI uri) {
    return new SourceRequest(
        ContentRequest.of(uri), Duration.ofSeconds(10), Requester.PRIVATE_NETWORK);
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost", "127.0.0.1", "2130706433", "[::ffff:127.0.0.1]"})
  void nothingIsSentToThisMachineForAnother(String host) throws Exception {
    URI uri = URI.create("http://" + host + ":" + server.getPort() + "/file");
    assertThatThrownBy(() -> source.ask(forAnother(uri)))
        .isInstanceOf(SourceFailedException.class)
        .hasMessageContaining("is a loopback address, which is not read for this client");
    assertThat(server.getRequestCount()).isZero();
  }

  @Test
  void aConnectionThatThisMachineHasOpenedIsNotUsedForAnother() throws Exception {
    enqueue(part("bytes 0-0/3", "x"));
    source.ask(request("/file"));
    assertThatThrownBy(() -> source.ask(forAnother(uri("/file"))))
        .isInstanceOf(SourceFailedException.class)
        .hasMessageContaining("loopback");
    assertThat(server.getRequestCount()).isEqualTo(1);
  }
}

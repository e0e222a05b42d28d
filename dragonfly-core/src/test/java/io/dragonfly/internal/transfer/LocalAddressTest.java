package io.dragonfly.internal.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import io.dragonfly.internal.access.ChildAddresses;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** Which addresses a host has, and reaches others by. */
class LocalAddressTest {
  private static final InetAddress IP4 = InetAddresses.forString("127.0.0.1");
  private static final InetAddress IP6 = InetAddresses.forString("::1");

  private static void assumeBoth() throws Exception {
    Assumptions.assumeTrue(
        NetworkInterface.getByInetAddress(IP4) != null
            && NetworkInterface.getByInetAddress(IP6) != null,
        "this machine does not have both IPv4 and IPv6");
  }

  @Test
  void aHostIsReachedByTheAddressOfTheSameFamily() throws Exception {
    assumeBoth();
    assertThat(LocalAddress.towards(new InetSocketAddress(IP6, 9))).isEqualTo(IP6);
    assertThat(LocalAddress.towards(new InetSocketAddress(IP4, 9))).isEqualTo(IP4);
  }

  @Test
  void theAddressOfTheOtherFamilyIsOnTheSameInterface() throws Exception {
    assumeBoth();
    assertThat(LocalAddress.ofOtherFamily(IP4)).contains(IP6);
    assertThat(LocalAddress.ofOtherFamily(IP6).orElseThrow().isLoopbackAddress()).isTrue();
    assertThat(LocalAddress.ofOtherFamily(InetAddresses.forString("192.0.2.1"))).isEmpty();
  }

  @Test
  void anAddressThatHasARouteOrNoNameStaysAsItIs() {
    InetSocketAddress here = new InetSocketAddress(InetAddress.getLoopbackAddress(), 9);
    assertThat(LocalAddress.reachable(here)).isSameAs(here);
    InetSocketAddress unknown = InetSocketAddress.createUnresolved("unknown.invalid", 9);
    assertThat(LocalAddress.reachable(unknown)).isSameAs(unknown);
  }

  @Test
  void aNameWhoseFirstAddressHasNoRouteIsReachedByAnother() throws Exception {
    // A multicast address of IPv6 with an interface that there is not: no machine has a route.
    byte[] nowhere = InetAddresses.forString("ff02::1").getAddress();
    InetAddress first = Inet6Address.getByAddress("localhost", nowhere, 1_000_000);
    InetSocketAddress reachable = LocalAddress.reachable(new InetSocketAddress(first, 9));
    assertThat(reachable.getAddress().isLoopbackAddress()).isTrue();
    assertThat(reachable.getPort()).isEqualTo(9);
    assertThat(reachable.getHostString()).isEqualTo("localhost");
  }

  @Test
  void aTakerUsesTheAddressOfTheParentsFamilyIfItHasOne() {
    ChildAddresses both = new ChildAddresses(IP4, Optional.of(IP6));
    InetAddress parent = InetAddresses.forString("2001:db8::1");
    assertThat(both.towards(parent)).isEqualTo(IP6);
    assertThat(both.reach(parent)).isTrue();
    ChildAddresses one = new ChildAddresses(IP4, Optional.empty());
    assertThat(one.towards(parent)).isEqualTo(IP4);
    assertThat(one.reach(parent)).isFalse();
  }
}

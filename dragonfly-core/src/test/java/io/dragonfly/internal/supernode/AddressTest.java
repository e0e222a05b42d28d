package io.dragonfly.internal.supernode;

import static io.dragonfly.internal.supernode.TestPeer.get;
import static io.dragonfly.internal.supernode.TestSupernode.FILE;
import static io.dragonfly.internal.supernode.TestSupernode.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.common.net.InetAddresses;
import io.dragonfly.control.AdminApi;
import io.dragonfly.control.AnnounceRequest;
import io.dragonfly.control.Caller;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.control.PollRequest;
import io.dragonfly.control.PreheatRequest;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.spi.CallOrigin;
import io.dragonfly.spi.Network;
import io.dragonfly.spi.Requester;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.LeakCheck;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which addresses peers may register. */
@ExtendWith(LeakCheck.class)
class AddressTest {
  private static Caller caller(String ip) {
    return new Caller(
        PeerSecret.random(new SecureRandom()),
        new InetSocketAddress(InetAddresses.forString(ip), 4000),
        "");
  }

  @ParameterizedTest
  @CsvSource({
    "10.1.2.3, 10.1.2.3",
    "127.0.0.1, 127.0.0.9",
    "127.0.0.1, ::1",
    "10.1.2.3, 192.168.7.8",
    "2001:db8::1, 2001:db8::1"
  })
  void allows(String from, String claimed) {
    new AddressRules(List.of(Network.parse("192.168.0.0/16")))
        .check(InetAddresses.forString(from), caller(claimed), true);
  }

  @ParameterizedTest
  @CsvSource({
    "10.1.2.3, 10.1.2.4",
    "10.1.2.3, 127.0.0.1",
    "127.0.0.1, 10.1.2.3",
    "10.1.2.3, 192.169.0.1",
    "10.1.2.3, 0.0.0.0",
    "224.0.0.1, 224.0.0.1",
    "2001:db8::1, 2001:db8::2"
  })
  void refuses(String from, String claimed) {
    AddressRules rules = new AddressRules(List.of(Network.parse("192.168.0.0/16")));
    InetAddress address = InetAddresses.forString(from);
    assertThatThrownBy(() -> rules.check(address, caller(claimed), true))
        .isInstanceOf(CallRefusedException.class);
  }

  @Test
  void refusesWhatIsNoAddress() {
    Caller unresolved =
        new Caller(
            PeerSecret.random(new SecureRandom()),
            InetSocketAddress.createUnresolved("peer", 4000),
            "");
    assertThatThrownBy(
            () ->
                new AddressRules(List.of())
                    .check(InetAddress.getLoopbackAddress(), unresolved, true))
        .isInstanceOf(CallRefusedException.class);
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/8, 10.255.0.1, true",
    "10.0.0.0/8, 11.0.0.1, false",
    "10.1.2.3, 10.1.2.3, true",
    "10.1.2.3, 10.1.2.4, false",
    "10.128.0.0/9, 10.127.0.1, false",
    "0.0.0.0/0, 1.2.3.4, true",
    "10.128.0.0/9, 10.200.0.1, true",
    "2001:db8::/33, 2001:db8:7fff::1, true",
    "2001:db8::/33, 2001:db8:8000::1, false",
    "0.0.0.0/0, ::1, false"
  })
  void networksContainTheirAddresses(String network, String address, boolean isIn) {
    assertThat(Network.parse(network).contains(InetAddresses.forString(address))).isEqualTo(isIn);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "10", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/x", "10.0.0.0/8/8"})
  void saysWhatIsNoNetwork(String text) {
    assertThatThrownBy(() -> Network.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + text + "'");
  }

  @Test
  void anAddressElsewhereIsBelievedOnlyOfWhoBelongsToTheFleet() {
    JoinRules rules = new JoinRules(Optional.empty(), false, List.of(Network.parse("10.0.0.0/8")));
    try (TestSupernode supernode = new TestSupernode.Setup().rules(rules).start()) {
      InetAddress from = InetAddresses.forString("192.0.2.1");
      PollRequest request = new PollRequest(caller("10.0.0.2"), 0, List.of(), Duration.ZERO);

      assertThat(
              RegistrationTest.failure(
                  supernode.service.from(CallOrigin.plain(from)).poll(request)))
          .isInstanceOf(CallRefusedException.class)
          .hasMessageContaining("--join-token-file")
          .hasMessageContaining("10.0.0.2");
      CallOrigin certified = new CallOrigin(from, true, "sha256:its-own");
      assertThat(supernode.service.from(certified).poll(request)).isNotCompletedExceptionally();
    }
  }

  @Test
  void eachCallIsChecked() {
    try (TestSupernode supernode = new TestSupernode.Setup().start()) {
      SupernodeApi api =
          supernode.service.from(CallOrigin.plain(InetAddresses.forString("10.0.0.1")));
      Caller caller = caller("10.0.0.2");
      assertThat(
              RegistrationTest.failure(
                  api.register(
                      new RegisterRequest(
                          caller,
                          TestPeer.content(FILE),
                          Optional.empty(),
                          Optional.empty(),
                          List.of()))))
          .isInstanceOf(CallRefusedException.class)
          .hasMessageContaining("10.0.0.1")
          .hasMessageContaining("10.0.0.2");
      assertThat(RegistrationTest.failure(api.announce(new AnnounceRequest(caller, List.of()))))
          .isInstanceOf(CallRefusedException.class);
      assertThat(
              RegistrationTest.failure(
                  api.poll(new PollRequest(caller, 0, List.of(), Duration.ZERO))))
          .isInstanceOf(CallRefusedException.class);
      assertThat(RegistrationTest.failure(api.leave(new LeaveRequest(caller, Optional.empty()))))
          .isInstanceOf(CallRefusedException.class);
    }
  }

  @Test
  void sourcesLearnForWhomTheyAreRead() {
    FakeSource source = new FakeSource().put(FILE, bytes(10));
    TestSupernode.Setup setup = new TestSupernode.Setup().source(source);
    setup.address = new InetSocketAddress(InetAddresses.forString("10.0.0.9"), 8002);
    try (TestSupernode supernode = setup.start()) {
      Caller caller = caller("10.0.0.1");
      SupernodeApi api = supernode.service.from(CallOrigin.plain(caller.address().getAddress()));
      RegisterRequest request =
          new RegisterRequest(
              caller, TestPeer.content(FILE), Optional.empty(), Optional.empty(), List.of());
      get(api.register(request));
      new TestPeer(supernode).registered(FILE);
    }
    assertThat(source.opened())
        .extracting(r -> r.requester())
        .containsExactly(Requester.PRIVATE_NETWORK);
    // The first at the end of the read, for whom it was begun.
    assertThat(source.probesSent())
        .extracting(r -> r.requester())
        .containsExactly(Requester.PRIVATE_NETWORK, Requester.THIS_PROCESS);
  }

  @Test
  void nobodyIsLetInBeforeTheAddressIsKnown() {
    TestSupernode.Setup setup = new TestSupernode.Setup();
    setup.address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (TestSupernode supernode = setup.start()) {
      SupernodeApi api = supernode.service.from(CallOrigin.plain(InetAddress.getLoopbackAddress()));
      PollRequest request = new PollRequest(caller("127.0.0.1"), 0, List.of(), Duration.ZERO);
      assertThat(RegistrationTest.failure(api.poll(request)))
          .isInstanceOf(SupernodeUnreachableException.class);
      supernode.service.listensAt(new InetSocketAddress(InetAddress.getLoopbackAddress(), 1));
      assertThat(api.poll(request)).isNotCompletedExceptionally();
    }
  }

  @Test
  void whatAnOperatorPreheatsIsReadAsForAPrivateNetwork() {
    FakeSource source = new FakeSource().put(FILE, bytes(10));
    TestSupernode.Setup setup = new TestSupernode.Setup().source(source);
    setup.address = new InetSocketAddress(InetAddresses.forString("10.0.0.9"), 8002);
    try (TestSupernode supernode = setup.start()) {
      AdminApi admin = supernode.service.admin();
      ContentRequest content = ContentRequest.of(FILE);
      String id = get(admin.preheat(new PreheatRequest.File(content), List.of())).id();
      await()
          .until(
              () -> {
                supernode.ticker.advance(Duration.ofMillis(100));
                return get(admin.preheat(id)).orElseThrow().state().isEnd();
              });
    }
    assertThat(source.opened())
        .extracting(r -> r.requester())
        .isNotEmpty()
        .containsOnly(Requester.PRIVATE_NETWORK);
  }
}

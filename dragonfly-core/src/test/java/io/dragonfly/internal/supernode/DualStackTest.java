package io.dragonfly.internal.supernode;

import static io.dragonfly.internal.supernode.TestPeer.content;
import static io.dragonfly.internal.supernode.TestPeer.get;
import static io.dragonfly.internal.supernode.TestSupernode.FILE;
import static io.dragonfly.internal.supernode.TestSupernode.PIECE;
import static io.dragonfly.internal.supernode.TestSupernode.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.common.net.InetAddresses;
import io.dragonfly.control.AdminApi.KnownPeer;
import io.dragonfly.control.AnnounceRequest;
import io.dragonfly.control.Caller;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.control.Outcome;
import io.dragonfly.control.Parent;
import io.dragonfly.control.PollRequest;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.control.TaskUpdate;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.internal.access.ShownCapabilities;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.spi.CallOrigin;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.LeakCheck;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Peers on hosts that have IPv4 and IPv6: one host, whichever of them a call or a piece uses. */
@ExtendWith(LeakCheck.class)
class DualStackTest {
  private static final InetAddress IP4 = InetAddresses.forString("192.0.2.1");
  private static final InetAddress IP6 = InetAddresses.forString("2001:db8::1");
  private static final InetAddress OTHER_IP6 = InetAddresses.forString("2001:db8:1::2");

  private final FakeSource source = new FakeSource().put(FILE, bytes(2 * PIECE));
  private final TestSupernode supernode = new TestSupernode.Setup().source(source).start();

  @AfterEach
  void close() {
    supernode.close();
  }

  private static Caller at(InetAddress ip) {
    PeerSecret secret = PeerSecret.random(new SecureRandom());
    return new Caller(secret, new InetSocketAddress(ip, 4000), "");
  }

  private SupernodeApi from(InetAddress ip) {
    return supernode.service.from(CallOrigin.plain(ip));
  }

  private static AnnounceRequest nothing(Caller caller) {
    return new AnnounceRequest(caller, List.of());
  }

  /** Has a peer hold all, and returns the task. */
  private TaskId hold(TestPeer holder) {
    TaskId task = holder.join(FILE, holder.register(content(FILE))).task().id();
    await().until(() -> source.openStreams() == 0);
    var unused = holder.has(task, 0, 1).next(task, PieceSpan.NONE);
    return task;
  }

  /** Returns a peer as a parent of another one. */
  private static Parent parent(TestPeer child, TaskId task, String id) {
    List<Parent> contacts =
        TestPeer.contacts(child.join(FILE, child.register(content(FILE)))).stream().toList();
    TaskUpdate update = child.answer(task, PieceSpan.ALL);
    return Stream.concat(contacts.stream(), update.parents().stream())
        .filter(each -> each.peer().id().hex().equals(id))
        .findFirst()
        .orElseThrow();
  }

  private boolean mayTake(TestPeer holder, Parent parent, TestPeer child, InetAddress from) {
    TaskId task = holder.registered(FILE).task().id();
    return new ShownCapabilities(holder.caller.secret().capabilityKey())
        .isValid(parent.capability(), task, child.id(), from, supernode.ticker.clock().instant());
  }

  @Test
  void aCapabilityIsForTheAddressThatReachesTheParent() {
    TestPeer over4 = new TestPeer(supernode, at(IP4));
    TestPeer over6 = new TestPeer(supernode, at(OTHER_IP6).takingFrom(Optional.of(IP4)));
    TaskId task = hold(over4);

    Parent parent = parent(over6, task, over4.id().hex());

    assertThat(parent.peer().address().getAddress()).isEqualTo(IP4);
    assertThat(mayTake(over4, parent, over6, IP4)).isTrue();
    assertThat(mayTake(over4, parent, over6, OTHER_IP6)).isFalse();
  }

  @Test
  void aCapabilityIsForTheRegisteredAddressWhereThatReachesTheParent() {
    TestPeer holder = new TestPeer(supernode, at(IP6));
    TestPeer child = new TestPeer(supernode, at(OTHER_IP6).takingFrom(Optional.of(IP4)));
    TaskId task = hold(holder);

    Parent parent = parent(child, task, holder.id().hex());

    assertThat(mayTake(holder, parent, child, OTHER_IP6)).isTrue();
    assertThat(mayTake(holder, parent, child, IP4)).isFalse();
  }

  @Test
  void theCacheIsNamedByTheFamilyThatThePeerHas() {
    InetSocketAddress also = new InetSocketAddress(IP6, 8002);
    supernode.service.listensAt(new InetSocketAddress(IP4, 8002), Optional.of(also), () -> "");
    String cache = supernode.service.local().id().hex();
    TestPeer over4 = new TestPeer(supernode, at(InetAddresses.forString("192.0.2.7")));
    TestPeer over6 = new TestPeer(supernode, at(OTHER_IP6));
    TaskId task = over4.registered(FILE).task().id();
    await().until(() -> source.openStreams() == 0);

    assertThat(parent(over4, task, cache).peer().address())
        .isEqualTo(new InetSocketAddress(IP4, 8002));
    assertThat(parent(over6, task, cache).peer().address()).isEqualTo(also);
  }

  @Test
  void aPeerThatCallsOverBothIsOnePeerAtOnePlace() {
    Caller caller = at(IP4);
    get(from(IP4).announce(nothing(caller)));
    assertThat(supernode.service.isKnown(IP6)).isFalse();

    get(from(IP6).announce(nothing(caller)));
    var unused = from(IP6).poll(new PollRequest(caller, 0, List.of(), Duration.ofSeconds(1)));

    List<KnownPeer> peers = get(supernode.service.admin().peers());
    assertThat(peers).hasSize(1);
    assertThat(peers.get(0).peer().address()).isEqualTo(caller.address());
    assertThat(supernode.service.isKnown(IP4)).isTrue();
    assertThat(supernode.service.isKnown(IP6)).isTrue();

    get(from(OTHER_IP6).announce(nothing(caller)));
    assertThat(supernode.service.isKnown(IP6)).isFalse(); // it has moved on
    get(from(IP4).leave(new LeaveRequest(caller, Optional.empty())));
    assertThat(supernode.service.isKnown(IP4)).isFalse();
    assertThat(supernode.service.isKnown(OTHER_IP6)).isFalse();
  }

  @Test
  void anAddressOfTheOtherFamilyThatNoCallHasProvedIsRefused() {
    Caller caller = at(IP4);
    get(from(IP4).announce(nothing(caller)));
    Caller moved =
        new Caller(
            caller.secret(), new InetSocketAddress(InetAddresses.forString("192.0.2.66"), 1), "");

    assertThat(RegistrationTest.failure(from(IP6).announce(nothing(moved))))
        .isInstanceOf(CallRefusedException.class);
    assertThat(RegistrationTest.failure(from(IP6).announce(nothing(at(IP4)))))
        .isInstanceOf(CallRefusedException.class);
  }

  @Test
  void peersWithoutACommonFamilyDoNotIsolateEachOther() {
    TestPeer holder = new TestPeer(supernode, at(IP4));
    TaskId task = hold(holder);
    for (int i = 0; i < 8; i++) {
      Caller only6 = at(InetAddresses.forString("2001:db8:" + (i + 1) + "::1"));
      TestPeer child = new TestPeer(supernode, only6);
      assertThat(parent(child, task, holder.id().hex())).isNotNull();
      var unused = child.reports(0, holder.id(), Outcome.UNREACHABLE).next(task, PieceSpan.ALL);
    }
    assertThat(get(supernode.service.admin().peers()))
        .filteredOn(known -> known.peer().id().equals(holder.id()))
        .allMatch(known -> known.isolation().isEmpty());
  }
}

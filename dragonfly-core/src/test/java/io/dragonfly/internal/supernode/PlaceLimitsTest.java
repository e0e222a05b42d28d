package io.dragonfly.internal.supernode;

import static io.dragonfly.internal.supernode.TestSupernode.FILE;
import static io.dragonfly.internal.supernode.TestSupernode.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.AnnounceRequest;
import io.dragonfly.control.Caller;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.error.BusyException;
import io.dragonfly.internal.queue.HostKey;
import io.dragonfly.internal.queue.KeyedBudget;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.spi.CallOrigin;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.FakeTicker;
import io.dragonfly.testkit.FirstComeScheduler;
import io.dragonfly.testkit.LeakCheck;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** How much of a supernode those can have who share an address, however many they say they are. */
@ExtendWith(LeakCheck.class)
class PlaceLimitsTest {
  private static final int PEERS = 5_000;
  private static final int REGISTERING = 1_000;

  private final FakeSource source = new FakeSource();
  private final TestSupernode supernode = new TestSupernode.Setup().source(source).start();
  private final SecureRandom random = new SecureRandom();

  @AfterEach
  void close() {
    supernode.close();
  }

  private static InetAddress ip(String text) throws Exception {
    return InetAddress.getByName(text);
  }

  private Caller at(InetAddress ip) {
    return new Caller(PeerSecret.random(random), new InetSocketAddress(ip, 1), "");
  }

  private boolean isLetIn(InetAddress ip) throws Exception {
    SupernodeApi api = supernode.service.from(CallOrigin.plain(ip));
    try {
      api.announce(new AnnounceRequest(at(ip), List.of())).get();
      return true;
    } catch (ExecutionException e) {
      assertThat(e).hasCauseInstanceOf(BusyException.class);
      return false;
    }
  }

  @Test
  void oneMachineIsSoManyPeersAndNoMore() throws Exception {
    for (int i = 0; i < PEERS; i++) {
      assertThat(isLetIn(ip("192.0.2.1"))).isTrue();
    }
    assertThat(isLetIn(ip("192.0.2.1"))).isFalse();
    assertThat(isLetIn(ip("192.0.2.2"))).isTrue();
  }

  @Test
  void manyAddressesOfOneNetworkOfIpv6AreOneMachine() throws Exception {
    for (int i = 0; i < PEERS; i++) {
      assertThat(isLetIn(ip("2001:db8:0:1::" + Integer.toHexString(i)))).isTrue();
    }
    assertThat(isLetIn(ip("2001:db8:0:1:ffff::"))).isFalse();
    assertThat(isLetIn(ip("2001:db8:0:2::1"))).isTrue();
  }

  private static SupernodeExecutors executors() {
    FakeTicker ticker = new FakeTicker();
    return new SupernodeExecutors(
        ticker.clock(), ticker, ticker, ticker.timer(), Runnable::run, Runnable::run);
  }

  @Test
  void whoLeavesMakesRoom() throws Exception {
    SwarmState state =
        new SwarmState(
            new FirstComeScheduler(),
            0,
            at(ip("192.0.2.9")).id(),
            new Budgets(0.05),
            new Revocations(at(ip("192.0.2.9")).id(), revoked -> {}, executors()),
            (peer, isolation) -> {});
    HostKey place = HostKey.of(ip("192.0.2.1"));
    Session session = state.heard(at(ip("192.0.2.1")), place, 0);
    for (int i = 1; i < PEERS; i++) {
      state.heard(at(ip("192.0.2.1")), place, 0);
    }
    state.leave(session);
    assertThat(state.heard(at(ip("192.0.2.1")), place, 0)).isNotNull();
  }

  @Test
  void registrationsThatWaitForASourceAreBoundedForEachMachine() throws Exception {
    RegistrationLimiter registrationLimiter =
        new RegistrationLimiter(
            new KeyedBudget<>(100, place -> 2), new KeyedBudget<>(1_000, place -> 50));
    HostKey one = HostKey.of(ip("192.0.2.1"));
    CompletableFuture<String> first = registrationLimiter.admit(one, 20, CompletableFuture::new);
    registrationLimiter.admit(one, 20, CompletableFuture::new);
    assertThat(refusal(registrationLimiter, one, 0))
        .contains("192.0.2.1", "as many registrations and offers that wait");
    registrationLimiter.admit(HostKey.of(ip("192.0.2.2")), 50, CompletableFuture::new);
    first.complete("");
    assertThat(refusal(registrationLimiter, one, 40))
        .contains("192.0.2.1", "as many bytes of registrations");
    registrationLimiter.admit(one, 30, CompletableFuture::new);
  }

  private static String refusal(
      RegistrationLimiter registrationLimiter, HostKey place, long bytes) {
    try {
      registrationLimiter.admit(place, bytes, CompletableFuture::new);
      throw new AssertionError("it was let in");
    } catch (BusyException e) {
      return e.getMessage();
    }
  }

  @Test
  void aThousandRegistrationsFromOneMachineWaitAndNoMore() throws Exception {
    source.put(FILE, bytes(1)).stallProbes(FILE);
    SupernodeApi api = supernode.service.from(CallOrigin.plain(ip("192.0.2.1")));
    List<CompletableFuture<RegisterResponse>> waiting = new ArrayList<>();
    for (int i = 0; i <= REGISTERING; i++) {
      RegisterRequest request =
          new RegisterRequest(
              at(ip("192.0.2.1")),
              ContentRequest.of(FILE),
              Optional.empty(),
              Optional.empty(),
              List.of());
      waiting.add(api.register(request));
    }
    assertThat(waiting).filteredOn(CompletableFuture::isCompletedExceptionally).hasSize(1);
  }
}

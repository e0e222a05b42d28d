package io.dragonfly.internal.supernode;

import static io.dragonfly.internal.supernode.TestPeer.content;
import static io.dragonfly.internal.supernode.TestPeer.get;
import static io.dragonfly.internal.supernode.TestSupernode.FILE;
import static io.dragonfly.internal.supernode.TestSupernode.PIECE;
import static io.dragonfly.internal.supernode.TestSupernode.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dragonfly.control.AnnounceRequest;
import io.dragonfly.control.Caller;
import io.dragonfly.control.JoinProof;
import io.dragonfly.control.JoinRequest;
import io.dragonfly.control.JoinResponse;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.control.PollRequest;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.internal.access.JoinToken;
import io.dragonfly.internal.loop.EventLoop;
import io.dragonfly.internal.loop.Timers;
import io.dragonfly.internal.transfer.swarm.JoinedSupernode;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.spi.CallOrigin;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.LeakCheck;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A fleet with a join token: who has it takes part, and nobody else does. */
@ExtendWith(LeakCheck.class)
class JoinTest {
  private static final String TOKEN = "0123456789abcdef".repeat(2);
  private static final String OTHER = "fedcba9876543210".repeat(2);
  private static final InetAddress HERE = InetAddress.getLoopbackAddress();
  private static final CallOrigin ORIGIN = new CallOrigin(HERE, false, "sha256:its-own");

  @TempDir Path dir;
  private final FakeSource source = new FakeSource().put(FILE, bytes(3 * PIECE));
  private final PeerSecret secret = PeerSecret.random(new SecureRandom());
  private final Caller caller = new Caller(secret, new InetSocketAddress(HERE, 1234), "");
  private final List<String> calls = Collections.synchronizedList(new ArrayList<>());
  private final Timers timers = Timers.system("dragonfly-test-timer");
  private final EventLoop loop = new EventLoop("dragonfly-test-loop", timers);
  private Path file;
  private TestSupernode supernode;

  @BeforeEach
  void start() throws IOException {
    file = Files.writeString(dir.resolve("token"), TOKEN);
    TestSupernode.Setup setup = new TestSupernode.Setup().source(source);
    setup.rules =
        new JoinRules(Optional.of(JoinToken.ofFile(file, setup.ticker)), false, List.of());
    supernode = setup.start();
  }

  @AfterEach
  void close() throws Exception {
    supernode.close();
    loop.close();
    timers.close();
  }

  private JoinToken token(String text) throws IOException {
    return JoinToken.ofFile(Files.writeString(dir.resolve("peer"), text), supernode.ticker);
  }

  private SupernodeApi direct() {
    return supernode.service.from(ORIGIN);
  }

  /** A supernode as a peer with a token sees it, over a transport that shows it a certificate. */
  private SupernodeApi joined(String token, String shown) throws IOException {
    return joined(token, shown, null);
  }

  private SupernodeApi joined(String token, String shown, @Nullable CompletableFuture<?> instead)
      throws IOException {
    SupernodeApi over =
        (SupernodeApi)
            Proxy.newProxyInstance(
                SupernodeApi.class.getClassLoader(),
                new Class<?>[] {SupernodeApi.class},
                (proxy, method, arguments) -> {
                  if (method.getName().equals("identity")) {
                    return CompletableFuture.completedFuture(shown); // nothing is sent for it
                  }
                  calls.add(method.getName());
                  if (instead != null && !method.getName().equals("join")) {
                    return instead;
                  }
                  Object answer = method.invoke(direct(), arguments);
                  return method.getName().equals("join")
                      ? ((CompletableFuture<?>) answer)
                          .thenApply(proved -> ((JoinResponse) proved).over(shown))
                      : answer;
                });
    return new JoinedSupernode("host:1", Optional.of(token(token)), over, loop);
  }

  private <T> CompletableFuture<T> onLoop(Supplier<CompletableFuture<T>> call) {
    CompletableFuture<CompletableFuture<T>> begun = new CompletableFuture<>();
    loop.execute(() -> begun.complete(call.get()));
    return get(begun);
  }

  private RegisterRequest registration() {
    return new RegisterRequest(
        caller, content(FILE), Optional.empty(), Optional.empty(), List.of());
  }

  private static CallRefusedException refusal(CompletableFuture<?> call) {
    Throwable failure = RegistrationTest.failure(call);
    assertThat(failure).isInstanceOf(CallRefusedException.class);
    return (CallRefusedException) failure;
  }

  @Test
  void withoutAProofNothingIsAnswered() {
    for (CompletableFuture<?> call :
        List.of(
            direct().register(registration()),
            direct().announce(new AnnounceRequest(caller, List.of())),
            direct().poll(new PollRequest(caller, 0, List.of(), Duration.ZERO)))) {
      assertThat(refusal(call)).hasMessageContaining("--join-token-file");
      assertThat(refusal(call).joinsAgain()).isTrue();
    }
    assertThat(source.opened()).isEmpty();
    assertThat(get(direct().leave(new LeaveRequest(caller, Optional.empty())))).isNotNull();
  }

  @Test
  void theProcessOfTheSupernodeNeedsNoToken() {
    assertThat(new TestPeer(supernode).registered(FILE).ticket()).isNotEmpty();
  }

  @Test
  void whoHasTheTokenJoinsOnceForAllItsCalls() throws Exception {
    SupernodeApi api = joined(TOKEN, ORIGIN.certificate());

    assertThat(get(onLoop(() -> api.register(registration()))).ticket()).isNotEmpty();
    assertThat(get(onLoop(() -> api.announce(new AnnounceRequest(caller, List.of())))).terms())
        .isNotNull();

    assertThat(calls).containsExactly("join", "register", "announce");
  }

  @Test
  void whoStandsInBetweenIsToldNothing() throws Exception {
    SupernodeApi api = joined(TOKEN, "sha256:of-who-stands-in-between");

    Throwable failure = RegistrationTest.failure(onLoop(() -> api.register(registration())));

    assertThat(failure)
        .isInstanceOf(SupernodeUnreachableException.class)
        .hasMessageContaining("host:1")
        .hasMessageContaining("--join-token-file");
    assertThat(calls).containsExactly("join");
  }

  @Test
  void aSupernodeWithAnotherTokenIsToldNothing() throws Exception {
    SupernodeApi api = joined(OTHER, ORIGIN.certificate());

    assertThat(RegistrationTest.failure(onLoop(() -> api.register(registration()))))
        .isInstanceOf(SupernodeUnreachableException.class);
    assertThat(calls).containsExactly("join");
  }

  @Test
  void aSupernodeWithoutATokenIsToldNothing() throws Exception {
    try (TestSupernode other = new TestSupernode.Setup().start()) {
      SupernodeApi api =
          new JoinedSupernode(
              "host:1", Optional.of(token(TOKEN)), other.service.from(ORIGIN), loop);

      assertThat(RegistrationTest.failure(onLoop(() -> api.register(registration()))))
          .isInstanceOf(SupernodeUnreachableException.class)
          .hasMessageContaining("no join token");
      assertThat(get(other.service.admin().peers())).isEmpty();
    }
  }

  @Test
  void aProofThatHasExpiredIsMadeAnewByItself() throws Exception {
    SupernodeApi api = joined(TOKEN, ORIGIN.certificate());
    get(onLoop(() -> api.register(registration())));

    supernode.ticker.advance(Duration.ofHours(1));

    assertThat(get(onLoop(() -> api.register(registration()))).ticket()).isNotEmpty();
    assertThat(calls).containsExactly("join", "register", "register", "join", "register");
  }

  @Test
  void aTokenThatIsTakenAwayEndsTheProofsThatWereMadeWithIt() throws Exception {
    SupernodeApi api = joined(TOKEN, ORIGIN.certificate());
    get(onLoop(() -> api.register(registration())));

    Files.writeString(file, OTHER + "\n" + TOKEN + "\n");
    supernode.ticker.advance(Duration.ofSeconds(2));
    get(onLoop(() -> api.register(registration())));
    Files.writeString(dir.resolve("peer"), OTHER + "\n");
    Files.writeString(file, OTHER + "\n");
    supernode.ticker.advance(Duration.ofSeconds(2));

    assertThat(get(onLoop(() -> api.register(registration()))).ticket()).isNotEmpty();
    Files.writeString(file, TOKEN + "\n\n");
    supernode.ticker.advance(Duration.ofSeconds(2));
    assertThat(RegistrationTest.failure(onLoop(() -> api.register(registration()))))
        .isInstanceOf(SupernodeUnreachableException.class);
  }

  @Test
  void theProofOfAnotherPeerIsRefused() throws Exception {
    JoinToken token = token(TOKEN);
    JoinRequest request = JoinToken.request(new SecureRandom());
    JoinResponse answer = get(direct().join(request));
    JoinProof proof = token.prove(PeerSecret.random(new SecureRandom()).id(), request, answer);

    assertThat(refusal(direct().register(registration().by(caller.with(proof)))))
        .hasMessageContaining("another join token");
    JoinProof own = token.prove(caller.id(), request, answer);
    assertThat(get(direct().register(registration().by(caller.with(own)))).ticket()).isNotEmpty();
    assertThat(
            refusal(
                supernode
                    .service
                    .from(new CallOrigin(HERE, false, "sha256:another"))
                    .register(registration().by(caller.with(own)))))
        .hasMessageContaining("another join token");
  }

  @Test
  void aCallThatIsDroppedIsDroppedAtTheSupernode() throws Exception {
    CompletableFuture<?> asked = new CompletableFuture<>();
    SupernodeApi api = joined(TOKEN, ORIGIN.certificate(), asked);
    CompletableFuture<?> call = onLoop(() -> api.register(registration()));
    await().until(() -> calls.contains("register"));

    call.cancel(true);

    await().until(asked::isCancelled);
  }

  @Test
  void theRulesSayWhoMayJoin() throws Exception {
    assertThat(JoinRules.OPEN.toString()).contains("everybody");
    assertThat(new JoinRules(Optional.empty(), true, List.of()).toString())
        .isEqualTo("peers with a client certificate");
    assertThat(new JoinRules(Optional.of(token(TOKEN)), true, List.of()).toString())
        .contains("join token")
        .contains("certificate")
        .doesNotContain(TOKEN);
  }
}

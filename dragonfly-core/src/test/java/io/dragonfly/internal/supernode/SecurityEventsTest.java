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
import io.dragonfly.control.JoinRequest;
import io.dragonfly.control.JoinResponse;
import io.dragonfly.control.Outcome;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.SecurityEvent;
import io.dragonfly.control.SecurityEvent.Kind;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.control.SupernodeListener;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.internal.access.JoinToken;
import io.dragonfly.peer.PeerId;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.spi.CallOrigin;
import io.dragonfly.spi.HostRules;
import io.dragonfly.spi.Network;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.LeakCheck;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What a supernode tells its listener of refusals. */
@ExtendWith(LeakCheck.class)
class SecurityEventsTest {
  private static final String PASSWORD = "Basic dontTellAnybody";

  @TempDir Path dir;
  private final FakeSource source = new FakeSource();
  private final SecureRandom random = new SecureRandom();
  private final List<SecurityEvent> events = new CopyOnWriteArrayList<>();
  private final TestSupernode.Setup setup =
      new TestSupernode.Setup()
          .source(source)
          .listener(
              new SupernodeListener() {
                @Override
                public void security(SecurityEvent event) {
                  events.add(event);
                }
              });
  private TestSupernode supernode = setup.start();

  @AfterEach
  void close() {
    supernode.close();
    assertThat(events.toString()).doesNotContain("dontTellAnybody", "signature");
  }

  private void restart() {
    supernode.close();
    supernode = setup.start();
  }

  private static InetAddress ip(String address) throws Exception {
    return InetAddress.getByName(address);
  }

  private Caller caller(String serves) throws Exception {
    return new Caller(PeerSecret.random(random), new InetSocketAddress(ip(serves), 1234), "");
  }

  private SupernodeApi from(String address) throws Exception {
    return supernode.service.from(new CallOrigin(ip(address), false, "sha256:its-own"));
  }

  private static CompletableFuture<?> offer(SupernodeApi api, Caller caller) {
    return api.announce(new AnnounceRequest(caller, List.of()));
  }

  private SecurityEvent only(Kind kind) {
    await().until(() -> !events.isEmpty());
    assertThat(events).hasSize(1);
    SecurityEvent event = events.get(0);
    assertThat(event.kind()).isEqualTo(kind);
    assertThat(event.result()).isEqualTo(SecurityEvent.Result.REFUSED);
    assertThat(event.reason()).isNotEmpty();
    return event;
  }

  @Test
  void anAddressThatIsNotTheCallersIsTold() throws Exception {
    Caller caller = caller("10.0.0.1");
    assertThat(offer(from("192.0.2.1"), caller)).isCompletedExceptionally();

    SecurityEvent event = only(Kind.PEER_ADDRESS_REFUSED);
    assertThat(event.who()).isEqualTo(caller.id().hex());
    assertThat(event.from()).isEqualTo("192.0.2.1");
    assertThat(event.what()).contains("10.0.0.1:1234");
    assertThat(events.toString()).doesNotContain(caller.secret().reveal());
  }

  @Test
  void whoProvesNoJoinTokenOrAnotherOneIsToldAndWhoseProofHasExpiredIsNot() throws Exception {
    Path file = Files.writeString(dir.resolve("token"), "0123456789abcdef".repeat(2));
    Path other = Files.writeString(dir.resolve("other"), "dontTellAnybody0".repeat(2));
    setup.rules =
        new JoinRules(Optional.of(JoinToken.ofFile(file, setup.ticker)), false, List.of());
    restart();
    Caller caller = caller("192.0.2.1");
    SupernodeApi api = from("192.0.2.1");

    assertThat(offer(api, caller)).isCompletedExceptionally();
    assertThat(only(Kind.JOIN_REFUSED).who()).isEqualTo(caller.id().hex());

    events.clear();
    assertThat(offer(api, proven(caller, api, other))).isCompletedExceptionally();
    assertThat(only(Kind.JOIN_REFUSED).reason()).contains("another join token");

    events.clear();
    Caller joined = proven(caller, api, file);
    assertThat(offer(api, joined)).isCompleted();
    supernode.ticker.pass(Duration.ofHours(2));
    assertThat(offer(api, joined)).isCompletedExceptionally();
    assertThat(events).as("it joins again").isEmpty();
  }

  private Caller proven(Caller caller, SupernodeApi api, Path file) {
    JoinToken token = JoinToken.ofFile(file, setup.ticker);
    JoinRequest request = JoinToken.request(random);
    JoinResponse answer = get(api.join(request));
    return caller.with(token.prove(caller.id(), request, answer));
  }

  @Test
  void anAddressThatHasAllItMayHaveIsTold() throws Exception {
    setup.rules = new JoinRules(Optional.empty(), true, List.of(Network.parse("192.0.2.0/24")));
    setup.sharePerAddress = 0.00001; // one peer
    restart();
    assertThat(offer(from("192.0.2.1"), caller("192.0.2.1"))).isCompleted();
    assertThat(events).isEmpty();
    assertThat(offer(from("192.0.2.1"), caller("192.0.2.1"))).isCompletedExceptionally();

    SecurityEvent event = only(Kind.BUDGET_EXCEEDED);
    assertThat(event.from()).isEqualTo("192.0.2.1");
    assertThat(event.reason()).contains("as many peers");
  }

  @Test
  void aSourceThatIsNotReadBecauseOfWhereItIsIsTold() throws Exception {
    URI url = URI.create("fake://host/file?signature=1");
    source.put(url, bytes(1));
    source.fail(
        url,
        new SourceFailedException(
            "it is refused",
            new HostRules.RefusedException("169.254.169.254 is a link-local address")));
    Caller caller = caller("192.0.2.1");
    CompletableFuture<?> answer =
        from("192.0.2.1")
            .register(
                new RegisterRequest(
                    caller, content(url, PASSWORD), Optional.empty(), Optional.empty(), List.of()));
    await()
        .until(
            () -> {
              supernode.ticker.advance(Duration.ofSeconds(10));
              return answer.isDone();
            });

    SecurityEvent event = only(Kind.SOURCE_ADDRESS_REFUSED);
    assertThat(event.who()).isEqualTo(caller.id().hex());
    assertThat(event.from()).isEqualTo("192.0.2.1");
    assertThat(event.what()).isEqualTo("fake://host/file");
  }

  @Test
  void aMemberWhosePermissionTheSourceEndsIsTold() {
    source.put(FILE, bytes(3 * PIECE)).allow(FILE, PASSWORD);
    TestPeer peer = new TestPeer(supernode);
    TaskId task = peer.join(FILE, peer.register(content(FILE, PASSWORD))).task().id();
    await().until(() -> source.openStreams() == 0 && source.probes() >= 1);
    source.revoke(FILE, PASSWORD);
    supernode.ticker.pass(SupernodeSettings.TICKET_LIFE.minus(Permission.LEAD));
    supernode.ticker.advance(Duration.ZERO);
    peer.answer(task, PieceSpan.ALL);

    SecurityEvent event = only(Kind.PERMISSION_ENDED);
    assertThat(event.who()).isEqualTo(peer.id().hex());
    assertThat(event.what()).isEqualTo("task " + task.hex());
  }

  @Test
  void aPeerThatIsIsolatedIsTold() {
    source.put(FILE, bytes(4 * PIECE));
    TestPeer accused = holder(0, 1, 2, 3);
    TaskId task = supernode.storage.tasks().get(0).task().id();
    for (int i = 0; i < 2; i++) {
      TestPeer child = new TestPeer(supernode);
      child.registered(FILE);
      child.answer(task, PieceSpan.ALL);
      var unused =
          child.reports(0, accused.id(), Outcome.DIGEST_MISMATCH).next(task, PieceSpan.ALL);
    }

    SecurityEvent event = only(Kind.PEER_ISOLATED);
    assertThat(event.who()).isEqualTo(accused.id().hex());
    assertThat(event.from()).isEqualTo("127.0.0.1");
  }

  private TestPeer holder(int... pieces) {
    TestPeer holder = new TestPeer(supernode);
    TaskId task = holder.registered(FILE).task().id();
    await().until(() -> source.openStreams() == 0);
    var unused = holder.has(task, pieces).next(task, PieceSpan.NONE);
    return holder;
  }

  @Test
  void aPeerThatComplainsOfManyOfWhomNobodyElseDoesIsToldOnce() {
    source.put(FILE, bytes(4 * PIECE));
    List<TestPeer> holders = List.of(holder(0), holder(1), holder(2), holder(3));
    TaskId task = supernode.storage.tasks().get(0).task().id();
    TestPeer liar = new TestPeer(supernode);
    liar.registered(FILE);
    liar.answer(task, PieceSpan.ALL);
    for (TestPeer holder : holders) {
      liar.reports(0, holder.id(), Outcome.STALLED);
    }
    var unused = liar.next(task, PieceSpan.ALL);

    assertThat(only(Kind.COMPLAINT_IGNORED).who()).isEqualTo(liar.id().hex());
  }

  @Test
  void complaintsOfTheCacheThatAreNoLongerBelievedAreTold() {
    source.put(FILE, bytes(12 * PIECE));
    PeerId cdn = supernode.service.local().id();
    TestPeer child = new TestPeer(supernode);
    TaskId task = child.registered(FILE).task().id();
    await().until(() -> source.openStreams() == 0);
    child.answer(task, PieceSpan.ALL);
    for (int piece = 0; piece < 12; piece++) {
      child.reports(piece, cdn, Outcome.DIGEST_MISMATCH);
    }
    var unused = child.next(task, PieceSpan.ALL);

    await().until(() -> events.size() == 4); // eight of one place are believed
    assertThat(events).allMatch(event -> event.kind() == Kind.COMPLAINT_IGNORED);
    assertThat(events.get(0).who()).isEqualTo(child.id().hex());
    assertThat(events.get(0).what()).startsWith("task " + task.hex());
  }
}

package io.dragonfly;

import static io.dragonfly.ClientFixture.PIECE;
import static io.dragonfly.ClientFixture.URI_A;
import static io.dragonfly.ClientFixture.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.Outcome;
import io.dragonfly.control.Parent;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.home.FetchRecord;
import io.dragonfly.home.FetchStep;
import io.dragonfly.home.ParentRecord;
import io.dragonfly.home.Provider;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.spi.ServeRequest;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.testkit.FakePieces;
import io.dragonfly.testkit.FakePublication;
import io.dragonfly.testkit.FakeSupernode;
import io.dragonfly.testkit.FakeTransport;
import io.dragonfly.testkit.Fault;
import io.dragonfly.testkit.LeakCheck;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakCheck.class)
class SlowParentTest {
  private static final byte[] BYTES = bytes(3 * PIECE);

  @TempDir Path dir;

  private ClientFixture fixture;
  private FakeSupernode supernode;
  private final FakePieces pieces = new FakePieces();
  private final PeerId slow = PeerSecret.random(new SecureRandom()).id();
  private Parent parent;
  private DistributionClient client;

  @BeforeEach
  void begin() throws Exception {
    fixture = new ClientFixture(dir);
    supernode = fixture.supernode();
    FakeTransport transport = fixture.transport();
    InetSocketAddress at =
        transport
            .serve(
                ServeRequest.piecesOnly(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), pieces))
            .address();
    parent = new Parent(1, new Peer(slow, at, ""), "right");
    supernode.put(ContentRequest.of(URI_A), FakePublication.of(BYTES).from(List.of(parent)));
    pieces.put(supernode.task(URI_A).id(), BYTES);
  }

  @AfterEach
  void end() throws Exception {
    fixture.close();
    pieces.close();
  }

  private Fetch start() {
    client = fixture.startInFakeTime(fixture.of(supernode));
    return client.start(fixture.request().build());
  }

  private FetchResult finish(Fetch fetch) throws Exception {
    fixture.advanceUntil(() -> fetch.completion().isDone());
    FetchResult result = fetch.completion().get();
    assertThat(fixture.output()).hasBinaryContent(BYTES);
    assertThat(result.length()).isEqualTo(BYTES.length);
    return result;
  }

  @Test
  void piecesComeFromPeersWithTheirCapability() throws Exception {
    FetchResult result = finish(start());
    assertThat(result.bytesFromPeers()).isEqualTo(BYTES.length);
    assertThat(result.parents().get(0).parent().id()).isEqualTo(slow);
    assertThat(pieces.asks()).allMatch(ask -> ask.capability().equals("right"));
    assertThat(pieces.asks())
        .allMatch(ask -> ask.child().equals(supernode.registrations().get(0).caller().id()));
  }

  @Test
  void aParentThatSaysNothingIsGivenUp() throws Exception {
    fixture.network.inject(slow, Fault.stall());
    FetchResult result = finish(start());
    assertThat(result.bytesFromSupernode()).isEqualTo(BYTES.length);
    assertThat(supernode.results())
        .filteredOn(r -> r.parent().equals(slow))
        .hasSize(3)
        .allMatch(r -> r.outcome() == Outcome.STALLED);

    FetchRecord record = client.history().get(0);
    assertThat(record.parents()).hasSize(2);
    ParentRecord silent = recordOf(record, Provider.Kind.PEER);
    assertThat(silent.bytes()).isZero();
    assertThat(silent.failures())
        .containsExactly(new ParentRecord.Failures(Outcome.STALLED, 3, "no byte came for 5000 ms"));
    ParentRecord cdn = recordOf(record, Provider.Kind.SUPERNODE);
    assertThat(cdn.bytes()).isEqualTo(BYTES.length);
    assertThat(cdn.pieces()).isEqualTo(3);
    FetchStep change = stepOf(record, FetchStep.Kind.PARENT_CHANGED);
    assertThat(change.times()).isEqualTo(3);
    assertThat(change.from()).hasValue(silent.parent());
    assertThat(change.to()).hasValue(cdn.parent());
    assertThat(change.reason()).isEqualTo("stalled: no byte came for 5000 ms");
    assertThat(stepOf(record, FetchStep.Kind.STALLED).reason()).startsWith("no byte came for ");
  }

  private static ParentRecord recordOf(FetchRecord record, Provider.Kind kind) {
    return record.parents().stream()
        .filter(parent -> parent.parent().kind() == kind)
        .findFirst()
        .orElseThrow();
  }

  private static FetchStep stepOf(FetchRecord record, FetchStep.Kind kind) {
    return record.steps().stream().filter(step -> step.kind() == kind).findFirst().orElseThrow();
  }

  @Test
  void aParentThatIsAlwaysLateIsWaitedForLongerEachTime() throws Exception {
    supernode.put(URI_A, BYTES); // from its CDN cache alone
    fixture.network.inject(supernode.id(), Fault.stall());
    Fetch fetch = start();
    int tries = 3; // of 5 s, 10 s and 20 s
    fixture.advanceUntil(() -> fixture.network.takes().size() == 3 * tries);
    AtomicInteger seconds = new AtomicInteger();
    fixture.advanceUntil(Duration.ofSeconds(1), () -> seconds.incrementAndGet() == 18);
    fixture.network.heal(supernode.id());
    finish(fetch);
    assertThat(fixture.network.takes()).hasSize(3 * tries);
  }

  @Test
  void aParentThatFallsSilentInThePieceIsGivenUp() throws Exception {
    fixture.network.inject(slow, Fault.stallAfter(100_000));
    FetchResult result = finish(start());
    assertThat(result.bytesFromSupernode()).isEqualTo(BYTES.length);
  }

  @Test
  void aSecondParentIsAskedTooWhileTheFirstHasGivenNothing() throws Exception {
    fixture.network.inject(slow, Fault.stall());
    Fetch fetch = start();
    fixture.advanceUntil(() -> fixture.network.takes().size() == 3);
    supernode.assignAgain(supernode.task(URI_A).id());
    fixture.advanceSlowlyUntil(() -> fetch.completion().isDone());

    assertThat(finish(fetch).bytesFromSupernode()).isEqualTo(BYTES.length);
    fixture.advanceSlowlyUntil(
        () -> supernode.results().stream().filter(r -> r.parent().equals(slow)).count() == 3);
    assertThat(supernode.results())
        .filteredOn(r -> r.parent().equals(slow))
        .allMatch(r -> r.outcome() == Outcome.DROPPED);
    FetchStep change = stepOf(client.history().get(0), FetchStep.Kind.PARENT_CHANGED);
    assertThat(change.times()).isEqualTo(3);
    assertThat(change.reason()).isEqualTo("no byte had come yet");
  }

  @Test
  void aSecondParentReplacesOneThatHasGivenLittle() throws Exception {
    fixture.network.inject(slow, Fault.stallAfter(1000));
    Fetch fetch = start();
    fixture.advanceUntil(() -> pieces.asks().size() == 3);
    supernode.assignAgain(supernode.task(URI_A).id());
    fixture.advanceSlowlyUntil(() -> fetch.completion().isDone());
    assertThat(finish(fetch).bytesFromSupernode()).isEqualTo(BYTES.length);
    FetchStep change = stepOf(client.history().get(0), FetchStep.Kind.PARENT_CHANGED);
    assertThat(change.reason()).isEqualTo("less than half had come, and too slowly");
  }

  @Test
  void aSecondParentIsKeptForTheCaseThatTheFirstStalls() throws Exception {
    fixture.network.inject(slow, Fault.stallAfter(PIECE - 1));
    Fetch fetch = start();
    fixture.advanceUntil(() -> pieces.asks().size() == 3);
    supernode.assignAgain(supernode.task(URI_A).id());
    FetchResult result = finish(fetch);
    assertThat(result.bytesFromSupernode()).isEqualTo(BYTES.length);
    fixture.advanceSlowlyUntil(
        () ->
            supernode.results().stream()
                .anyMatch(r -> r.parent().equals(slow) && r.outcome() == Outcome.STALLED));
  }
}

package io.dragonfly;

import static io.dragonfly.ClientFixture.PIECE;
import static io.dragonfly.ClientFixture.URI_A;
import static io.dragonfly.ClientFixture.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.control.AnnounceRequest;
import io.dragonfly.control.Caller;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.control.PollRequest;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.error.StorageException;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.testkit.FakeSupernode;
import io.dragonfly.testkit.LeakCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What supernodes get of a peer's secret, and what becomes of it when it is renewed. */
@ExtendWith(LeakCheck.class)
class PeerSecretTest {
  @TempDir private Path dir;
  private ClientFixture fixture;
  private FakeSupernode one;
  private FakeSupernode other;

  @BeforeEach
  void start() {
    fixture = new ClientFixture(dir);
    one = fixture.supernode();
    other = fixture.supernode();
  }

  @AfterEach
  void close() throws Exception {
    fixture.close();
  }

  private Path file() {
    return dir.resolve("home").resolve("secret");
  }

  private PeerSecret kept() throws IOException {
    return PeerSecret.parse(Files.readString(file()).trim());
  }

  private static byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    new Random(7).nextBytes(bytes);
    return bytes;
  }

  /** All secrets that a supernode was sent, in all its calls. */
  private static Set<PeerSecret> sentTo(FakeSupernode supernode) {
    Set<PeerSecret> all = new HashSet<>();
    Stream.of(
            supernode.registrations().stream().map(RegisterRequest::caller),
            supernode.offers().stream().map(AnnounceRequest::caller),
            supernode.polls().stream().map(PollRequest::caller),
            supernode.leaves().stream().map(LeaveRequest::caller))
        .flatMap(callers -> callers)
        .map(Caller::secret)
        .forEach(all::add);
    return all;
  }

  @Test
  void twoSupernodesNeverGetTheSameSecretNorTheOneThatIsKept() throws Exception {
    one.put(URI_A, bytes(PIECE));
    other.put(URI_A, bytes(PIECE));
    DistributionClient client = fixture.start(fixture.of(one, other).acceptsPreheats(true));
    client.fetch(fixture.request().build());
    assertThat(client.silentSupernodes().get()).isEmpty();
    await(() -> !one.polls().isEmpty() && !other.polls().isEmpty());
    client.close();

    Set<PeerSecret> both = sentTo(one);
    assertThat(both).isNotEmpty().doesNotContainAnyElementsOf(sentTo(other));
    both.addAll(sentTo(other));
    assertThat(both).doesNotContain(kept());
    assertThat(both.stream().map(PeerSecret::id)).doesNotContain(kept().id());
  }

  @Test
  void aSupernodeCannotMakeWhatAnotherOneGetsOfWhatItGets() throws Exception {
    PeerSecret kept = PeerSecret.random(new java.security.SecureRandom());
    PeerSecret first = kept.forSupernode("sha256:one");
    PeerSecret second = kept.forSupernode("sha256:other");

    assertThat(first).isEqualTo(kept.forSupernode("sha256:one")).isNotEqualTo(second);
    assertThat(first.id()).isNotEqualTo(second.id()).isNotEqualTo(kept.id());
    assertThat(first.capabilityKey()).isNotEqualTo(second.capabilityKey());
    assertThat(PeerSecret.parse(first.reveal()).forSupernode("sha256:other")).isNotEqualTo(second);
    assertThat(first.supernode()).contains("sha256:one");
    assertThat(kept.supernode()).isEmpty();
  }

  @Test
  void aRenewedSecretIsUsedAtOnceAndTheOldPeerLeaves() throws Exception {
    one.put(URI_A, bytes(3 * PIECE));
    DistributionClient client = fixture.start(fixture.of(one).acceptsPreheats(true));
    client.fetch(fixture.request().build());
    await(() -> !one.polls().isEmpty());
    PeerSecret before = kept();
    Set<PeerSecret> sentBefore = sentTo(one);

    client.renewSecret();

    assertThat(kept()).isNotEqualTo(before);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file())))
        .isEqualTo("rw-------");
    await(() -> !one.leaves().isEmpty());
    assertThat(sentBefore).contains(one.leaves().get(0).caller().secret());
    await(
        () ->
            one.polls().stream()
                .map(poll -> poll.caller().secret())
                .anyMatch(secret -> !sentBefore.contains(secret)));
    assertThat(client.tasks()).singleElement().matches(held -> held.isComplete());
    Files.delete(fixture.output());
    client.fetch(fixture.request().build());
    assertThat(fixture.output()).hasBinaryContent(bytes(3 * PIECE));
    assertThat(sentBefore)
        .doesNotContain(one.registrations().get(one.registrations().size() - 1).caller().secret());
  }

  @Test
  void aFetchThatRunsGoesOnAsTheNewPeer() throws Exception {
    one.put(URI_A, bytes(3 * PIECE)).assigningNothing();
    DistributionClient client = fixture.start(fixture.of(one));
    var fetch = client.start(fixture.request().build());
    one.awaitRegistrations(1);
    await(() -> !one.polls().isEmpty());

    client.renewSecret();
    one.awaitRegistrations(2);
    one.assign();

    assertThat(fetch.completion().get(60, java.util.concurrent.TimeUnit.SECONDS)).isNotNull();
    assertThat(fixture.output()).hasBinaryContent(bytes(3 * PIECE));
    assertThat(one.registrations().get(0).caller().id())
        .isNotEqualTo(one.registrations().get(1).caller().id());
  }

  @Test
  void aSecretThatCannotBeWrittenStaysAndIsUsedOn() throws Exception {
    one.put(URI_A, bytes(PIECE));
    DistributionClient client = fixture.start(fixture.of(one));
    client.fetch(fixture.request().build());
    PeerSecret before = kept();
    Files.createDirectories(file().resolveSibling("secret.new").resolve("in-the-way"));

    assertThatThrownBy(client::renewSecret)
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("stays as it was");

    assertThat(kept()).isEqualTo(before);
    client.fetch(fixture.request().build());
    assertThat(sentTo(one)).hasSize(1);
  }

  @Test
  void aClientWithoutASupernodeRenewsItsSecretForLater() throws Exception {
    DistributionClient client = fixture.start(fixture.alone());
    PeerSecret before = kept();
    client.renewSecret();
    assertThat(kept()).isNotEqualTo(before);
    client.close();
    assertThatThrownBy(client::renewSecret).isInstanceOf(IllegalStateException.class);
  }
}

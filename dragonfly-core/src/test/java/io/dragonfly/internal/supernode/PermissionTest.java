package io.dragonfly.internal.supernode;

import static io.dragonfly.internal.supernode.RegistrationTest.failure;
import static io.dragonfly.internal.supernode.TestPeer.content;
import static io.dragonfly.internal.supernode.TestPeer.get;
import static io.dragonfly.internal.supernode.TestSupernode.FILE;
import static io.dragonfly.internal.supernode.TestSupernode.PIECE;
import static io.dragonfly.internal.supernode.TestSupernode.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dragonfly.control.Outcome;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.TaskUpdate;
import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.NoSpaceException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.internal.queue.HostKey;
import io.dragonfly.spi.Requester;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.LeakCheck;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** How long a member may take what its credentials have given it. */
@ExtendWith(LeakCheck.class)
class PermissionTest {
  private static final String ALICE = "Basic alice";
  private static final String BOB = "Basic bob";

  private final FakeSource source = new FakeSource();
  private final TestSupernode supernode = new TestSupernode.Setup().source(source).start();
  private int probes;

  @AfterEach
  void close() {
    supernode.close();
  }

  /** Publishes a file of so many pieces, which is read once, and of which nobody knows more. */
  private void publish(String... authorizations) {
    source.put(FILE, bytes(3 * PIECE));
    for (String authorization : authorizations) {
      source.allow(FILE, authorization);
    }
  }

  private TestPeer member(String authorization) {
    TestPeer peer = new TestPeer(supernode);
    peer.join(FILE, peer.register(content(FILE, authorization)));
    await().until(() -> source.openStreams() == 0);
    // At the end of the read the source is asked whether it has changed.
    await().until(() -> source.probes() >= 1);
    probes = source.probes();
    return peer;
  }

  /** The hour is almost over, and no lease ends: the process could not run meanwhile. */
  private void passAnHour() {
    supernode.ticker.pass(SupernodeSettings.TICKET_LIFE.minus(Permission.LEAD));
    supernode.ticker.advance(Duration.ZERO);
  }

  private void awaitProbes(int more) {
    await().untilAsserted(() -> assertThat(source.probes()).isEqualTo(probes + more));
  }

  private TaskId taskId() {
    return supernode.storage.tasks().get(0).task().id();
  }

  private static DistributionException failureOf(TaskUpdate update) {
    assertThat(update.state()).isEqualTo(TaskUpdate.State.FAILED);
    return update.failure().orElseThrow();
  }

  @Test
  void whoIsRefusedAfterTheHourGetsTheErrorOfARegistrationAndNothingMore() {
    publish(ALICE, BOB);
    TestPeer alice = member(ALICE);
    TestPeer bob = member(BOB);
    TaskId task = taskId();
    source.revoke(FILE, ALICE);
    alice.answer(task, PieceSpan.ALL); // what was permitted goes on until the hour is over
    assertThat(source.probes()).isEqualTo(probes);

    passAnHour();
    TaskUpdate refused = alice.answer(task, PieceSpan.ALL);
    assertThat(failureOf(refused)).isInstanceOf(AccessRefusedException.class);
    assertThat(refused.assignments()).isEmpty();
    assertThat(refused.parents()).isEmpty();
    assertThat(alice.answer(task, PieceSpan.ALL).state()).isEqualTo(TaskUpdate.State.UNKNOWN);
    assertThat(bob.take(bob.answer(task, PieceSpan.ALL))).contains(0, 1, 2);
  }

  @Test
  void whoMayStillReadGoesOnAndTheSourceIsAskedOnceForAllWithTheSameCredentials() {
    publish(ALICE);
    TestPeer first = member(ALICE);
    TestPeer second = member(ALICE);
    TaskId task = taskId();
    passAnHour();
    source.stallProbes(FILE);
    assertThat(first.take(first.answer(task, PieceSpan.ALL))).contains(0, 1, 2);
    assertThat(second.take(second.answer(task, PieceSpan.ALL))).contains(0, 1, 2);
    awaitProbes(1);
    source.resume(FILE);

    // For another hour both may take, and the source is not asked again.
    supernode.ticker.pass(Duration.ofMinutes(45));
    supernode.ticker.advance(Duration.ZERO);
    await().until(() -> mayWantAgain(first, task) && mayWantAgain(second, task));
    awaitProbes(1);
  }

  /** To begin to want something takes a valid permission. */
  private static boolean mayWantAgain(TestPeer peer, TaskId task) {
    var unused = peer.next(task, PieceSpan.NONE);
    CompletableFuture<PollResponse> wants = peer.next(task, PieceSpan.ALL);
    return !wants.isDone()
        || get(wants).updates().stream().noneMatch(u -> u.state() == TaskUpdate.State.UNKNOWN);
  }

  @Test
  void aSourceThatIsDownIsNoRefusalAndIsAskedAgain() {
    publish(ALICE);
    TestPeer alice = member(ALICE);
    TaskId task = taskId();
    source.fail(FILE, new SourceFailedException("down", 503, Optional.of(Duration.ofMinutes(10))));
    passAnHour();
    assertThat(alice.take(alice.answer(task, PieceSpan.ALL))).contains(0, 1, 2);
    awaitProbes(1);
    supernode.ticker.pass(Permission.LEAD.multipliedBy(2)); // the hour is over
    supernode.ticker.advance(Duration.ZERO);
    var unused = alice.next(task, PieceSpan.ALL);
    await().untilAsserted(() -> assertThat(source.probes()).isGreaterThan(probes + 1));

    source.heal(FILE).revoke(FILE, ALICE);
    await()
        .untilAsserted(
            () -> {
              supernode.ticker.pass(Permissions.AGAIN);
              supernode.ticker.advance(Duration.ZERO);
              assertThat(alice.answer(task, PieceSpan.ALL).state())
                  .isEqualTo(TaskUpdate.State.FAILED);
            });
  }

  @Test
  void aFullDiskOfTheSupernodeIsNoRefusal() {
    publish(ALICE);
    TestPeer alice = member(ALICE);
    TaskId task = taskId();
    source.fail(FILE, new NoSpaceException("full", 1, 0, null));
    passAnHour();
    assertThat(alice.take(alice.answer(task, PieceSpan.ALL))).contains(0, 1, 2);

    // Whoever was refused would not be asked for again.
    await()
        .until(
            () -> {
              supernode.ticker.pass(Permissions.AGAIN);
              supernode.ticker.advance(Duration.ZERO);
              var unused = alice.next(task, PieceSpan.ALL);
              return source.probes() > probes + 1;
            });
  }

  @Test
  void whoWantsNothingIsNotAskedForAndRegistersAgainIfItDoesLater() {
    publish(ALICE);
    TestPeer alice = member(ALICE);
    TaskId task = taskId();
    var parked = alice.next(task, PieceSpan.NONE);
    supernode.ticker.pass(SupernodeSettings.TICKET_LIFE);
    supernode.ticker.advance(Duration.ZERO);
    assertThat(alice.answer(task, PieceSpan.ALL).state()).isEqualTo(TaskUpdate.State.UNKNOWN);
    assertThat(parked).isDone();
    assertThat(source.probes()).isEqualTo(probes);

    alice.join(FILE, alice.register(content(FILE, ALICE)));
    assertThat(alice.take(alice.answer(task, PieceSpan.ALL))).contains(0, 1, 2);
  }

  @Test
  void aMembershipByTicketEndsWithTheTicket() {
    publish(ALICE);
    TestPeer before = member(ALICE);
    RegisterResponse registered = get(before.register(content(FILE, ALICE)));
    TaskId task = registered.task().id();
    before.leaves(Optional.empty());
    TestPeer alice = new TestPeer(supernode, before.caller.secret());
    alice.join(FILE, alice.register(content(FILE, ALICE), registered.ticket()));
    source.revoke(FILE, ALICE);
    probes = source.probes();

    passAnHour();
    assertThat(alice.take(alice.answer(task, PieceSpan.ALL))).contains(0, 1, 2);
    supernode.ticker.pass(Permission.LEAD);
    supernode.ticker.advance(Duration.ZERO);
    assertThat(alice.answer(task, PieceSpan.ALL).state()).isEqualTo(TaskUpdate.State.UNKNOWN);
    assertThat(source.probes()).isEqualTo(probes);
    assertThat(failure(alice.register(content(FILE, ALICE), registered.ticket())))
        .isInstanceOf(AccessRefusedException.class);
  }

  @Test
  void aTicketDoesNotShortenWhatTheSourceSaid() {
    publish(ALICE);
    TestPeer alice = new TestPeer(supernode);
    RegisterResponse registered = get(alice.register(content(FILE, ALICE)));
    TaskId task = registered.task().id();
    await().until(() -> source.probes() == 1);
    alice.join(FILE, alice.register(content(FILE, ALICE), registered.ticket()));
    passAnHour();
    alice.answer(task, PieceSpan.ALL);
    await().until(() -> source.probes() == 2); // a ticket would end, and not be asked for
  }

  @Test
  void theSourceIsReadWithValidPermissionsAlone() {
    publish(ALICE);
    TestPeer alice = member(ALICE);
    SwarmTask swarm = new SwarmTask(supernode.storage.tasks().get(0).task());
    Instant now = Instant.now();
    Fingerprints fingerprints = new Fingerprints(new SecureRandom());
    Member member =
        new Member(new Session(alice.caller, HostKey.of(InetAddress.getLoopbackAddress())), swarm);
    ContentRequest content = content(FILE, ALICE);
    member.permitted(
        Permission.bySource(fingerprints.access(content, Requester.THIS_MACHINE), now));
    swarm.add(member);
    assertThat(swarm.access(Set.of(), now)).map(a -> a.content()).hasValue(content);
    Instant end = now.plus(SupernodeSettings.TICKET_LIFE);
    assertThat(swarm.access(Set.of(), end.minusSeconds(1))).isPresent();
    assertThat(swarm.access(Set.of(), end)).isEmpty();
  }

  /** It has left, and may not take any more: contacts come with the right to take from them. */
  @Test
  void whoOnlyOffersIsToldOfNoOtherPeer() {
    publish(ALICE);
    TestPeer alice = member(ALICE);
    TaskId task = taskId();
    TestPeer stranger = member(ALICE);
    stranger.leaves(Optional.of(task));
    stranger.offers(task, 0, 1, 2);
    var told = stranger.next(task, PieceSpan.NONE);
    alice.answer(task, PieceSpan.ALL);
    assertThat(alice.parents.values()).extracting(p -> p.id()).contains(stranger.id());
    alice.reports(0, stranger.id(), Outcome.DIGEST_MISMATCH);
    var unused = alice.next(task, PieceSpan.ALL);
    TaskUpdate update = stranger.arrived(told, task);
    assertThat(update.toVerify()).containsExactly(0);
    assertThat(update.advice()).isEmpty();
  }
}

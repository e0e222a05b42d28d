package io.dragonfly.internal.supernode;

import static io.dragonfly.internal.supernode.TestPeer.content;
import static io.dragonfly.internal.supernode.TestPeer.get;
import static io.dragonfly.internal.supernode.TestSupernode.FILE;
import static io.dragonfly.internal.supernode.TestSupernode.OTHER;
import static io.dragonfly.internal.supernode.TestSupernode.PIECE;
import static io.dragonfly.internal.supernode.TestSupernode.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dragonfly.control.Assignment;
import io.dragonfly.control.Outcome;
import io.dragonfly.control.Parent;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.TaskReport;
import io.dragonfly.control.TaskUpdate;
import io.dragonfly.error.SourceChangedException;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.internal.access.ShownCapabilities;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.FirstComeScheduler;
import io.dragonfly.testkit.LeakCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class SwarmsTest {
  private final FakeSource source = new FakeSource();
  private TestSupernode supernode = new TestSupernode.Setup().source(source).start();

  @AfterEach
  void close() {
    supernode.close();
  }

  @Test
  void everyoneGetsEveryPieceAndPeersGiveToEachOther() {
    source.put(FILE, bytes(40 * PIECE));
    List<TestPeer> peers = IntStream.range(0, 6).mapToObj(i -> new TestPeer(supernode)).toList();
    TaskId task = null;
    for (TestPeer peer : peers) {
      task = peer.registered(FILE).task().id();
    }
    Set<PeerId> parents = new HashSet<>();
    for (TestPeer peer : peers) {
      Set<Integer> taken = new HashSet<>();
      while (taken.size() < 40) {
        TaskUpdate update = peer.answer(task, PieceSpan.ALL);
        taken.addAll(peer.take(update));
        peer.parents.values().forEach(parent -> parents.add(parent.id()));
      }
      peer.next(task, PieceSpan.NONE);
    }
    assertThat(parents).contains(supernode.service.local().id(), peers.get(0).id());
  }

  @Test
  void aNewPieceAnswersWhoWaits() {
    source.put(FILE, bytes(3 * PIECE)).stallAt(FILE, PIECE);
    TestPeer peer = new TestPeer(supernode);
    TaskId task = peer.registered(FILE).task().id();
    TaskUpdate first = peer.answer(task, PieceSpan.ALL);
    assertThat(peer.take(first)).containsExactly(0);
    assertThat(peer.digestsKnown()).isEqualTo(1);

    CompletableFuture<PollResponse> waiting = peer.next(task, PieceSpan.ALL);
    assertThat(waiting).isNotDone();
    source.resume(FILE);
    TaskUpdate second = peer.arrived(waiting, task);
    assertThat(peer.take(second)).startsWith(1);
    assertThat(second.parents()).isEmpty(); // it was described before
  }

  @Test
  void anAnswerThatGotLostIsGivenAgain() {
    source.put(FILE, bytes(2 * PIECE)).stallAt(FILE, 0);
    TestPeer peer = new TestPeer(supernode);
    TaskId task = peer.registered(FILE).task().id();
    source.resume(FILE);
    await().until(() -> source.openStreams() == 0);
    TaskUpdate lost = get(peer.next(task, PieceSpan.ALL)).updates().get(0);
    assertThat(lost.assignments()).containsExactly(new Assignment(0, 1, 2, 0));

    TaskUpdate again = peer.answer(task, PieceSpan.ALL);
    assertThat(again.digests()).isEqualTo(lost.digests());
    assertThat(again.digests().count()).isEqualTo(2);
    assertThat(again.parents()).hasSize(1);
    assertThat(peer.take(again)).containsExactly(0, 1);
    assertThat(peer.next(task, PieceSpan.ALL)).isNotDone();
  }

  /** A fast peer takes a piece of 128 KiB each millisecond, and a call takes several. */
  @Test
  void anAnswerMayAssignManyPieces() {
    close();
    TestSupernode.Setup setup = new TestSupernode.Setup().source(source);
    setup.scheduler = new FirstComeScheduler(80);
    supernode = setup.start();
    source.put(FILE, bytes(80 * PIECE)).stallAt(FILE, 0);
    TestPeer peer = new TestPeer(supernode);
    TaskId task = peer.registered(FILE).task().id();
    source.resume(FILE);
    await().until(() -> source.openStreams() == 0);
    assertThat(peer.take(peer.answer(task, PieceSpan.ALL)))
        .hasSize(SupernodeSettings.MOST_ASSIGNED)
        .hasSize(64);
    assertThat(peer.take(peer.answer(task, PieceSpan.ALL))).hasSize(16);
  }

  @Test
  void aSecondCallEndsTheFirst() {
    source.put(FILE, bytes(2 * PIECE)).stallAt(FILE, 1);
    TestPeer peer = new TestPeer(supernode);
    TaskId task = peer.registered(FILE).task().id();
    CompletableFuture<PollResponse> first = peer.next(task, PieceSpan.ALL);
    CompletableFuture<PollResponse> second = peer.next(task, PieceSpan.ALL);
    assertThat(get(first).updates()).allMatch(update -> update.assignments().isEmpty());
    assertThat(second).isNotDone();
    peer.acknowledge(get(first));
    source.resume(FILE);
    assertThat(peer.take(peer.arrived(second, task))).contains(0);
  }

  @Test
  void patienceEndsWithAnAnswerThatAssignsNothing() {
    source.put(FILE, bytes(2 * PIECE)).stallAt(FILE, 1);
    TestPeer peer = new TestPeer(supernode);
    TaskId task = peer.registered(FILE).task().id();
    CompletableFuture<PollResponse> waiting = peer.next(task, PieceSpan.ALL);
    supernode.ticker.advance(TestPeer.PATIENCE.minusMillis(1));
    assertThat(waiting).isNotDone();
    supernode.ticker.advance(Duration.ofMillis(1));
    assertThat(get(waiting).updates()).allMatch(update -> update.assignments().isEmpty());
    assertThat(get(waiting).terms().lease()).isEqualTo(Duration.ofSeconds(15));
    source.resume(FILE);
  }

  @Test
  void aSilentPeerIsGoneWhenItsLeaseEnds() {
    source.put(FILE, bytes(2 * PIECE));
    TestPeer silent = new TestPeer(supernode);
    TaskId task = silent.registered(FILE).task().id();
    supernode.ticker.advance(Duration.ofSeconds(14));
    assertThat(TestPeer.contacts(new TestPeer(supernode).registered(FILE)))
        .extracting(Parent::peer)
        .extracting(Peer::id)
        .containsExactly(silent.id());
    supernode.ticker.advance(Duration.ofSeconds(1));
    assertThat(TestPeer.contacts(new TestPeer(supernode).registered(FILE)))
        .extracting(Parent::peer)
        .extracting(Peer::id)
        .doesNotContain(silent.id());
    assertThat(silent.answer(task, PieceSpan.ALL).state()).isEqualTo(TaskUpdate.State.UNKNOWN);
  }

  @Test
  void leasesAreLongerByTheTimeInWhichTheSupernodeWasStopped() {
    source.put(FILE, bytes(2 * PIECE));
    TestPeer peer = new TestPeer(supernode);
    var unused = peer.registered(FILE);
    supernode.ticker.pass(Duration.ofSeconds(30));
    supernode.ticker.advance(Duration.ofSeconds(13));
    assertThat(knows(peer)).isTrue();
    supernode.ticker.advance(Duration.ofSeconds(3));
    assertThat(knows(peer)).isFalse();
  }

  @Test
  void aPauseOfTheSupernodeEndsNoLeaseOfAPeerThatOthersCannotReach() {
    source.put(FILE, bytes(2 * PIECE));
    TestPeer peer = new TestPeer(supernode);
    var unused = peer.registered(FILE);
    cannotReach(new TestPeer(supernode), peer);
    supernode.ticker.pass(Duration.ofSeconds(30));
    supernode.ticker.advance(Duration.ZERO);
    assertThat(knows(peer)).isTrue();
  }

  private boolean knows(TestPeer peer) {
    return TestPeer.contacts(new TestPeer(supernode).registered(FILE)).stream()
        .anyMatch(contact -> contact.peer().id().equals(peer.id()));
  }

  private void cannotReach(TestPeer reporter, TestPeer parent) {
    TaskId task = reporter.registered(FILE).task().id();
    var unused = reporter.reports(0, parent.id(), Outcome.UNREACHABLE).next(task, PieceSpan.ALL);
  }

  @Test
  void whoCannotBeReachedAndDoesNotCallIsGoneSoon() {
    source.put(FILE, bytes(2 * PIECE));
    TestPeer dead = new TestPeer(supernode);
    TaskId task = dead.registered(FILE).task().id();
    var call = dead.next(task, PieceSpan.NONE);
    assertThat(call.cancel(false)).isTrue(); // its connection broke
    supernode.ticker.advance(Duration.ofSeconds(3));
    cannotReach(new TestPeer(supernode), dead);
    supernode.ticker.advance(Polls.UNREACHABLE_LEASE.minusMillis(1));
    assertThat(knows(dead)).isTrue();
    supernode.ticker.advance(Duration.ofMillis(1));
    assertThat(knows(dead)).isFalse();
  }

  @Test
  void whoHasACallOpenIsNotGoneWhateverOthersSay() {
    source.put(FILE, bytes(2 * PIECE)).stallAt(FILE, 1);
    TestPeer accused = new TestPeer(supernode);
    TaskId task = accused.registered(FILE).task().id();
    assertThat(accused.next(task, PieceSpan.ALL)).isNotDone();
    cannotReach(new TestPeer(supernode), accused);
    supernode.ticker.advance(Polls.UNREACHABLE_LEASE.multipliedBy(2));
    assertThat(knows(accused)).isTrue();
    source.resume(FILE);
  }

  @Test
  void whoCallsAgainInTimeIsNotGone() {
    source.put(FILE, bytes(2 * PIECE));
    TestPeer slow = new TestPeer(supernode);
    TaskId task = slow.registered(FILE).task().id();
    cannotReach(new TestPeer(supernode), slow);
    supernode.ticker.advance(Polls.UNREACHABLE_LEASE.dividedBy(2));
    assertThat(slow.next(task, PieceSpan.NONE).cancel(false)).isTrue();
    supernode.ticker.advance(Polls.UNREACHABLE_LEASE.multipliedBy(3));
    assertThat(knows(slow)).isTrue();
  }

  @Test
  void whoOnlySeedsMayBeSilentForLonger() {
    source.put(FILE, bytes(2 * PIECE));
    TestPeer seed = new TestPeer(supernode);
    TaskId task = seed.registered(FILE).task().id();
    CompletableFuture<PollResponse> call = seed.next(task, PieceSpan.NONE);
    supernode.ticker.advance(Duration.ofSeconds(6));
    assertThat(get(call).terms().lease()).isEqualTo(Duration.ofSeconds(90));
    seed.acknowledge(get(call));
    supernode.ticker.advance(Duration.ofSeconds(80));
    assertThat(seed.next(task, PieceSpan.NONE)).isNotDone();
  }

  @Test
  void unknownTasksAreSaidToBe() {
    TaskId never = new TaskId("0".repeat(64));
    TestPeer peer = new TestPeer(supernode);
    assertThat(peer.answer(never, PieceSpan.ALL).state()).isEqualTo(TaskUpdate.State.UNKNOWN);
    assertThat(peer.offers(never, 1, 2).unknown()).containsExactly(never);
  }

  @Test
  void whatIsOfferedIsGivenToOthersButGivesNoRightToTake() {
    source.put(FILE, bytes(3 * PIECE));
    TestPeer child = new TestPeer(supernode);
    TaskId task = child.registered(FILE).task().id();
    await().until(() -> source.openStreams() == 0);
    TestPeer holder = new TestPeer(supernode);
    holder.registered(FILE);
    holder.leaves(Optional.of(task));
    assertThat(holder.offers(task, 0, 1, 2).unknown()).isEmpty();

    TaskUpdate update = child.answer(task, PieceSpan.ALL);
    assertThat(update.parents()).extracting(p -> p.peer().id()).containsExactly(holder.id());
    assertThat(holder.answer(task, PieceSpan.ALL).state()).isEqualTo(TaskUpdate.State.UNKNOWN);
    assertThat(holder.next(task, PieceSpan.NONE)).isNotDone();
  }

  @Test
  void anOfferOfARegisteredPeerKeepsItsRights() {
    source.put(FILE, bytes(3 * PIECE));
    TestPeer peer = new TestPeer(supernode);
    TaskId task = peer.registered(FILE).task().id();
    await().until(() -> source.openStreams() == 0);
    peer.offers(task, 0, 1);
    assertThat(peer.take(peer.answer(task, PieceSpan.ALL))).containsExactly(2);
  }

  @Test
  void aCapabilityIsForTheTakerAtItsAddressAndMadeWithTheParentsKey() {
    source.put(FILE, bytes(3 * PIECE));
    TestPeer child = new TestPeer(supernode);
    TaskId task = child.registered(FILE).task().id();
    TestPeer holder = new TestPeer(supernode);
    holder.registered(FILE);
    await().until(() -> source.openStreams() == 0);
    holder.has(task, 0, 1, 2).next(task, PieceSpan.NONE);

    Parent parent = child.answer(task, PieceSpan.ALL).parents().get(0);
    assertThat(parent.peer().id()).isEqualTo(holder.id());
    assertThat(
            new ShownCapabilities(holder.caller.secret().capabilityKey())
                .isValid(
                    parent.capability(),
                    task,
                    child.id(),
                    child.caller.address().getAddress(),
                    supernode.ticker.clock().instant().plusSeconds(599)))
        .isTrue();
  }

  @Test
  void threePeersMayReadTheSourceAndTheRightIsPassedOn() {
    source.put(FILE, bytes(3 * PIECE)).stallAt(FILE, PIECE);
    List<TestPeer> peers = IntStream.range(0, 5).mapToObj(i -> new TestPeer(supernode)).toList();
    List<RegisterResponse> answers = new ArrayList<>();
    peers.forEach(peer -> answers.add(peer.registered(FILE)));
    assertThat(answers)
        .extracting(answer -> answer.advice().backToSource())
        .containsExactly(true, true, true, false, false);
    assertThat(TestPeer.contacts(answers.get(4))).hasSize(4);

    TaskId task = answers.get(0).task().id();
    peers.get(3).take(peers.get(3).answer(task, PieceSpan.ALL));
    CompletableFuture<PollResponse> waiting = peers.get(3).next(task, PieceSpan.ALL);
    assertThat(waiting).isNotDone();
    peers.get(1).leaves(Optional.of(task));
    TaskUpdate update = peers.get(3).arrived(waiting, task);
    assertThat(update.advice().orElseThrow().backToSource()).isTrue();
    assertThat(update.advice().orElseThrow().contacts())
        .extracting(contact -> contact.peer().id())
        .hasSize(3)
        .doesNotContain(peers.get(1).id(), peers.get(3).id());
    source.resume(FILE);
  }

  @Test
  void nobodyMayReadTheSourceIfSoConfigured() {
    supernode.close();
    TestSupernode.Setup setup = new TestSupernode.Setup().source(source);
    setup.backToSourcePeers = 0;
    supernode = setup.start();
    source.put(FILE, bytes(PIECE));
    assertThat(new TestPeer(supernode).registered(FILE).advice().backToSource()).isFalse();
  }

  @Test
  void whatAPeerReadFromTheSourceItselfIsPassedOnOnceItsDigestIsKnown() {
    source.put(FILE, bytes(3 * PIECE)).stallAt(FILE, PIECE);
    TestPeer reader = new TestPeer(supernode);
    TestPeer child = new TestPeer(supernode);
    TaskId task = reader.registered(FILE).task().id();
    child.registered(FILE);
    await().until(() -> source.bytesRead() == PIECE);
    reader.has(task, 0, 1, 2).next(task, PieceSpan.NONE);
    TaskUpdate update = child.answer(task, PieceSpan.ALL);
    assertThat(child.take(update)).containsExactly(0);
    assertThat(update.parents()).extracting(p -> p.peer().id()).containsExactly(reader.id());

    CompletableFuture<PollResponse> waiting = child.next(task, PieceSpan.ALL);
    assertThat(waiting).isNotDone();
    source.resume(FILE);
    update = child.arrived(waiting, task);
    assertThat(child.take(update)).startsWith(1);
    assertThat(update.parents()).isEmpty(); // the reader again, who was described before
  }

  @Test
  void aWithdrawnPieceIsNotTakenFromThere() {
    source.put(FILE, bytes(2 * PIECE));
    TestPeer holder = new TestPeer(supernode);
    TaskId task = holder.registered(FILE).task().id();
    await().until(() -> source.openStreams() == 0);
    holder.has(task, 0, 1).next(task, PieceSpan.NONE);
    holder.next(new TaskReport(task, PieceSpan.NONE, 2, List.of(0), List.of()));
    TestPeer child = new TestPeer(supernode);
    child.registered(FILE);
    TaskUpdate update = child.answer(task, PieceSpan.ALL);
    assertThat(child.take(update)).containsExactly(0, 1);
    assertThat(child.parents.values())
        .extracting(Peer::id)
        .containsExactlyInAnyOrder(supernode.service.local().id(), holder.id());
  }

  @Test
  void whoLeavesIsTakenFromNoMore() {
    source.put(FILE, bytes(2 * PIECE));
    TestPeer holder = new TestPeer(supernode);
    TaskId task = holder.registered(FILE).task().id();
    await().until(() -> source.openStreams() == 0);
    holder.has(task, 0, 1).next(task, PieceSpan.NONE);
    CompletableFuture<PollResponse> waiting = holder.next(task, PieceSpan.NONE);
    holder.leaves(Optional.empty());
    assertThat(get(waiting).updates()).isEmpty();
    TestPeer child = new TestPeer(supernode);
    child.registered(FILE);
    child.take(child.answer(task, PieceSpan.ALL));
    assertThat(child.parents.values())
        .extracting(Peer::id)
        .containsOnly(supernode.service.local().id());
  }

  @Test
  void aVersionThatEndedIsSaidToAllItsPeers() {
    source.put(FILE, bytes(3 * PIECE)).changeAt(FILE, PIECE, bytes(4 * PIECE));
    source.stallAt(FILE, PIECE);
    TestPeer one = new TestPeer(supernode);
    TestPeer other = new TestPeer(supernode);
    TaskId task = one.registered(FILE).task().id();
    other.registered(FILE);
    source.resume(FILE);
    one.take(one.answer(task, PieceSpan.ALL));
    CompletableFuture<PollResponse> waiting = one.next(task, PieceSpan.ALL);
    await()
        .until(
            () -> {
              supernode.ticker.advance(Duration.ofMillis(100));
              return waiting.isDone();
            });
    assertThat(one.arrived(waiting, task).failure().orElseThrow())
        .isInstanceOf(SourceChangedException.class);
    assertThat(other.answer(task, PieceSpan.ALL).state()).isEqualTo(TaskUpdate.State.FAILED);
    assertThat(one.registered(FILE).task().layout().pieces()).isEqualTo(4);
  }

  @Test
  void aLengthThatIsLearnedIsTold() {
    source.put(FILE, bytes(3 << 20)).withoutLength(FILE).stallAt(FILE, 3 << 20);
    TestPeer peer = new TestPeer(supernode);
    TaskId task = peer.registered(FILE).task().id();
    await().until(() -> source.bytesRead() == 3 << 20);
    TaskUpdate update = peer.answer(task, PieceSpan.ALL);
    assertThat(update.length()).isEmpty();
    peer.take(update);
    CompletableFuture<PollResponse> waiting = peer.next(task, PieceSpan.ALL);
    source.resume(FILE);
    assertThat(peer.arrived(waiting, task).length()).hasValue(3 << 20);
  }

  @Test
  void theReadStopsSomeTimeAfterTheLastOneLeftAndGoesOnWithTheNext() {
    source.put(FILE, bytes(3 * PIECE)).stallAt(FILE, PIECE);
    TestPeer peer = new TestPeer(supernode);
    RegisterResponse answer = peer.registered(FILE);
    await().until(() -> source.bytesRead() == PIECE);
    peer.leaves(Optional.of(answer.task().id()));
    supernode.ticker.advance(Duration.ofSeconds(29));
    assertThat(source.openStreams()).isEqualTo(1);
    supernode.ticker.advance(Duration.ofSeconds(1));
    await().until(() -> source.openStreams() == 0);

    source.resume(FILE);
    assertThat(peer.registered(FILE).task()).isEqualTo(answer.task());
    await().until(() -> source.bytesRead() == 3 * PIECE);
    assertThat(source.opened()).hasSize(2);
  }

  @Test
  void aTaskThatNobodyWantsButSomebodySeedsIsNotReadFurther() {
    source.put(FILE, bytes(3 * PIECE)).stallAt(FILE, PIECE);
    TestPeer seed = new TestPeer(supernode);
    TaskId task = seed.registered(FILE).task().id();
    await().until(() -> source.bytesRead() == PIECE);
    seed.has(task, 0).next(task, PieceSpan.NONE);
    supernode.ticker.advance(Duration.ofSeconds(30));
    await().until(() -> source.openStreams() == 0);
    source.resume(FILE);
    seed.next(task, PieceSpan.NONE);
    TestPeer child = new TestPeer(supernode);
    assertThat(child.registered(FILE).task().id()).isEqualTo(task);
    await().until(() -> source.bytesRead() == 3 * PIECE);
  }

  @Test
  void twoTasksOfOneProcessShareItsCall() {
    source.put(FILE, bytes(2 * PIECE)).put(OTHER, bytes(3 * PIECE));
    TestPeer peer = new TestPeer(supernode);
    TaskId file = peer.registered(FILE).task().id();
    TaskId other = get(peer.register(content(OTHER))).task().id();
    await().until(() -> source.bytesRead() == 5 * PIECE && source.openStreams() == 0);
    PollResponse answer =
        get(
            peer.next(
                new TaskReport(file, PieceSpan.ALL, 0, List.of(), List.of()),
                new TaskReport(other, PieceSpan.ALL, 0, List.of(), List.of())));
    assertThat(answer.updates()).extracting(TaskUpdate::task).containsOnly(file, other);
    assertThat(answer.updates()).allMatch(update -> update.digests().first() == 0);
  }

  @Test
  void aPieceThatTheCdnCacheGaveWrongIsReadAgain() throws Exception {
    source.put(FILE, bytes(3 * PIECE));
    TestPeer peer = new TestPeer(supernode);
    TaskId task = peer.registered(FILE).task().id();
    await().until(() -> source.openStreams() == 0);
    peer.answer(task, PieceSpan.ALL);
    PeerId cdn = supernode.service.local().id();
    peer.reports(0, cdn, Outcome.DIGEST_MISMATCH).next(task, PieceSpan.ALL);
    // The store finds nothing wrong, so nothing is read again.
    supernode.storage.find(task).orElseThrow().unseal(1);
    peer.reports(1, cdn, Outcome.REFUSED).next(task, PieceSpan.ALL);
    await().until(() -> supernode.storage.find(task).orElseThrow().has(1));
    assertThat(source.rangesRead()).contains(ByteRange.of(PIECE, 2 * PIECE)).hasSize(2);
  }

  @Test
  void closingEndsCallsThatWait() {
    source.put(FILE, bytes(2 * PIECE)).stallAt(FILE, 0);
    TestPeer peer = new TestPeer(supernode);
    TaskId task = peer.registered(FILE).task().id();
    CompletableFuture<PollResponse> waiting = peer.next(task, PieceSpan.ALL);
    supernode.close();
    assertThat(RegistrationTest.failure(waiting)).isInstanceOf(SupernodeUnreachableException.class);
    assertThat(RegistrationTest.failure(peer.next(task, PieceSpan.ALL)))
        .isInstanceOf(SupernodeUnreachableException.class);
    assertThat(source.openStreams()).isZero();
  }
}

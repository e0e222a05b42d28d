package io.dragonfly.internal.supernode;

import static io.dragonfly.internal.supernode.TestPeer.get;
import static io.dragonfly.internal.supernode.TestSupernode.FILE;
import static io.dragonfly.internal.supernode.TestSupernode.PIECE;
import static io.dragonfly.internal.supernode.TestSupernode.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dragonfly.control.AdminApi.KnownPeer;
import io.dragonfly.control.Assignment;
import io.dragonfly.control.Outcome;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.SupernodeListener;
import io.dragonfly.control.TaskReport;
import io.dragonfly.control.TaskUpdate;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.LeakCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a supernode makes of what its peers say of each other. */
@ExtendWith(LeakCheck.class)
class IsolationTest {
  private static final int PIECES = 4;

  private final FakeSource source = new FakeSource();
  private final BlockingQueue<PeerId> isolated = new LinkedBlockingQueue<>();
  private final SupernodeListener listener =
      new SupernodeListener() {
        @Override
        public void isolated(PeerId peer, int times, String reason) {
          isolated.add(peer);
        }
      };
  private final TestSupernode supernode =
      new TestSupernode.Setup().source(source).listener(listener).start();
  private TestPeer accused;
  private TaskId task;
  private CompletableFuture<PollResponse> poll;

  @BeforeEach
  void aPeerHoldsAll() {
    source.put(FILE, bytes(PIECES * PIECE));
    hold();
  }

  private void hold() {
    accused = new TestPeer(supernode);
    task = accused.registered(FILE).task().id();
    await().until(() -> source.openStreams() == 0);
    poll = accused.has(task, 0, 1, 2, 3).next(task, PieceSpan.NONE);
    // That the length is known, or other news, is told first.
    supernode.ticker.advance(Duration.ofMillis(1));
    if (poll.isDone()) {
      accused.acknowledge(get(poll));
      poll = accused.next(task, PieceSpan.NONE);
    }
  }

  @AfterEach
  void close() {
    supernode.close();
  }

  private Set<PeerId> parents(TestPeer child) {
    TaskUpdate update = child.answer(task, PieceSpan.ALL);
    Set<PeerId> parents = new HashSet<>();
    for (Assignment line : update.assignments()) {
      parents.add(child.parents.get(line.parent()).id());
    }
    return parents;
  }

  private TestPeer complains(Outcome outcome) {
    TestPeer child = child();
    complains(child, outcome);
    return child;
  }

  /** A peer that is to take from the accused. */
  private TestPeer child() {
    TestPeer child = new TestPeer(supernode);
    child.registered(FILE);
    assertThat(parents(child)).contains(accused.id());
    return child;
  }

  private void complains(TestPeer child, Outcome outcome) {
    var unused = child.reports(0, accused.id(), outcome).next(task, PieceSpan.ALL);
  }

  private void accusedWithdraws(int piece) {
    var unused =
        accused.next(
            new TaskReport(
                task, PieceSpan.NONE, accused.digestsKnown(), List.of(piece), List.of()));
  }

  private KnownPeer seen() {
    return get(supernode.service.admin().peers()).stream()
        .filter(known -> known.peer().id().equals(accused.id()))
        .findFirst()
        .orElseThrow();
  }

  private boolean isGivenToOthers() {
    TestPeer child = new TestPeer(supernode);
    boolean isContact =
        TestPeer.contacts(child.registered(FILE)).stream()
            .anyMatch(contact -> contact.peer().id().equals(accused.id()));
    boolean isParent = parents(child).contains(accused.id());
    assertThat(isContact).isEqualTo(isParent);
    return isParent;
  }

  @Test
  void whoseBytesTwoFindWrongGivesToNobodyForAWhile() throws Exception {
    complains(Outcome.DIGEST_MISMATCH);
    assertThat(isGivenToOthers()).isTrue();
    complains(Outcome.DIGEST_MISMATCH);
    assertThat(isGivenToOthers()).isFalse();
    assertThat(seen().isolation().orElseThrow().left()).isEqualTo(PeerReputation.FIRST);
    assertThat(isolated.poll(10, TimeUnit.SECONDS)).isEqualTo(accused.id());

    supernode.ticker.advance(PeerReputation.FIRST.plus(SupernodeSettings.TICK));

    assertThat(isGivenToOthers()).isTrue();
    assertThat(seen().isolation().orElseThrow().left()).isZero();
    assertThat(seen().isolation().orElseThrow().times()).isEqualTo(1);
  }

  @Test
  void anIsolatedPeerStillTakes() {
    TestPeer child = new TestPeer(supernode);
    child.registered(FILE);
    child.take(child.answer(task, PieceSpan.ALL));
    complains(Outcome.DIGEST_MISMATCH);
    complains(Outcome.DIGEST_MISMATCH);
    TaskReport lost =
        new TaskReport(task, PieceSpan.ALL, accused.digestsKnown(), List.of(2), List.of());

    TaskUpdate update = accused.arrived(accused.next(lost), task);

    assertThat(accused.take(update)).contains(2);
  }

  @Test
  void toComeBackIsNoWayOut() {
    complains(Outcome.DIGEST_MISMATCH);
    complains(Outcome.DIGEST_MISMATCH);
    accused.leaves(Optional.empty());
    accused.registered(FILE);
    accused.has(task, 0, 1, 2, 3).next(task, PieceSpan.NONE);
    assertThat(isGivenToOthers()).isFalse();
  }

  @Test
  void oneThatComplainsOfWhomItWasNeverToldOfIsNotHeard() {
    for (int i = 0; i < 2; i++) {
      TestPeer liar = new TestPeer(supernode);
      liar.registered(FILE);
      liar.reports(0, accused.id(), Outcome.DIGEST_MISMATCH).next(task, PieceSpan.NONE);
    }
    assertThat(isGivenToOthers()).isTrue();
  }

  @Test
  void theAccusedIsAskedToVerifyAndIsNotIsolatedIfItWithdrawsThePiece() {
    complains(Outcome.DIGEST_MISMATCH);
    TaskUpdate asked = accused.arrived(poll, task);
    assertThat(asked.toVerify()).containsExactly(0);

    TaskReport withdrawn =
        new TaskReport(task, PieceSpan.NONE, accused.digestsKnown(), List.of(0), List.of());
    var unused = accused.next(withdrawn);
    TestPeer second = new TestPeer(supernode);
    second.registered(FILE);
    parents(second);
    second.reports(1, accused.id(), Outcome.DIGEST_MISMATCH).next(task, PieceSpan.ALL);

    assertThat(isGivenToOthers()).isTrue();
    assertThat(seen().isolation()).isEmpty();
  }

  @Test
  void toWithdrawAPieceTimeAndAgainIsNoWayOut() {
    for (int i = 0; i < 4; i++) {
      complains(Outcome.DIGEST_MISMATCH);
      accusedWithdraws(0);
      var unused = accused.has(task, 0).next(task, PieceSpan.NONE);
    }
    assertThat(isGivenToOthers()).isTrue();
    complains(Outcome.DIGEST_MISMATCH);
    accusedWithdraws(0);

    assertThat(isGivenToOthers()).isFalse();
  }

  @Test
  void toWithdrawAPieceThatIsNotHeldIsNoWayOut() {
    List<TestPeer> children = List.of(child(), child(), child());
    for (TestPeer child : children) {
      complains(child, Outcome.DIGEST_MISMATCH);
      accusedWithdraws(0);
    }

    assertThat(isGivenToOthers()).isFalse();
  }

  @Test
  void isolatedPeersThatHaveLeftKeepNoOtherFromBeingIsolated() {
    List<TestPeer> reporters =
        List.of(complains(Outcome.DIGEST_MISMATCH), complains(Outcome.DIGEST_MISMATCH));
    accused.leaves(Optional.empty());
    reporters.forEach(reporter -> reporter.leaves(Optional.empty()));

    hold();
    complains(Outcome.DIGEST_MISMATCH);
    complains(Outcome.DIGEST_MISMATCH);

    assertThat(isGivenToOthers()).isFalse();
  }

  @Test
  void theCdnCacheIsNeverIsolated() {
    PeerId cdn = supernode.service.local().id();
    accused.leaves(Optional.empty());
    for (int i = 0; i < 3; i++) {
      TestPeer child = new TestPeer(supernode);
      child.registered(FILE);
      assertThat(parents(child)).contains(cdn);
      child.reports(0, cdn, Outcome.DIGEST_MISMATCH).next(task, PieceSpan.ALL);
    }
    TestPeer last = new TestPeer(supernode);
    last.registered(FILE);
    assertThat(parents(last)).contains(cdn);
  }

  /** Twenty of a hundred say they have all, and what they give is always wrong. */
  @Test
  void twentyBadPeersOfAHundredAreIsolatedAndTheOthersGetAll() {
    accused.leaves(Optional.empty());
    Map<PeerId, TestPeer> bad = new LinkedHashMap<>();
    for (int i = 0; i < 20; i++) {
      TestPeer peer = new TestPeer(supernode);
      peer.registered(FILE);
      peer.has(task, 0, 1, 2, 3).next(task, PieceSpan.NONE);
      bad.put(peer.id(), peer);
    }
    List<TestPeer> good =
        new ArrayList<>(IntStream.range(0, 80).mapToObj(i -> new TestPeer(supernode)).toList());
    good.forEach(peer -> peer.registered(FILE));
    Map<TestPeer, Set<Integer>> taken = new LinkedHashMap<>();
    int wrong = 0;
    for (int round = 0; round < 100 && !good.isEmpty(); round++) {
      for (TestPeer peer : List.copyOf(good)) {
        CompletableFuture<PollResponse> answer = peer.next(task, PieceSpan.ALL);
        while (answer.isDone() && !get(answer).updates().isEmpty()) {
          wrong += take(peer, peer.arrived(answer, task), bad, taken);
          answer = peer.next(task, PieceSpan.ALL);
        }
        if (taken.getOrDefault(peer, Set.of()).size() == PIECES) {
          good.remove(peer);
        }
      }
      supernode.ticker.advance(Duration.ofMillis(100));
    }
    assertThat(good).as("those who did not get all").isEmpty();
    assertThat(wrong).as("pieces in vain").isLessThan(80 * PIECES);
    Set<PeerId> isolated = new HashSet<>();
    for (KnownPeer known : get(supernode.service.admin().peers())) {
      known
          .isolation()
          .filter(isolation -> isolation.times() > 0)
          .ifPresent(isolation -> isolated.add(known.peer().id()));
    }
    assertThat(isolated).isSubsetOf(bad.keySet()).isNotEmpty();
  }

  private static int take(
      TestPeer peer,
      TaskUpdate update,
      Map<PeerId, TestPeer> bad,
      Map<TestPeer, Set<Integer>> taken) {
    int wrong = 0;
    for (Assignment line : update.assignments()) {
      for (int i = 0; i < line.count(); i++) {
        Peer parent = peer.parents.get(line.parent());
        boolean isBad = bad.containsKey(parent.id());
        wrong += isBad ? 1 : 0;
        peer.reports(line.piece(i), parent.id(), isBad ? Outcome.DIGEST_MISMATCH : Outcome.DONE);
        if (!isBad) {
          taken.computeIfAbsent(peer, p -> new HashSet<>()).add(line.piece(i));
        }
      }
    }
    return wrong;
  }
}

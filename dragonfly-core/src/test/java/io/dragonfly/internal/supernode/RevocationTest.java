package io.dragonfly.internal.supernode;

import static io.dragonfly.internal.supernode.TestPeer.content;
import static io.dragonfly.internal.supernode.TestPeer.get;
import static io.dragonfly.internal.supernode.TestSupernode.FILE;
import static io.dragonfly.internal.supernode.TestSupernode.PIECE;
import static io.dragonfly.internal.supernode.TestSupernode.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dragonfly.control.Outcome;
import io.dragonfly.control.Parent;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.Revoked;
import io.dragonfly.control.TaskUpdate;
import io.dragonfly.internal.access.ShownCapabilities;
import io.dragonfly.internal.queue.HostKey;
import io.dragonfly.spi.PieceService;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.LeakCheck;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What ends a capability before its time. */
@ExtendWith(LeakCheck.class)
class RevocationTest {
  private static final String ALICE = "Basic alice";
  private static final String BOB = "Basic bob";

  private final FakeSource source = new FakeSource();
  private final TestSupernode supernode = new TestSupernode.Setup().source(source).start();
  private TestPeer holder;
  private TaskId task;

  @BeforeEach
  void aPeerHoldsAll() {
    source.put(FILE, bytes(3 * PIECE)).allow(FILE, ALICE).allow(FILE, BOB);
    holder = new TestPeer(supernode);
    task = holder.join(FILE, holder.register(content(FILE, BOB))).task().id();
    await().until(() -> source.openStreams() == 0);
    var unused = holder.has(task, 0, 1, 2).next(task, PieceSpan.NONE);
  }

  @AfterEach
  void close() {
    supernode.close();
  }

  private void pass(Duration time) {
    supernode.ticker.pass(time);
    supernode.ticker.advance(Duration.ZERO);
  }

  /** Registers a peer, and returns its parents with their capabilities. */
  private Map<String, Parent> parentsOf(TestPeer child) {
    child.join(FILE, child.register(content(FILE, ALICE)));
    Map<String, Parent> parents = new HashMap<>();
    TaskUpdate update = child.answer(task, PieceSpan.ALL);
    update.parents().forEach(p -> parents.put(p.peer().id().hex(), p));
    update
        .advice()
        .ifPresent(a -> a.contacts().forEach(p -> parents.putIfAbsent(p.peer().id().hex(), p)));
    return parents;
  }

  private Parent holderAsParentOf(TestPeer child) {
    Parent parent = parentsOf(child).get(holder.id().hex());
    assertThat(parent).isNotNull();
    return parent;
  }

  /** Returns what the holder hears with its next answers, until it has heard something. */
  private List<Revoked> heard() {
    List<Revoked> heard = new ArrayList<>();
    await()
        .until(
            () -> {
              CompletableFuture<PollResponse> before = holder.next(task, PieceSpan.NONE);
              var unused = holder.next(task, PieceSpan.NONE); // has the first one answered
              supernode.ticker.advance(Duration.ofMillis(20));
              PollResponse answer = get(before);
              holder.acknowledge(answer);
              heard.addAll(answer.revoked());
              return !heard.isEmpty();
            });
    return heard;
  }

  private boolean isTaken(Parent shown, TestPeer child, List<Revoked> revoked) {
    ShownCapabilities capabilities = new ShownCapabilities(holder.caller.secret().capabilityKey());
    revoked.forEach(r -> capabilities.revoke(r.task(), r.child(), r.expires()));
    Instant now = supernode.ticker.clock().instant();
    return capabilities.isValid(
        shown.capability(), task, child.id(), child.caller.address().getAddress(), now);
  }

  @Test
  void aParentHearsThatATakerHasLeft() {
    TestPeer child = new TestPeer(supernode);
    Parent parent = holderAsParentOf(child);
    pass(Duration.ofSeconds(2));
    assertThat(isTaken(parent, child, List.of())).isTrue();

    child.leaves(Optional.of(task));

    List<Revoked> revoked = heard();
    assertThat(revoked).hasSize(1);
    assertThat(revoked.get(0).task()).isEqualTo(task);
    assertThat(revoked.get(0).child()).isEqualTo(child.id());
    assertThat(isTaken(parent, child, revoked)).isFalse();
    // It may come again.
    assertThat(isTaken(holderAsParentOf(child), child, revoked)).isTrue();
  }

  @Test
  void aPeerMayComeAgainAfterTheClockWasSetBack() {
    TestPeer child = new TestPeer(supernode);
    assertThat(holderAsParentOf(child)).isNotNull();
    pass(Duration.ofSeconds(2));
    child.leaves(Optional.of(task));
    List<Revoked> revoked = heard();

    supernode.ticker.setClock(Duration.ofHours(-2));

    assertThat(isTaken(holderAsParentOf(child), child, revoked)).isTrue();
  }

  @Test
  void whatWasSaidInAnAnswerThatGotLostIsSaidAgain() {
    TestPeer child = new TestPeer(supernode);
    Parent parent = holderAsParentOf(child);
    pass(Duration.ofSeconds(2));
    child.leaves(Optional.empty());
    CompletableFuture<PollResponse> lost = holder.next(task, PieceSpan.NONE);
    var unused = holder.next(task, PieceSpan.NONE);
    supernode.ticker.advance(Duration.ofMillis(20));
    assertThat(get(lost).revoked()).isNotEmpty();

    assertThat(isTaken(parent, child, heard())).isFalse();
  }

  @Test
  void theSupernodeItselfRefusesAtOnce() {
    TestPeer child = new TestPeer(supernode);
    holder.leaves(Optional.empty());
    Parent parent = parentsOf(child).get(supernode.service.local().id().hex());
    assertThat(isGiven(parent, child)).isTrue();
    pass(Duration.ofSeconds(2));
    child.leaves(Optional.empty());
    assertThat(isGiven(parent, child)).isFalse();
  }

  private boolean isGiven(Parent parent, TestPeer child) {
    PieceService.Ask ask =
        new PieceService.Ask(
            task,
            ByteRange.of(0, PIECE),
            child.id(),
            child.caller.address().getAddress(),
            parent.capability());
    return supernode
        .pieces
        .give(ask)
        .handle(
            (given, failure) -> {
              if (given != null) {
                given.region().close();
              }
              return failure == null;
            })
        .join();
  }

  @Test
  void whomTheSourceRefusesLosesItsCapabilities() {
    TestPeer child = new TestPeer(supernode);
    child.join(FILE, child.register(content(FILE, ALICE)));
    source.revoke(FILE, ALICE).stallProbes(FILE);
    pass(SupernodeSettings.TICKET_LIFE.minus(Permission.LEAD));
    Parent parent =
        child.answer(task, PieceSpan.ALL).parents().stream()
            .filter(p -> p.peer().id().equals(holder.id()))
            .findFirst()
            .orElseThrow();
    pass(Duration.ofSeconds(2));
    assertThat(isTaken(parent, child, List.of())).isTrue();
    source.resume(FILE);
    assertThat(child.answer(task, PieceSpan.ALL).state()).isEqualTo(TaskUpdate.State.FAILED);
    assertThat(isTaken(parent, child, heard())).isFalse();
  }

  @Test
  void whatTheSupernodeWantsToSayIsBounded() {
    Session session = new Session(holder.caller, HostKey.of(InetAddress.getLoopbackAddress()));
    int most = SupernodeSettings.MOST_REVOKED_WAITING;
    for (int i = 0; i <= most; i++) {
      session.revoke(new Revoked(task, holder.id(), Instant.ofEpochSecond(i)));
    }
    assertThat(session.revoked).hasSize(most);
    assertThat(session.revoked.getFirst().expires()).isEqualTo(Instant.ofEpochSecond(1));
  }

  @Test
  void whoIsRefusedWithARevokedOneAccusesNobody() {
    for (int i = 0; i < 2; i++) {
      TestPeer child = new TestPeer(supernode);
      Parent before = holderAsParentOf(child);
      assertThat(before).isNotNull();
      pass(Duration.ofSeconds(2));
      child.leaves(Optional.of(task));
      Parent after = holderAsParentOf(child);
      assertThat(after.capability()).isNotEqualTo(before.capability());
      var unused = child.reports(0, holder.id(), Outcome.REFUSED).next(task, PieceSpan.ALL);
    }
    assertThat(get(supernode.service.admin().peers()))
        .allSatisfy(known -> assertThat(known.isolation()).isEmpty());
  }
}

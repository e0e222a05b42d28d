package io.dragonfly.internal.supernode;

import static io.dragonfly.internal.supernode.TestPeer.get;
import static io.dragonfly.internal.supernode.TestSupernode.FILE;
import static io.dragonfly.internal.supernode.TestSupernode.OTHER;
import static io.dragonfly.internal.supernode.TestSupernode.PIECE;
import static io.dragonfly.internal.supernode.TestSupernode.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dragonfly.control.AdminApi;
import io.dragonfly.control.Outcome;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.TaskUpdate;
import io.dragonfly.peer.PeerId;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.LeakCheck;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a stranger can learn and do with offers and reports: nothing. */
@ExtendWith(LeakCheck.class)
class AnnouncementsTest {
  private final FakeSource source =
      new FakeSource().put(FILE, bytes(3 * PIECE)).put(OTHER, bytes(2 * PIECE));
  private final TestSupernode supernode = new TestSupernode.Setup().source(source).start();

  @AfterEach
  void close() {
    supernode.close();
  }

  private List<PeerId> peers() {
    return get(supernode.service.admin().peers()).stream()
        .map(AdminApi.KnownPeer::peer)
        .map(peer -> peer.id())
        .toList();
  }

  @Test
  void whoWasNeverAdmittedLearnsNotWhatOthersFetch() {
    TestPeer member = new TestPeer(supernode);
    TaskId known = member.registered(FILE).task().id();
    await().until(() -> source.openStreams() == 0);
    TaskId never = new TaskId("0".repeat(64));
    TestPeer stranger = new TestPeer(supernode);

    assertThat(stranger.offers(known, 0, 1, 2).unknown()).containsExactly(known);
    assertThat(stranger.offers(never, 0, 1, 2).unknown()).containsExactly(never);

    TaskUpdate update = member.answer(known, PieceSpan.ALL);
    assertThat(update.parents()).extracting(p -> p.peer().id()).doesNotContain(stranger.id());
  }

  @Test
  void aTicketIsForItsPeerItsTaskAndItsHour() {
    TestPeer member = new TestPeer(supernode);
    RegisterResponse answer = member.registered(FILE);
    TaskId task = answer.task().id();
    Optional<String> ticket = Optional.of(answer.ticket());
    TaskId other = member.registered(OTHER).task().id();
    await().until(() -> source.openStreams() == 0);

    assertThat(member.offersWith(ticket, task, 0).unknown()).isEmpty();
    assertThat(member.offersWith(ticket, other, 0).unknown()).containsExactly(other);
    assertThat(new TestPeer(supernode).offersWith(ticket, task, 0).unknown()).containsExactly(task);
    supernode.ticker.advance(SupernodeSettings.TICKET_LIFE);
    assertThat(member.offersWith(ticket, task, 0).unknown()).containsExactly(task);
  }

  @Test
  void aTaskThatTheSupernodeHasLostIsSaidToItsMembersAlone() {
    TestPeer member = new TestPeer(supernode);
    TaskId task = member.registered(FILE).task().id();
    await().until(() -> source.openStreams() == 0);
    member.take(member.answer(task, PieceSpan.ALL));
    member.next(task, PieceSpan.NONE);
    get(supernode.service.admin().delete(task));

    assertThat(member.offers(task, 0, 1, 2).unknown()).containsExactly(task);
  }

  @Test
  void whoWasNeverToldOfAPeerCannotSayThatItIsGone() {
    TestPeer seed = new TestPeer(supernode);
    seed.registered(FILE); // no call of it is open, as between two polls
    TestPeer liar = new TestPeer(supernode);
    TaskId other = liar.registered(OTHER).task().id();
    await().until(() -> source.openStreams() == 0);

    liar.reports(0, seed.id(), Outcome.UNREACHABLE).next(other, PieceSpan.NONE);
    supernode.ticker.advance(Polls.UNREACHABLE_LEASE.plus(Duration.ofSeconds(1)));

    assertThat(peers()).contains(seed.id(), liar.id());
  }
}

package io.dragonfly.scheduler;

import static io.dragonfly.scheduler.Peers.hidden;
import static io.dragonfly.scheduler.Peers.id;
import static io.dragonfly.scheduler.Peers.layout;
import static io.dragonfly.scheduler.Peers.peer;
import static io.dragonfly.scheduler.Peers.task;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.Outcome;
import io.dragonfly.control.PieceResult;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.Scheduler.Plan;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.TaskId;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever happens in whatever order, all come to their end and nothing stays counted. */
class RandomEventsTest {
  private static final int TASKS = 3;
  private static final int PIECES = 40;
  private static final int PEERS = 12;
  private static final String[] ZONES = {"", "", "east", "west"};

  private final AtomicLong nanos = new AtomicLong();
  private final PlannedScheduler scheduler = new PlannedScheduler(nanos::get);
  private final Map<Key, Member> members = new LinkedHashMap<>();
  private final Map<TaskId, BitSet> cdn = new HashMap<>();
  private final List<Transfer> transfers = new ArrayList<>();
  private Random random = new Random(0);

  private record Key(TaskId task, PeerId peer) {}

  private record Transfer(PeerId child, Plan plan) {}

  private static final class Member {
    private final Peer peer;
    private final BitSet has = new BitSet();
    private PieceSpan wanted = PieceSpan.ALL;

    Member(Peer peer) {
      this.peer = peer;
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void allEndsWell(long seed) {
    random = new Random(seed);
    for (int number = 1; number <= TASKS; number++) {
      scheduler.taskAdded(task(number), layout(PIECES), peer(0));
      cdn.put(task(number), new BitSet());
    }
    for (int i = 0; i < 3000; i++) {
      anything();
      step();
    }
    settle();
    for (int i = 0; i < 3000 && !isEveryoneContent(); i++) {
      step();
    }
    assertThat(isEveryoneContent()).isTrue();
    assertThat(scheduler.isIdle()).isTrue();
    cdn.keySet().forEach(scheduler::taskRemoved);
    scheduler.ready().forEach(id -> assertThat(scheduler.assign(id, 10)).isEmpty());
    assertThat(scheduler.isIdle()).isTrue();
  }

  private void anything() {
    TaskId task = task(1 + random.nextInt(TASKS));
    int number = 1 + random.nextInt(PEERS);
    int piece = random.nextInt(PIECES);
    Member member = members.get(new Key(task, id(number)));
    switch (random.nextInt(12)) {
      case 0, 1, 2 -> cdnGets(task, piece);
      case 3 -> join(task, number);
      case 4 -> leave(task, number);
      case 5 -> {
        cdn.get(task).clear(piece);
        scheduler.pieceLost(task, id(0), piece);
      }
      case 6 -> {
        if (member != null) {
          member.has.clear(piece);
        }
        scheduler.pieceLost(task, id(number), piece);
      }
      case 7 -> {
        if (member != null) {
          member.has.set(piece);
        }
        scheduler.pieceAdded(task, id(number), piece);
      }
      case 8 -> {
        int end = piece + random.nextInt(PIECES);
        want(task, number, random.nextBoolean() ? PieceSpan.ALL : new PieceSpan(piece, end));
      }
      case 9 -> {
        if (!transfers.isEmpty()) {
          Transfer lost = transfers.remove(random.nextInt(transfers.size()));
          scheduler.undelivered(lost.child, List.of(lost.plan));
        }
      }
      default -> {}
    }
  }

  private void cdnGets(TaskId task, int piece) {
    cdn.get(task).set(piece);
    scheduler.pieceAdded(task, id(0), piece);
  }

  private void join(TaskId task, int number) {
    Peer peer = number == 7 ? hidden(7) : peer(number, ZONES[number % ZONES.length]);
    Member member = new Member(peer);
    member.has.set(0, random.nextInt(4));
    transfers.removeIf(t -> t.child.equals(peer.id()) && t.plan.task().equals(task));
    members.put(new Key(task, peer.id()), member);
    member.wanted = random.nextBoolean() ? PieceSpan.ALL : PieceSpan.NONE; // says so later
    scheduler.peerJoined(task, peer, member.has, member.wanted);
  }

  private void leave(TaskId task, int number) {
    members.remove(new Key(task, id(number)));
    transfers.removeIf(t -> t.child.equals(id(number)) && t.plan.task().equals(task));
    scheduler.peerLeft(task, id(number));
  }

  private void want(TaskId task, int number, PieceSpan wanted) {
    Member member = members.get(new Key(task, id(number)));
    if (member != null) {
      member.wanted = wanted;
    }
    scheduler.wantedChanged(task, id(number), wanted);
  }

  /** From now on nothing goes wrong any more. */
  private void settle() {
    for (TaskId task : cdn.keySet()) {
      for (int piece = 0; piece < PIECES; piece++) {
        cdnGets(task, piece);
      }
      for (int number = 1; number <= PEERS; number++) {
        want(task, number, PieceSpan.ALL);
      }
    }
  }

  private void step() {
    nanos.addAndGet(7_000_000);
    for (int i = 0; i < 20 && !transfers.isEmpty(); i++) {
      end(transfers.remove(random.nextInt(Math.min(10, transfers.size()))));
    }
    if (random.nextInt(10) == 0) {
      scheduler.tick();
    }
    for (PeerId child : scheduler.ready()) {
      for (Plan plan : scheduler.assign(child, 1 + random.nextInt(16))) {
        Member member = members.get(new Key(plan.task(), child));
        assertThat(member).isNotNull();
        assertThat(member.has.get(plan.piece())).isFalse();
        assertThat(member.wanted.contains(plan.piece())).isTrue();
        transfers.add(new Transfer(child, plan));
      }
    }
  }

  private void end(Transfer transfer) {
    Plan plan = transfer.plan;
    Member parent = members.get(new Key(plan.task(), plan.parent()));
    boolean isThere =
        plan.parent().equals(id(0))
            ? cdn.get(plan.task()).get(plan.piece())
            : parent != null && parent.has.get(plan.piece());
    Outcome outcome = isThere ? Outcome.DONE : Outcome.NOT_YET;
    if (random.nextInt(40) == 0) {
      outcome = Outcome.values()[1 + random.nextInt(Outcome.values().length - 1)];
    }
    if (outcome == Outcome.DONE) {
      members.get(new Key(plan.task(), transfer.child)).has.set(plan.piece());
    }
    PieceResult result = new PieceResult(plan.piece(), plan.parent(), outcome, 1000);
    scheduler.reported(plan.task(), transfer.child, result);
  }

  private boolean isEveryoneContent() {
    return members.values().stream().allMatch(member -> member.has.cardinality() == PIECES)
        && transfers.isEmpty();
  }
}

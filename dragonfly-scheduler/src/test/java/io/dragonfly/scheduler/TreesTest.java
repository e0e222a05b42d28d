package io.dragonfly.scheduler;

import static io.dragonfly.scheduler.Peers.id;
import static io.dragonfly.scheduler.Peers.peer;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.Outcome;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.Scheduler.Plan;
import io.dragonfly.task.PieceSpan;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** How pieces reach more peers than can all pass them on to each other. */
class TreesTest extends PlanningFixture {
  private static final int PEERS = 40;

  private final PeerRegistry registry = new PeerRegistry(nanos::get);
  private final Swarm swarm =
      new Swarm(registry, TASK, Peers.layout(200), registry.peer(peer(0), true));

  @Test
  void allPassOnEquallyMuch() {
    addTask(Limits.TREES, 0);
    join(IntStream.rangeClosed(1, PEERS).toArray());
    for (int piece = 0; piece < Limits.TREES; piece++) {
      scheduler.pieceAdded(TASK, CDN, piece);
    }
    Map<PeerId, Integer> copies = new HashMap<>();
    everyoneDownloadsAll(IntStream.rangeClosed(1, PEERS).toArray())
        .values()
        .forEach(plans -> plans.forEach(plan -> copies.merge(plan.parent(), 1, Integer::sum)));

    assertThat(copies.remove(CDN)).isEqualTo(Limits.TREES);
    assertThat(copies).hasSizeGreaterThan(PEERS * 9 / 10);
    assertThat(copies.values()).allMatch(count -> count <= Limits.TREES);
  }

  @Test
  void whoIsInNoTreeTakesFromThoseThatPassAPieceOnToNobodyElse() {
    addTask(8, 0);
    join(IntStream.rangeClosed(1, PEERS).toArray());
    int hidden = PEERS + 1;
    scheduler.peerJoined(TASK, Peers.hidden(hidden), new BitSet(), PieceSpan.ALL);
    List<PeerId> parents = new ArrayList<>();
    for (int piece = 0; piece < 8; piece++) {
      scheduler.pieceAdded(TASK, CDN, piece);
      Map<PeerId, List<Plan>> all =
          everyoneDownloadsAll(IntStream.rangeClosed(1, PEERS + 1).toArray());
      List<PeerId> candidates =
          all.values().stream().flatMap(List::stream).map(Plan::parent).toList();
      PeerId parent = all.get(id(hidden)).get(0).parent();
      assertThat(candidates).hasSize(PEERS + 1).containsOnlyOnce(parent);
      parents.add(parent);
    }
    assertThat(parents.stream().distinct().count()).isBetween(2L, (long) Limits.TREES);
  }

  @Test
  void manyGiveToAnotherDataCentre() {
    int pieces = 24;
    scheduler.taskAdded(TASK, Peers.layout(pieces), Peers.peer(0, "here"));
    for (int number = 1; number <= PEERS; number++) {
      String zone = number % 2 == 0 ? "here" : "there";
      scheduler.peerJoined(TASK, Peers.peer(number, zone), new BitSet(), PieceSpan.ALL);
    }
    List<PeerId> crossed = new ArrayList<>();
    for (int piece = 0; piece < pieces; piece++) {
      scheduler.pieceAdded(TASK, CDN, piece);
      everyoneDownloadsAll(IntStream.rangeClosed(1, PEERS).toArray()).entrySet().stream()
          .filter(child -> Peers.number(child.getKey()) % 2 == 1)
          .flatMap(child -> child.getValue().stream())
          .map(Plan::parent)
          .filter(parent -> Peers.number(parent) % 2 == 0)
          .forEach(crossed::add);
    }
    assertThat(crossed).hasSize(pieces);
    assertThat(crossed.stream().distinct().count()).isGreaterThan(2L * Limits.ENTRIES);
  }

  @Test
  void unequalUplinksHaveNoTrees() {
    List<Member> members = joinSwarm(12);
    Zone zone = swarm.zone("");
    zone.reviewRates();
    assertThat(zone.hasTrees()).isTrue();

    members.subList(0, 6).forEach(member -> sends(member, 1_000_000));
    members.subList(6, 12).forEach(member -> sends(member, 3_000_000));
    zone.reviewRates();
    assertThat(zone.hasTrees()).isFalse();
  }

  @Test
  void whoComesWhileAPieceIsWithFewGetsItAlongTheTrees() {
    addTask(1, 1);
    join(1);
    done(1, scheduler.assign(id(1), 10).get(0));
    join(IntStream.rangeClosed(2, PEERS).toArray());
    scheduler.tick();

    // Most are assigned a parent that does not have it yet.
    Map<PeerId, PeerId> parents = parentsOf(0, IntStream.rangeClosed(2, PEERS).toArray());
    assertThat(parents).hasSizeGreaterThan(PEERS / 2);
    parents.values().removeAll(List.of(CDN, id(1)));
    assertThat(parents).hasSizeGreaterThan(PEERS / 2);
  }

  @Test
  void nothingFreshIsPlannedPastManyWhoAreFullButForTheSilent() {
    List<Member> members = joinSwarm(12);
    Member parent = members.get(11);
    for (Member child : members.subList(0, 4)) {
      child.peer().reported(nanos.get());
      for (int piece = 0; piece < 200; piece++) {
        PieceDownload.plan(child, piece, parent, 0);
      }
    }
    assertThat(swarm.isBackedUp()).isTrue();

    nanos.addAndGet(TimeUnit.SECONDS.toNanos(2));
    members.forEach(member -> member.peer().reviewSigns(nanos.get()));
    assertThat(swarm.isBackedUp()).isFalse();

    members.forEach(member -> member.peer().reported(nanos.get()));
    assertThat(swarm.isBackedUp()).isTrue();
    swarm.leave(members.get(0));
    assertThat(swarm.isBackedUp()).isTrue();
    members.get(1).endPlanned();
    assertThat(swarm.isBackedUp()).isFalse();
  }

  @Test
  void whatAnOwnerThatIsGoneWasToGetIsPlannedAnew() {
    addTask(1, 0);
    join(1, 2, 3, 4);
    scheduler.pieceAdded(TASK, CDN, 0);
    Map<Integer, Plan> plans = new HashMap<>();
    for (int child = 1; child <= 4; child++) {
      for (Plan plan : scheduler.assign(id(child), 10)) {
        plans.put(child, plan);
      }
    }
    int owner =
        IntStream.rangeClosed(1, 4)
            .filter(child -> plans.get(child).parent().equals(CDN))
            .findFirst()
            .orElseThrow();
    List<Integer> failedChildren =
        plans.keySet().stream()
            .filter(child -> plans.get(child).parent().equals(id(owner)))
            .toList();
    assertThat(failedChildren).hasSizeGreaterThanOrEqualTo(Limits.FAILED_CHILDREN);
    failedChildren.forEach(child -> report(child, plans.get(child), Outcome.UNREACHABLE));

    assertThat(failedChildren.stream().flatMap(child -> scheduler.assign(id(child), 10).stream()))
        .extracting(Plan::parent)
        .contains(CDN)
        .doesNotContain(id(owner));
  }

  private List<Member> joinSwarm(int peers) {
    return IntStream.rangeClosed(1, peers)
        .mapToObj(i -> swarm.join(registry.peer(peer(i), false), new BitSet(), PieceSpan.ALL))
        .toList();
  }

  private static void sends(Member member, long bytesPerPiece) {
    RateMeter meter = member.peer().up().meter();
    meter.resumed(0, true);
    for (int piece = 1; piece <= 8; piece++) {
      meter.arrived(piece * 100 * MILLI, bytesPerPiece, true, true);
    }
  }
}

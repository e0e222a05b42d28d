package io.dragonfly.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.task.PieceSpan;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ZoneTest {
  private final PeerRegistry registry = new PeerRegistry(() -> 0);
  private final Swarm swarm =
      new Swarm(registry, Peers.task(1), Peers.layout(4), registry.peer(Peers.peer(0), true));

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8, 9, 32, 100, 1000, 10_000})
  void everybodyIsReachedInFewStepsThoughEachHasFewParents(int peers) {
    join(peers);
    int[] distances = swarm.zone("").distances();
    assertThat(distances).hasSizeLessThan(Limits.PARENTS).isSorted().doesNotHaveDuplicates();
    assertThat(IntStream.of(distances)).allMatch(d -> d >= 1 && d < peers);

    int[] steps = new int[peers];
    for (int place = 1; place < peers; place++) {
      steps[place] = Integer.MAX_VALUE;
      for (int distance : distances) {
        if (distance <= place) {
          steps[place] = Math.min(steps[place], steps[place - distance] + 1);
        }
      }
      assertThat(steps[place]).isLessThanOrEqualTo(peers <= Limits.PARENTS ? 1 : 20);
    }
  }

  @Test
  void onlyWhoPassesPiecesOnStandsInTheRing() {
    List<Member> members = join(3);
    swarm.join(registry.peer(Peers.hidden(4), false), new BitSet(), PieceSpan.ALL);
    members.get(1).peer().setSlow(true);
    members.get(1).reviewCounted();

    assertThat(swarm.zone("").ring()).containsExactly(members.get(0), members.get(2));
    assertThat(swarm.zone("").entries()).containsExactly(members.get(0), members.get(2));
  }

  @Test
  void fewAreToldEarlierThanMany() {
    List<Member> members = join(Limits.MANY + 1);
    assertThat(swarm.zone("").earlyNanos()).isEqualTo(Limits.EARLY_AMONG_MANY_NANOS);
    swarm.leave(members.get(0));
    assertThat(swarm.zone("").earlyNanos()).isEqualTo(Limits.EARLY_NANOS);
  }

  @Test
  void theRingFollowsThoseWhoLeave() {
    List<Member> members = join(3);
    assertThat(swarm.zone("").ring()).hasSize(3);
    swarm.leave(members.get(0));
    assertThat(swarm.zone("").ring()).containsExactly(members.get(1), members.get(2));
  }

  @Test
  void copiesOfSlowPeersDoNotCount() {
    Member member = join(1).get(0);
    swarm.gained(member, 2);
    assertThat(swarm.zone("").hasCopy(2)).isTrue();
    assertThat(swarm.rarity().count(2)).isEqualTo(1);

    member.peer().setSlow(true);
    member.reviewCounted();
    assertThat(swarm.zone("").hasCopy(2)).isFalse();
    assertThat(swarm.rarity().count(2)).isZero();

    member.peer().setSlow(false);
    member.reviewCounted();
    assertThat(swarm.zone("").hasCopy(2)).isTrue();
    assertThat(swarm.zone("").hasCopy(3)).isFalse();
  }

  private List<Member> join(int peers) {
    return IntStream.rangeClosed(1, peers)
        .mapToObj(
            i ->
                swarm.join(
                    registry.peer(Peers.peer(i % 50_000), false), new BitSet(), PieceSpan.ALL))
        .toList();
  }
}

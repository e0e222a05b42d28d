package io.dragonfly.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.task.PieceSpan;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Which of the pieces that only the CDN cache has are planned, and in what order. */
class FreshPlannerTest {
  private static final PieceSpan FIRST = new PieceSpan(2, 4);
  private static final PieceSpan SECOND = new PieceSpan(4, 6);
  private static final PieceSpan THIRD = new PieceSpan(6, 8);

  private final AtomicLong now = new AtomicLong(1_000_000_000);
  private final PeerRegistry registry = new PeerRegistry(now::get);
  private final Swarm swarm =
      new Swarm(registry, Peers.task(1), Peers.layout(8), registry.peer(Peers.peer(0), true));
  private final FreshPlanner planner = new FreshPlanner(swarm);

  @ParameterizedTest
  @MethodSource("orders")
  void theFirstPieceThatAnyoneWantsComesFirstWhoeverHasJoinedBefore(List<PieceSpan> wanted) {
    cdnHas(2, 8);
    wanted.forEach(this::join);
    swarm.cdn().peer().freshTurns().changed(planner);
    assertThat(planned()).containsExactly(2, 3, 4, 5, 6, 7);
  }

  static Stream<List<PieceSpan>> orders() {
    return Stream.of(
        List.of(FIRST, SECOND, THIRD),
        List.of(SECOND, THIRD, FIRST),
        List.of(THIRD, FIRST, SECOND),
        List.of(THIRD, SECOND, PieceSpan.ALL),
        List.of(PieceSpan.ALL, THIRD, SECOND));
  }

  @Test
  void whatNobodyWantsHoldsUpNothing() {
    cdnHas(0, 1);
    cdnHas(4, 8);
    join(PieceSpan.NONE);
    join(FIRST); // of which there is nothing yet, but what comes behind it
    join(THIRD);
    swarm.cdn().peer().freshTurns().changed(planner);
    assertThat(planned()).containsExactly(6, 7);
    assertThat(swarm.fresh().stream()).containsExactly(0, 4, 5);
  }

  private void cdnHas(int first, int end) {
    for (int piece = first; piece < end; piece++) {
      swarm.gained(swarm.cdn(), piece);
    }
  }

  private void join(PieceSpan wanted) {
    int number = 1 + swarm.members().size();
    swarm.join(registry.peer(Peers.peer(number), false), new BitSet(), wanted);
  }

  /** The pieces that are planned for anyone, as they were one after the other. */
  private List<Integer> planned() {
    return swarm.members().stream()
        .flatMap(member -> member.downloads().stream())
        .sorted(Comparator.comparingLong(PieceDownload::number))
        .map(PieceDownload::piece)
        .distinct()
        .toList();
  }
}

package io.dragonfly.examples.soak;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.examples.soak.Fault.Kind;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class FaultTest {
  private static List<Fault> draw(long seed, int count) {
    Fault.Plan plan = new Fault.Plan(seed, 10, 2);
    return Stream.generate(plan::next).limit(count).toList();
  }

  @Test
  void theSameSeedDrawsTheSameFaults() {
    assertThat(draw(7, 1000)).isEqualTo(draw(7, 1000)).isNotEqualTo(draw(8, 1000));
  }

  @Test
  void allKindsBefallAllProcesses() {
    Set<Kind> kinds = new HashSet<>();
    Set<Integer> peers = new HashSet<>();
    for (Fault fault : draw(1, 1000)) {
      kinds.add(fault.kind());
      switch (fault.kind().sort()) {
        case PEER -> peers.add(fault.target());
        case SUPERNODE -> assertThat(fault.target()).isBetween(0, 1);
        case SOURCE -> assertThat(fault.target()).isZero();
      }
    }
    assertThat(kinds).hasSize(Kind.values().length);
    assertThat(peers).hasSize(10).allMatch(peer -> peer < 10);
  }
}

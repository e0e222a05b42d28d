package io.dragonfly.internal.transfer.swarm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

class TurnsTest {
  private final Turns turns = new Turns(2);
  private final List<String> begun = new ArrayList<>();

  private Turns.Turn begin(String kind, String name) {
    Turns.Turn turn = turns.of(kind, () -> begun.add(name));
    turns.begin(turn);
    return turn;
  }

  @Test
  void noMoreGoOnAtOnceThanMayOfEachKind() {
    Turns.Turn first = begin("a", "1");
    begin("a", "2");
    begin("a", "3");
    begin("a", "4");
    begin("b", "5");
    assertThat(begun).containsExactly("1", "2", "5");

    first.end();
    first.end(); // which lets no second one begin
    assertThat(begun).containsExactly("1", "2", "5", "3");
  }

  @Test
  void whoGivesUpLeavesTheLine() {
    Turns.Turn first = begin("a", "1");
    Turns.Turn second = begin("a", "2");
    Turns.Turn third = begin("a", "3");
    Turns.Turn fourth = begin("a", "4");

    third.end();
    first.end();
    assertThat(begun).containsExactly("1", "2", "4");
    second.end();
    fourth.end();
    assertThat(turns.kinds()).isZero();
  }

  @Test
  void aLongLineOfTurnsThatAreOverAtOnceIsCalledWithoutRecursion() {
    Turns.Turn first = begin("a", "1");
    begin("a", "2");
    Deque<Turns.Turn> line = new ArrayDeque<>();
    for (int i = 0; i < 100_000; i++) {
      line.add(turns.of("a", () -> line.remove().end()));
    }
    List.copyOf(line).forEach(turns::begin);
    begin("a", "last");
    assertThat(begun).containsExactly("1", "2");

    first.end();

    assertThat(begun).containsExactly("1", "2", "last");
  }
}

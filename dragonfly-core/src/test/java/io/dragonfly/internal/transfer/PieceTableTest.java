package io.dragonfly.internal.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.PieceSpan;
import java.util.BitSet;
import org.junit.jupiter.api.Test;

class PieceTableTest {
  private final PieceTable table =
      new PieceTable(PieceLayout.of(10L * PieceLayout.MIN_PIECE_LENGTH), new BitSet());

  @Test
  void aPieceCountsOnce() {
    table.ask(3);
    assertThat(table.isAsked(3)).isTrue();
    assertThat(table.complete(3)).isTrue();
    assertThat(table.complete(3)).isFalse();
    assertThat(table.isAsked(3)).isFalse();
    assertThat(table.isDone(3)).isTrue();
  }

  @Test
  void aRunEndsAtWhatIsDoneOrAsked() {
    assertThat(table.nextRun(PieceSpan.ALL)).isEqualTo(new PieceSpan(0, 10));
    table.complete(0);
    table.ask(1);
    table.ask(6);
    assertThat(table.nextRun(PieceSpan.ALL)).isEqualTo(new PieceSpan(2, 6));
    assertThat(table.nextRun(new PieceSpan(3, 5))).isEqualTo(new PieceSpan(3, 5));
    assertThat(table.nextRun(new PieceSpan(0, 2))).isEqualTo(PieceSpan.NONE);
    table.giveBack(1);
    assertThat(table.nextRun(PieceSpan.ALL)).isEqualTo(new PieceSpan(1, 6));
  }

  @Test
  void aSpanIsCompleteWhenEachPieceIs() {
    table.complete(4);
    table.complete(5);
    assertThat(table.isComplete(new PieceSpan(4, 6))).isTrue();
    assertThat(table.isComplete(new PieceSpan(4, 7))).isFalse();
    assertThat(table.isComplete(PieceSpan.NONE)).isTrue();
    table.lose(4);
    assertThat(table.isComplete(new PieceSpan(4, 6))).isFalse();
  }

  @Test
  void withoutALengthTheWholeIsNeverComplete() {
    PieceTable unknown = new PieceTable(PieceLayout.ofUnknownLength(), new BitSet());
    unknown.complete(0);
    assertThat(unknown.isComplete(PieceSpan.ALL)).isFalse();
    assertThat(unknown.isComplete(new PieceSpan(0, 1))).isTrue();
    assertThat(unknown.nextRun(PieceSpan.ALL)).isEqualTo(new PieceSpan(1, Integer.MAX_VALUE));
    unknown.learnLength(5);
    assertThat(unknown.isComplete(PieceSpan.ALL)).isTrue();
  }
}

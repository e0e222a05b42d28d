package io.dragonfly.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class ByteRangeTest {
  private static final PieceLayout UNKNOWN = PieceLayout.ofUnknownLength();

  @Test
  void anOpenRangeHasNoEnd() {
    ByteRange open = ByteRange.from(5);
    assertThat(open.isOpen()).isTrue();
    assertThat(open.isEmpty()).isFalse();
    assertThat(open.limit()).isEmpty();
    assertThat(open).hasToString("5-").isEqualTo(new ByteRange(5, OptionalLong.empty()));
    assertThatThrownBy(open::end).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(open::length).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void anyOtherHasOne() {
    ByteRange range = ByteRange.of(5, 8);
    assertThat(range.isOpen()).isFalse();
    assertThat(range.limit()).hasValue(8);
    assertThat(range.end()).isEqualTo(8);
    assertThat(range.length()).isEqualTo(3);
    assertThat(range).hasToString("5-7");
    assertThat(ByteRange.of(5, 5).isEmpty()).isTrue();
  }

  @Test
  void boundsThatMakeNoRangeAreRefused() {
    assertThatThrownBy(() -> ByteRange.of(3, 2)).hasMessageContaining("from 3 to 2");
    assertThatThrownBy(() -> ByteRange.from(-1)).hasMessageContaining("from -1 to the end");
  }

  @Test
  void aRangeEndsWhereTheContentDoes() {
    assertThat(ByteRange.from(5).within(8)).isEqualTo(ByteRange.of(5, 8));
    assertThat(ByteRange.of(5, 9).within(8)).isEqualTo(ByteRange.of(5, 8));
    assertThat(ByteRange.of(5, 7).within(8)).isEqualTo(ByteRange.of(5, 7));
    assertThat(ByteRange.from(9).within(8)).isEqualTo(ByteRange.of(8, 8));
  }

  @Test
  void theRestOfARangeBeginsLater() {
    assertThat(ByteRange.from(5).startingAt(7)).isEqualTo(ByteRange.from(7));
    assertThat(ByteRange.of(5, 8).startingAt(7)).isEqualTo(ByteRange.of(7, 8));
    assertThat(ByteRange.of(5, 8).startingAt(9).isEmpty()).isTrue();
  }

  @Test
  void anOpenRangeContainsAllThatComesLater() {
    assertThat(ByteRange.from(5).contains(ByteRange.of(5, 1L << 60))).isTrue();
    assertThat(ByteRange.from(5).contains(ByteRange.from(6))).isTrue();
    assertThat(ByteRange.from(5).contains(ByteRange.from(4))).isFalse();
    assertThat(ByteRange.of(5, 8).contains(ByteRange.from(6))).isFalse();
    assertThat(ByteRange.of(5, 8).contains(ByteRange.of(6, 8))).isTrue();
  }

  @Test
  void aRangeLiesInPieces() {
    int piece = UNKNOWN.pieceLength();
    assertThat(UNKNOWN.span(ByteRange.of(piece - 1, piece + 1))).isEqualTo(new PieceSpan(0, 2));
    assertThat(UNKNOWN.span(ByteRange.of(piece, 2L * piece))).isEqualTo(new PieceSpan(1, 2));
    assertThat(UNKNOWN.span(ByteRange.of(5, 5))).isEqualTo(PieceSpan.NONE);
  }

  @Test
  void whatReachesBehindAllPiecesReachesAsFarAsAll() {
    int piece = UNKNOWN.pieceLength();
    assertThat(UNKNOWN.span(ByteRange.from(0))).isEqualTo(PieceSpan.ALL);
    for (ByteRange far :
        new ByteRange[] {ByteRange.from(piece), ByteRange.of(piece, Long.MAX_VALUE)}) {
      assertThat(UNKNOWN.span(far)).isEqualTo(new PieceSpan(1, PieceSpan.ALL.end()));
    }
    PieceSpan behind = UNKNOWN.span(ByteRange.from(Long.MAX_VALUE));
    assertThat(behind.first()).isEqualTo(PieceLayout.MAX_PIECES - 1);
    assertThat(UNKNOWN.isPiece(behind.first())).isTrue();
  }
}

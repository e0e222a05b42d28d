package io.dragonfly.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class RarityTest {
  private final Rarity rarity = new Rarity();

  @Test
  void ordersPiecesByTheirCopies() {
    rarity.grow(4);
    copies(0, 2);
    copies(1, 1);
    copies(3, 3);
    assertThat(order()).containsExactly(2, 1, 0, 3);
    assertThat(rarity.firstWithCopies()).isEqualTo(1);

    rarity.decrement(3);
    rarity.decrement(3);
    rarity.decrement(3);
    assertThat(rarity.firstWithCopies()).isEqualTo(2);
    assertThat(rarity.count(3)).isZero();
  }

  @Test
  void tellsWhetherPiecesHaveFewCopies() {
    rarity.grow(3);
    assertThat(rarity.hasCopiesBelow(2)).isFalse(); // none has any
    copies(0, 2);
    copies(1, 3);
    assertThat(rarity.hasCopiesBelow(0)).isFalse();
    assertThat(rarity.hasCopiesBelow(1)).isFalse();
    assertThat(rarity.hasCopiesBelow(2)).isFalse();
    assertThat(rarity.hasCopiesBelow(3)).isTrue();
    assertThat(rarity.hasCopiesBelow(100)).isTrue();
  }

  @Test
  void newPiecesComeFirst() {
    rarity.grow(2);
    copies(0, 3);
    copies(1, 1);
    rarity.grow(3);
    assertThat(order()).containsExactly(2, 1, 0);
  }

  @Test
  void staysInOrderWhateverHappens() {
    Random random = new Random(7);
    int[] counts = new int[200];
    int pieces = 0;
    for (int i = 0; i < 20_000; i++) {
      if (pieces < counts.length && random.nextInt(50) == 0) {
        rarity.grow(++pieces);
      } else if (pieces > 0) {
        int piece = random.nextInt(pieces);
        if (counts[piece] > 0 && random.nextInt(5) < 2) {
          counts[piece]--;
          rarity.decrement(piece);
        } else {
          counts[piece]++;
          rarity.increment(piece);
        }
      }
    }
    assertThat(pieces).isEqualTo(counts.length);
    int[] order = order();
    for (int place = 0; place < pieces; place++) {
      assertThat(rarity.count(order[place])).isEqualTo(counts[order[place]]);
      assertThat(place == 0 || counts[order[place - 1]] <= counts[order[place]]).isTrue();
    }
    assertThat(order).doesNotHaveDuplicates();
  }

  private void copies(int piece, int count) {
    for (int i = 0; i < count; i++) {
      rarity.increment(piece);
    }
  }

  private int[] order() {
    int[] order = new int[rarity.pieces()];
    for (int place = 0; place < order.length; place++) {
      order[place] = rarity.at(place);
    }
    return order;
  }
}

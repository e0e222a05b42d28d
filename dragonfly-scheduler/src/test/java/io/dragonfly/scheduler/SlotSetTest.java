package io.dragonfly.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SlotSetTest {
  private final Random random = new Random(1);

  @Test
  void itFindsWhatIsInAll() {
    for (int round = 0; round < 200; round++) {
      SlotSet[] slots = {new SlotSet(), new SlotSet(), new SlotSet()};
      BitSet[] sets = {new BitSet(), new BitSet(), new BitSet()};
      for (int i = 0; i < 400; i++) {
        int which = random.nextInt(3);
        int slot = random.nextInt(100 + 300 * which);
        boolean isIn = random.nextInt(3) > 0;
        slots[which].set(slot, isIn);
        sets[which].set(slot, isIn);
      }
      int from = random.nextInt(500);
      assertThat(slots[2].next(from, null, null)).isEqualTo(sets[2].nextSetBit(from));
      assertThat(slots[2].get(from)).isEqualTo(sets[2].get(from));
      sets[0].and(sets[1]);
      assertThat(slots[0].next(from, slots[1], null)).isEqualTo(sets[0].nextSetBit(from));
      sets[0].and(sets[2]);
      assertThat(slots[0].next(from, slots[1], slots[2])).isEqualTo(sets[0].nextSetBit(from));
    }
  }

  @Test
  void itIsEmptyIfAllAreTakenOut() {
    SlotSet slots = new SlotSet();
    assertThat(slots.isEmpty()).isTrue();
    slots.set(70, true);
    slots.set(70, true);
    assertThat(slots.isEmpty()).isFalse();
    slots.set(70, false);
    assertThat(slots.isEmpty()).isTrue();
    assertThat(slots.next(0, null, null)).isEqualTo(-1);
    assertThat(slots.next(1000, new SlotSet(), null)).isEqualTo(-1);
  }
}

package io.dragonfly.scheduler.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TimelineTest {
  private record Happened(long time, int number) {}

  private final Timeline timeline = new Timeline();
  private final List<Happened> happened = new ArrayList<>();

  @Test
  void eventsHappenInTheirOrderAndAtOneTimeInThatOfTheirAdding() {
    Random random = new Random(1);
    for (int i = 0; i < 5000; i++) {
      int number = i;
      long time = random.nextInt(500);
      timeline.at(time, () -> happened.add(new Happened(timeline.now(), number)));
    }
    while (!timeline.isEmpty()) {
      timeline.next();
    }
    assertThat(happened)
        .hasSize(5000)
        .isSortedAccordingTo(
            Comparator.comparingLong(Happened::time).thenComparingInt(Happened::number));
  }

  @Test
  void anEventMayAddOthers() {
    timeline.after(5, () -> timeline.after(3, () -> happened.add(new Happened(timeline.now(), 0))));
    timeline.next();
    timeline.next();
    assertThat(happened).containsExactly(new Happened(8, 0));
  }
}

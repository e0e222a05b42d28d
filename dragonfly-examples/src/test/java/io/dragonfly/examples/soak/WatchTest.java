package io.dragonfly.examples.soak;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.examples.soak.Watch.Sample;
import java.nio.file.Path;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Which processes are said to grow. */
class WatchTest {
  private static final long MIB = 1 << 20;

  private final Watch watch = new Watch(Path.of("/proc"));

  private void samples(int count, IntFunction<Sample> sample) {
    for (int i = 0; i < count; i++) {
      watch.add("peer1", sample.apply(i));
    }
  }

  @Test
  void oneThatWarmsUpAndStaysDoesNotGrow() {
    samples(
        60, i -> new Sample(Math.min(200, 50 + 20 * i) * MIB, Math.min(30, 3 * i), 100 + i % 40));
    assertThat(watch.growing()).isEmpty();
    assertThat(watch.judged()).isEqualTo(1);
  }

  @Test
  void oneThatLosesALittleAllTheTimeGrows() {
    samples(60, i -> new Sample(100 * MIB, 20 + i, 100));
    assertThat(watch.growing()).singleElement().asString().contains("peer1").contains("threads");
  }

  @Test
  void memoryAndHandlesCountToo() {
    samples(60, i -> new Sample((100 + 8 * i) * MIB, 20, 100 + 20 * i));
    assertThat(watch.growing())
        .anyMatch(text -> text.contains("memory"))
        .anyMatch(text -> text.contains("file handles"));
  }

  @Test
  void aStoreThatKeepsItsFilesOpenHasOnlyWarmedUp() {
    samples(60, i -> new Sample(100 * MIB, 20, 100 + 5 * Math.min(i, 40)));
    assertThat(watch.growing()).isEmpty();
  }

  @Test
  void oneThatTakesUpMuchTooMuchIsFoundAtOnce() {
    samples(1, i -> new Sample(2_000 * MIB, 20, 100));
    assertThat(watch.growing()).hasSize(1);
  }

  @Test
  void whoWasNotSeenForLongIsNotJudged() {
    samples(10, i -> new Sample(100 * MIB, 20 + 5 * i, 100));
    assertThat(watch.growing()).isEmpty();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void seesThisProcess() {
    watch.look("me", ProcessHandle.current().pid());
    Sample seen = watch.most("me");
    assertThat(seen.rssBytes()).isGreaterThan(10 * MIB);
    assertThat(seen.threads()).isPositive();
    assertThat(seen.handles()).isPositive();
    assertThat(watch.isBlind()).isFalse();
  }

  @Test
  void whereThereIsNoProcNothingIsSeen() {
    Watch blind = new Watch(Path.of("/nowhere"));
    blind.look("me", ProcessHandle.current().pid());
    assertThat(blind.isBlind()).isTrue();
  }
}

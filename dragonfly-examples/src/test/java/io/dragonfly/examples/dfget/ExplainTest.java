package io.dragonfly.examples.dfget;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.examples.terminal.Glyphs;
import io.dragonfly.fetch.FetchProgress;
import io.dragonfly.home.FetchRecord;
import io.dragonfly.home.FetchStep;
import io.dragonfly.task.TaskId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class ExplainTest {
  private static FetchRecord record(Duration queued, List<FetchStep> steps) {
    return new FetchRecord(
        new TaskId("a".repeat(64)),
        "https://host/file",
        Optional.empty(),
        Instant.EPOCH,
        Duration.ofSeconds(100),
        new FetchProgress(OptionalLong.of(10), 0, 10, 0, 0)
            .with(Optional.empty(), queued, Duration.ZERO),
        Optional.empty(),
        List.of(),
        steps,
        0);
  }

  private static String text(FetchRecord record) {
    return new ExplainText(record, Glyphs.of(Map.of())).toString();
  }

  @Test
  void theTimeInQueuesIsTold() {
    FetchStep wait =
        new FetchStep(
            FetchStep.Kind.QUEUED,
            Duration.ofSeconds(90),
            Duration.ofSeconds(90),
            1,
            Optional.empty(),
            Optional.empty(),
            "7th of 12 downloads from this source, for 85 s");
    FetchRecord record = record(Duration.ofSeconds(85), List.of(wait));

    assertThat(text(record).lines())
        .contains("queued for 85.00 s of that time")
        .contains("  at 90.00 s  queued: 7th of 12 downloads from this source, for 85 s");
    assertThat(ExplainJson.of(List.of(record)))
        .contains("\"queuedSeconds\":85.0")
        .contains("\"kind\":\"queued\"");
  }

  @Test
  void aFetchThatDidNotWaitSaysNothingOfQueues() {
    assertThat(text(record(Duration.ZERO, List.of()))).doesNotContain("queued");
  }
}

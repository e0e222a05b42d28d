package io.dragonfly.internal.history;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.testkit.Fuzz;
import java.io.IOException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Records of fetches after a disk or a user has damaged them. */
@Tag("fuzz")
class HistoryFuzzTest {
  private static final String HONEST =
      """
      {"format":1,"fetches":[{"task":"%s","url":"https://a/b","output":{"path":"/c","length":5,\
      "modified":1700000000000},"start":1700000000000,"nanos":5,"length":5,"fromPeers":1,\
      "fromSupernode":2,"fromSource":2,"fromStore":0,"queuedNanos":1,"failure":{"kind":"NO_PROGRESS",\
      "message":"m"},"parents":[{"parent":{"kind":"PEER","address":"192.0.2.1:1","zone":"a"},\
      "bytes":1,"pieces":1,"busyNanos":1,"failures":[{"outcome":"STALLED","count":1,"reason":""}]}],\
      "steps":[],"stepsLeftOut":0}]}\
      """
          .formatted("ab".repeat(32));

  @Test
  void aHistoryIsReadOrRefused() {
    Fuzz.Counts counts =
        Fuzz.of("{}[]\",:0123456789-eE.", HONEST)
            .run(
                input -> {
                  assertThat(HistoryJson.read(input)).isNotNull();
                  return true;
                },
                IOException.class);
    assertThat(counts.accepted()).isPositive();
    assertThat(counts.refused()).isPositive();
  }
}

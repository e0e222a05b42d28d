package io.dragonfly.spi;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.ClientConfig;
import io.dragonfly.task.ContentRequest;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SourceRequestTest {
  @ParameterizedTest
  @CsvSource({"PT2S, PT6S", "PT10S, PT30S", "PT15S, PT30S", "PT60S, PT60S"})
  void anAnswerMayTakeThreeTimesAsLongAsAByteUpToThirtySeconds(Duration stall, Duration answer) {
    ContentRequest content = ContentRequest.of(URI.create("https://source.test/a"));
    SourceRequest request = new SourceRequest(content, stall, Requester.THIS_PROCESS);
    assertThat(request.answerTimeout()).isEqualTo(answer);
  }

  @Test
  void aSourceMayBeSilentForTenSecondsUnlessSet() {
    assertThat(ClientConfig.builder().build().sourceStallTimeout())
        .isEqualTo(Duration.ofSeconds(10));
  }
}

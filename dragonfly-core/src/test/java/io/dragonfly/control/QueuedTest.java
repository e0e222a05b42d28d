package io.dragonfly.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.control.Queued.Reason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QueuedTest {
  @ParameterizedTest
  @CsvSource({"1,1st", "2,2nd", "3,3rd", "7,7th", "11,11th", "12,12th", "21,21st", "113,113th"})
  void thePlaceIsAnOrdinalNumber(int place, String ordinal) {
    assertThat(new Queued(Reason.SOURCE, place, 200))
        .hasToString("queued: " + ordinal + " of 200 downloads from this source");
  }

  @Test
  void whatIsWaitedForIsSaidAlsoWithoutAPlace() {
    assertThat(Queued.of(Reason.SOURCE)).hasToString("queued: the source is slow or busy");
    assertThat(Queued.of(Reason.UPLINK)).hasToString("queued: all uplinks are in use");
    assertThat(Queued.of(Reason.LIMIT)).hasToString("queued: a rate limit is reached");
    assertThat(new Queued(Reason.UPLINK, 2, 3)).hasToString("queued: 2nd of 3 tasks for an uplink");
  }

  @Test
  void aPlaceIsInItsQueue() {
    assertThatThrownBy(() -> new Queued(Reason.SOURCE, 3, 2))
        .isInstanceOf(IllegalArgumentException.class);
  }
}

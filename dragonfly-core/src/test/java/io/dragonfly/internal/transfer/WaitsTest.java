package io.dragonfly.internal.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.Queued;
import io.dragonfly.control.Queued.Reason;
import io.dragonfly.testkit.FakeTicker;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class WaitsTest {
  private static final Optional<Queued> SOURCE = Optional.of(new Queued(Reason.SOURCE, 7, 12));
  private static final Optional<Queued> UPLINK = Optional.of(Queued.of(Reason.UPLINK));

  private final FakeTicker ticker = new FakeTicker();
  private final Waits waits = new Waits(ticker);
  private long byteNanos = ticker.getAsLong();

  private Optional<Waits.Ended> report(Optional<Queued> queued) {
    return waits.reported(queued, byteNanos);
  }

  private void pass(int seconds) {
    ticker.advance(Duration.ofSeconds(seconds));
  }

  @Test
  void aWaitLastsFromItsFirstReportToTheOneWithoutIt() {
    pass(3);
    assertThat(report(SOURCE)).isEmpty();
    pass(5);
    assertThat(report(UPLINK)).isEmpty();
    assertThat(waits.now()).isEqualTo(UPLINK);
    pass(2);
    assertThat(report(Optional.empty()))
        .contains(new Waits.Ended(UPLINK.get(), Duration.ofSeconds(7)));

    assertThat(waits.now()).isEmpty();
    assertThat(waits.total()).hasSeconds(7);
    assertThat(waits.last()).contains("\"queued: all uplinks are in use\" 0 s ago");
    assertThat(report(Optional.empty())).isEmpty();
  }

  @Test
  void aReportThatIsOlderThanTheLeaseCountsNoMore() {
    report(SOURCE);
    pass(14);
    assertThat(waits.now()).isEqualTo(SOURCE);
    assertThat(waits.total()).hasSeconds(14);
    pass(1);
    assertThat(waits.now()).isEmpty();
    assertThat(waits.total()).isZero();

    assertThat(report(SOURCE)).contains(new Waits.Ended(SOURCE.get(), Duration.ZERO));
    pass(1);
    assertThat(waits.total()).hasSeconds(1);
  }

  @Test
  void severalWaitsWithoutAByteAreOneWait() {
    report(SOURCE);
    pass(10);
    report(Optional.empty());
    pass(30);
    report(SOURCE);
    pass(5);
    assertThat(waits.sinceByte(byteNanos)).hasSeconds(15);

    byteNanos = ticker.getAsLong();
    pass(2);
    assertThat(waits.sinceByte(byteNanos)).hasSeconds(2);
    report(SOURCE);
    pass(3);
    assertThat(waits.sinceByte(byteNanos)).hasSeconds(5);
    assertThat(waits.total()).hasSeconds(20);
  }
}

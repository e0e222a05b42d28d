package io.dragonfly.internal.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.error.FetchCancelledException;
import io.dragonfly.fetch.FetchListener;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.internal.history.History;
import io.dragonfly.internal.loop.Timers;
import io.dragonfly.internal.serve.ProcessMonitor;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.MemoryStorage;
import io.dragonfly.testkit.UnlimitedRates;
import java.net.InetAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
@ExtendWith(LeakCheck.class)
class ClosedEngineTest {
  @TempDir Path dir;

  @Test
  void aFetchThatComesWhenTheEngineIsClosedFails() throws Exception {
    Duration time = Duration.ofSeconds(5);
    try (Timers timers = Timers.system("dragonfly-timer");
        MemoryStorage storage = new MemoryStorage();
        FakeSource source = new FakeSource()) {
      TransferEngine engine =
          new TransferEngine(
              new Setup(
                  new Setup.Self(
                      PeerSecret.random(new SecureRandom()),
                      InetAddress.getLoopbackAddress(),
                      0,
                      "",
                      false),
                  new Setup.Plugins(
                      storage, Optional.empty(), scheme -> source, new UnlimitedRates()::create),
                  new Setup.Supernodes(
                      Optional.empty(),
                      List.of(),
                      Optional.empty(),
                      KeptTickets.in(dir.resolve("tickets"), Clock.systemUTC())),
                  new Setup.Limits(
                      new UnlimitedRates().create(Optional.empty()),
                      new UnlimitedRates().create(Optional.empty()),
                      32 << 20,
                      Long.MAX_VALUE,
                      Duration.ZERO),
                  new TransferTimes(time, time, time, time, time, time, time),
                  FetchListener.NONE,
                  new History(dir),
                  new ProcessMonitor(
                      () -> true, Optional.empty(), List.of(), (from, token) -> false),
                  timers));
      engine.close();
      FetchRequest request = FetchRequest.builder("https://source.test/a").build();
      assertThat(engine.start(request).completion())
          .failsWithin(10, TimeUnit.SECONDS)
          .withThrowableThat()
          .withCauseInstanceOf(FetchCancelledException.class);
      assertThatThrownBy(() -> engine.open(request)).isInstanceOf(FetchCancelledException.class);
    }
  }
}

package io.dragonfly.examples.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.examples.dfget.PeerSettings;
import io.dragonfly.examples.thin.StartLock;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The end of a background peer, with a process that waits to take its place. */
@Timeout(120)
class RunningServerTest {
  @TempDir Path dir;

  private boolean isFree(Path home) throws IOException {
    try (StartLock lock = StartLock.take(home.toFile(), 200)) {
      assertThat(lock).isNotNull();
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void anotherProcessWaitsForTheStartLockUntilTheHomeIsFree() throws Exception {
    Path home = dir.resolve("home");
    CountDownLatch closed = new CountDownLatch(1);
    AtomicBoolean wasFree = new AtomicBoolean();
    PeerSettings settings =
        new PeerSettings(
            ClientConfig.builder().home(home).build(),
            Optional.of(Duration.ofMillis(1)),
            Optional.of(Duration.ofHours(1)));
    RunningServer server =
        ServerStart.start(
            settings,
            client ->
                () -> {
                  wasFree.set(isFree(home));
                  closed.countDown();
                },
            started -> {});

    server.run();

    assertThat(closed.getCount()).isZero();
    assertThat(wasFree).as("the lock was free while the peer ended").isFalse();
    assertThat(isFree(home)).isTrue();
    new DistributionClient(settings.client()).close(); // and so is the home
  }
}

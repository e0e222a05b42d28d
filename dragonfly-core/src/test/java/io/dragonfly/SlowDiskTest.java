package io.dragonfly;

import static io.dragonfly.ClientFixture.PIECE;
import static io.dragonfly.ClientFixture.URI_A;
import static io.dragonfly.ClientFixture.await;
import static io.dragonfly.ClientFixture.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.contract.ForwardingStorage;
import io.dragonfly.fetch.ClientState;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchListener;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.testkit.FakeSupernode;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.MemoryStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A peer whose disk takes nothing for a while. */
@ExtendWith(LeakCheck.class)
class SlowDiskTest {
  /** What a piece that waits takes up, be it smaller. */
  private static final int BUFFER = 256 << 10;

  @TempDir Path dir;

  private final CountDownLatch goesOn = new CountDownLatch(1);
  private ClientFixture fixture;
  private volatile Supplier<ClientState> state;

  @BeforeEach
  void begin() {
    fixture = new ClientFixture(dir);
  }

  @AfterEach
  void end() throws Exception {
    goesOn.countDown();
    fixture.close();
  }

  /** Keeps who writes waiting. */
  private final class Disk extends ForwardingStorage.ForwardingTask {
    Disk(StoredTask right) {
      super(right);
    }

    private void await() throws IOException {
      try {
        if (!goesOn.await(60, TimeUnit.SECONDS)) {
          throw new IOException("nobody let the disk go on");
        }
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
    }

    @Override
    public void write(long offset, ByteBuffer data) throws IOException {
      await();
      super.write(offset, data);
    }

    @Override
    public void write(long offset, List<ByteBuffer> adjoining) throws IOException {
      await();
      super.write(offset, adjoining);
    }
  }

  @Test
  void tellsHowMuchMemoryWaitsForIt() {
    byte[] content = bytes(4 * PIECE);
    FakeSupernode supernode = fixture.supernode();
    supernode.put(URI_A, content);
    DistributionClient client =
        fixture.start(
            fixture
                .of(supernode)
                .storage(new ForwardingStorage(new MemoryStorage(), Disk::new))
                .listener(
                    new FetchListener() {
                      @Override
                      public void opened(Supplier<ClientState> now) {
                        state = now;
                      }
                    }));
    assertThat(state.get().bufferBytes()).isZero();

    Fetch fetch = client.start(fixture.request().build());

    await(() -> state.get().bufferBytes() == 4 * BUFFER);
    assertThat(fetch.completion()).isNotDone();
    goesOn.countDown();
    assertThat(fetch.completion()).succeedsWithin(Duration.ofSeconds(10));
    await(() -> state.get().bufferBytes() == 0);
    assertThat(fixture.output()).hasBinaryContent(content);
  }
}

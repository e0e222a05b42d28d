package io.dragonfly;

import static io.dragonfly.ClientFixture.PIECE;
import static io.dragonfly.ClientFixture.URI_A;
import static io.dragonfly.ClientFixture.await;
import static io.dragonfly.ClientFixture.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.contract.ForwardingStorage;
import io.dragonfly.error.StorageException;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.testkit.FakeSupernode;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.MemoryStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A peer whose disk gives out in the middle of a content, and is mended. */
@ExtendWith(LeakCheck.class)
class BrokenDiskTest {
  private static final byte[] CONTENT = bytes(5 * PIECE);
  private static final long BROKEN_FROM = 2 * PIECE;

  @TempDir Path dir;

  private ClientFixture fixture;
  private volatile boolean isBroken = true;

  @BeforeEach
  void begin() {
    fixture = new ClientFixture(dir);
  }

  @AfterEach
  void end() throws Exception {
    fixture.close();
  }

  /** Takes the first two pieces, and no more until it is mended. */
  private final class Disk extends ForwardingStorage.ForwardingTask {
    Disk(StoredTask right) {
      super(right);
    }

    private void check(long end) throws IOException {
      if (isBroken && end > BROKEN_FROM) {
        throw new IOException("Input/output error");
      }
    }

    @Override
    public void write(long offset, ByteBuffer data) throws IOException {
      check(offset + data.remaining());
      super.write(offset, data);
    }

    @Override
    public void write(long offset, List<ByteBuffer> adjoining) throws IOException {
      check(offset + adjoining.stream().mapToLong(ByteBuffer::remaining).sum());
      super.write(offset, adjoining);
    }
  }

  private void failsAndIsMended(ClientConfig.Builder config) {
    DistributionClient client =
        fixture.start(config.storage(new ForwardingStorage(new MemoryStorage(), Disk::new)));
    assertThatThrownBy(() -> client.fetch(fixture.request().build()))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("Input/output error");
    assertThat(fixture.output()).doesNotExist();
    // The caller is told first; the stream is closed by the thread that reads it.
    await(() -> fixture.source.openStreams() == 0);

    isBroken = false;
    client.fetch(fixture.request().build());
    assertThat(fixture.output()).hasBinaryContent(CONTENT);
  }

  @Test
  void endsTheReadOfASourceTyped() {
    fixture.source.put(URI_A, CONTENT);

    failsAndIsMended(fixture.alone());
  }

  @Test
  void endsATakeFromASwarmTyped() {
    FakeSupernode supernode = fixture.supernode();
    supernode.put(URI_A, CONTENT);

    failsAndIsMended(fixture.of(supernode));
    assertThat(fixture.source.opened()).as("it is no reason to ask the source").isEmpty();
  }
}

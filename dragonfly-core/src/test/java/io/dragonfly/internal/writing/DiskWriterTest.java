package io.dragonfly.internal.writing;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.task.Task;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.MemoryStorage;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
@Timeout(60)
class DiskWriterTest {
  private static final int PIECE = PieceLayout.MIN_PIECE_LENGTH;

  private final MemoryStorage storage = new MemoryStorage();
  private final DiskWriter writer = new DiskWriter("dragonfly-disk");

  @AfterEach
  void close() throws Exception {
    writer.close();
    storage.close();
  }

  /** A piece whose owner lacks a class, as a plug-in may. */
  private static final class Piece implements DiskWriter.Writing {
    private final boolean isBroken;
    private final BlockingQueue<String> seen = new LinkedBlockingQueue<>();

    Piece(boolean isBroken) {
      this.isBroken = isBroken;
    }

    @Override
    public boolean mayBeWritten() {
      if (isBroken) {
        throw new NoClassDefFoundError("plugin/Missing");
      }
      return true;
    }

    @Override
    public void written(ByteBuffer data) {
      seen.add("written");
    }

    @Override
    public void fail(Exception e) {
      seen.add("failed");
    }

    @Override
    public void throwIfFailed() {}

    String next() throws InterruptedException {
      return String.valueOf(seen.poll(20, TimeUnit.SECONDS));
    }
  }

  private StoredTask task(String name) throws IOException {
    return storage.create(
        Task.of(
            ContentRequest.of(URI.create("fake://host/" + name)).key(),
            new SourceVersion(Optional.of("\"1\""), OptionalLong.of(2 * PIECE)),
            Optional.empty(),
            ""));
  }

  @Test
  void anErrorInOnePieceLeavesTheThreadToTheOthers() throws Exception {
    StoredTask broken = task("broken");
    Piece piece = new Piece(true);
    writer.write(piece, broken, 0, ByteBuffer.allocate(PIECE));

    assertThat(writer.run(broken, () -> {})).succeedsWithin(20, TimeUnit.SECONDS);
    assertThat(List.of(piece.next(), piece.next())).containsExactly("failed", "written");

    Piece good = new Piece(false);
    writer.write(good, task("good"), 0, ByteBuffer.allocate(PIECE));
    assertThat(good.next()).isEqualTo("written");
  }
}

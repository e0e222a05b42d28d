package io.dragonfly.internal.transfer.intake;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.Parent;
import io.dragonfly.internal.loop.EventLoop;
import io.dragonfly.internal.loop.Timers;
import io.dragonfly.internal.writing.BufferPool;
import io.dragonfly.internal.writing.DiskWriter;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.PieceRequest;
import io.dragonfly.spi.RateLimiter;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.spi.Transport;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Digest;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskKey;
import io.dragonfly.testkit.FakeTicker;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.MemoryStorage;
import io.dragonfly.testkit.UnlimitedRates;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Which piece is taken next where more wait than may be taken at once. */
@ExtendWith(LeakCheck.class)
class DownloadQueueTest {
  private static final int PIECE = PieceLayout.MIN_PIECE_LENGTH;
  private static final PeerId ONE = new PeerId("1".repeat(32));
  private static final PeerId OTHER = new PeerId("2".repeat(32));

  private final FakeTicker ticker = new FakeTicker();
  private final Timers timers = new Timers(ticker.timer(), ticker);
  private final EventLoop loop = new EventLoop("dragonfly-engine", timers);
  private final DiskWriter writer = new DiskWriter("dragonfly-disk");
  private final MemoryStorage storage = new MemoryStorage();
  private final StoredTask first = storage.create(task("a"));
  private final StoredTask late = storage.create(task("b"));
  private final List<String> started = new ArrayList<>();
  private final DownloadQueue line = new DownloadQueue(2, 2);

  @AfterEach
  void close() {
    loop.close();
    writer.close();
    timers.close();
  }

  private static Task task(String name) {
    return Task.of(
        new TaskKey(name.repeat(64)),
        new SourceVersion(Optional.of("\"1\""), OptionalLong.of(64 * PIECE)),
        Optional.empty(),
        "");
  }

  private PieceDownload add(StoredTask stored, PeerId parent, String name) {
    PieceTransport child =
        (request, sink) -> {
          started.add(name);
          return new Endless();
        };
    DownloadContext lane =
        new DownloadContext(
            new DownloadContext.Engine(
                loop, child, new BufferPool(2), writer, Duration.ofSeconds(5)),
            stored,
            new Throttle(unlimited(), unlimited()),
            bytes -> {});
    InetAddress here = InetAddress.getLoopbackAddress();
    Peer peer = new Peer(parent, new InetSocketAddress(here, 1), "");
    PieceRequest request =
        new PieceRequest(
            peer,
            stored.task().id(),
            ByteRange.of(0, PIECE),
            OptionalLong.empty(),
            parent,
            here,
            "");
    Digest digest = Digest.of(Digest.newSha256());
    PieceDownload take =
        new PieceDownload(
            lane,
            new PieceDownload.Order(0, new Parent(0, peer, ""), request, Optional.of(digest)),
            new FirstByte(),
            Duration.ofSeconds(5),
            (ended, end) -> {});
    line.add(take);
    return take;
  }

  private static RateLimiter unlimited() {
    return new UnlimitedRates().create(Optional.empty());
  }

  private void onLoop(Runnable task) throws Exception {
    CompletableFuture<Void> done = new CompletableFuture<>();
    loop.execute(
        () -> {
          task.run();
          done.complete(null);
        });
    done.get(10, TimeUnit.SECONDS);
  }

  private void end(PieceDownload take) {
    take.cancel();
    line.ended(take);
  }

  @Test
  void aLateTaskTakesFromAParentInTurn() throws Exception {
    onLoop(
        () -> {
          List<PieceDownload> many = new ArrayList<>();
          for (int i = 0; i < 60; i++) {
            many.add(add(first, ONE, "many"));
          }
          add(late, ONE, "late");
          end(many.get(0));
          end(many.get(1));
        });
    assertThat(started).containsExactly("many", "many", "many", "late");
  }

  @Test
  void aLateParentIsAskedInTurn() throws Exception {
    onLoop(
        () -> {
          List<PieceDownload> many = new ArrayList<>();
          for (int i = 0; i < 60; i++) {
            many.add(add(first, ONE, "many"));
          }
          add(first, OTHER, "late");
          end(many.get(0));
        });
    assertThat(started).containsExactly("many", "many", "late");
  }

  @Test
  void aTakeThatIsCancelledWhileItWaitsIsNotStarted() throws Exception {
    onLoop(
        () -> {
          PieceDownload running = add(first, ONE, "1");
          add(first, ONE, "2");
          end(add(first, ONE, "3"));
          add(first, ONE, "4");
          end(running);
        });
    assertThat(started).containsExactly("1", "2", "4");
  }

  private static final class Endless implements Transport.Take {
    @Override
    public void pause() {}

    @Override
    public void resume() {}

    @Override
    public void cancel() {}
  }
}

package io.dragonfly.internal.cdn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.dragonfly.contract.ForwardingStorage;
import io.dragonfly.error.NoSpaceException;
import io.dragonfly.error.SourceChangedException;
import io.dragonfly.error.StorageException;
import io.dragonfly.spi.Requester;
import io.dragonfly.spi.SourceConfig;
import io.dragonfly.spi.Storage;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.FakeTicker;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.MemoryStorage;
import io.dragonfly.testkit.UnlimitedRates;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a cache gives up to make room, and what never. */
@ExtendWith(LeakCheck.class)
class CacheEvictionTest {
  private static final int PIECE = PieceLayout.MIN_PIECE_LENGTH;
  private static final int BIG_PIECE = PieceLayout.UNKNOWN_LENGTH_PIECE;

  private final FakeTicker ticker = new FakeTicker();
  private final FakeSource source = new FakeSource();
  private final Sources sources = new Sources(Map.of("fake", source), new SourceConfig("test"));
  private final RecordingListener heard = new RecordingListener();
  private Storage storage = new MemoryStorage();
  private CdnCache cache = start(Long.MAX_VALUE, Duration.ZERO);

  private CdnCache start(long quotaBytes, Duration taskTtl) {
    CdnSettings settings =
        CdnSettings.of(
            Duration.ofSeconds(30),
            Duration.ofSeconds(60),
            new UnlimitedRates().create(Optional.empty()),
            new CdnSettings.Keeping(quotaBytes, taskTtl, 0));
    return new CdnCache(
        storage,
        sources,
        settings,
        new CdnCache.Time(ticker.clock(), ticker, ticker, ticker.timer()),
        heard);
  }

  private void restart(Storage other, long quotaBytes, Duration taskTtl) {
    cache.close();
    storage = other;
    cache = start(quotaBytes, taskTtl);
  }

  @AfterEach
  void close() {
    cache.close();
    sources.close();
    assertThat(source.openStreams()).isZero();
  }

  @Test
  void whatWasUsedLongestAgoMakesRoomOnTheDisk() {
    restart(new MemoryStorage(4 * PIECE), Long.MAX_VALUE, Duration.ZERO);
    TaskId first = readAndLetGo("first", 2 * PIECE);
    TaskId second = readAndLetGo("second", 2 * PIECE);
    cache.used(first);
    ticker.advance(Duration.ofSeconds(1));

    TaskId third = readAndLetGo("third", 2 * PIECE);

    assertThat(storage.find(second)).isEmpty();
    assertThat(storage.find(first)).isPresent();
    assertThat(storage.find(third)).isPresent();
    assertThat(heard.deleted()).containsExactly(second);
  }

  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aDiskThatIsFullAlthoughItHasFreeBytesIsNotTriedForEver() {
    MemoryStorage disk = new MemoryStorage();
    restart(disk, Long.MAX_VALUE, Duration.ZERO);
    TaskId first = readAndLetGo("first", PIECE);
    TaskId second = readAndLetGo("second", PIECE);
    disk.limitTasks(2, () -> new NoSpaceException("Disk quota exceeded", 1, 1 << 30, null));
    TaskId third = readAndLetGo("third", PIECE);
    assertThat(storage.find(first)).isEmpty();
    assertThat(storage.find(second)).isPresent();
    assertThat(storage.find(third)).isPresent();

    disk.limitTasks(0, () -> new NoSpaceException("Disk quota exceeded", 1, 1 << 30, null));
    assertThatThrownBy(() -> prepare("fourth", PIECE)).hasMessage("Disk quota exceeded");
  }

  @Test
  void aDiskThatTakesNoByteAlthoughItHasFreeOnesIsNotTriedForEverEither() {
    DamagedStorage damaged = new DamagedStorage();
    restart(damaged, Long.MAX_VALUE, Duration.ZERO);
    for (int i = 0; i < 6; i++) {
      readAndLetGo("old" + i, PIECE);
    }
    damaged.fail(new NoSpaceException("Disk quota exceeded", 1, 1 << 30, null));
    heard.clear();
    int opened = source.opened().size();
    prepare("new", 2 * PIECE).read(access("new"), Optional.empty());

    assertThat(heard.awaitFailure()).hasMessage("Disk quota exceeded");
    // The source is read again each time that some are evicted, and each time more are.
    assertThat(source.opened()).hasSizeBetween(opened + 2, opened + 4);
    assertThat(storage.tasks()).isEmpty();
  }

  @Test
  void theQuotaHoldsHoweverMuchRoomTheDiskHas() {
    restart(storage, 4 * PIECE, Duration.ZERO);
    TaskId first = readAndLetGo("first", 2 * PIECE);
    TaskId second = readAndLetGo("second", 2 * PIECE);
    TaskId third = readAndLetGo("third", 3 * PIECE);
    assertThat(storage.find(first)).isEmpty();
    assertThat(storage.find(second)).isEmpty();
    assertThat(storage.find(third)).isPresent();

    assertThatThrownBy(() -> prepare("fourth", 4 * PIECE + 1))
        .isInstanceOf(NoSpaceException.class)
        .hasMessageContaining("quota");
    assertThat(storage.find(third)).as("given up in vain").isPresent();
  }

  @Test
  void whatEarlierProcessesLeftCountsToo() {
    readAndLetGo("first", 2 * PIECE);
    restart(storage, 3 * PIECE, Duration.ZERO);
    readAndLetGo("second", 2 * PIECE);
    assertThat(storage.tasks()).hasSize(1);
  }

  @Test
  void aTaskOfWhichAFileStaysCountsNoLonger() {
    ForwardingStorage failing =
        new ForwardingStorage(new MemoryStorage(), task -> task) {
          @Override
          public void delete(TaskId id) throws IOException {
            super.delete(id);
            throw new IOException("a file of it stays");
          }
        };
    restart(failing, 3 * PIECE, Duration.ZERO);
    readAndLetGo("first", 2 * PIECE);

    assertThatThrownBy(() -> prepare("second", 2 * PIECE)).isInstanceOf(NoSpaceException.class);

    assertThat(cache.kept().bytes()).isZero();
    readAndLetGo("second", 2 * PIECE);
  }

  @Test
  void whoLetsGoOfATaskThatWasMadeAnewLeavesItsAccountAlone() {
    restart(storage, 4 * PIECE, Duration.ZERO);
    CdnTask old = prepare("file", 2 * PIECE);
    cache.readFailed(old, new SourceChangedException("it changed"));
    CdnTask now = cache.prepare(old.task());
    old.release(false);
    assertThat(cache.kept().bytes()).isEqualTo(2 * PIECE);
    now.release(true);
    assertThat(cache.kept().bytes()).isZero();
  }

  @Test
  void whatIsWantedOrReadOrPinnedIsNeverGivenUp() throws IOException {
    restart(storage, 6 * PIECE, Duration.ZERO);
    CdnTask wanted = read("wanted", 2 * PIECE);
    heard.want(wanted.task().id());
    TaskId pinned = readAndLetGo("pinned", PIECE);
    storage.find(pinned).orElseThrow().pin(true);
    source.put(uri("reading"), CdnFixture.bytes(3 * PIECE)).stallAt(uri("reading"), PIECE);
    CdnTask reading = prepare("reading", 3 * PIECE);
    reading.read(access("reading"), Optional.empty());
    await().until(() -> reading.pieces().cardinality() == 1);

    assertThatThrownBy(() -> prepare("late", 2 * PIECE)).isInstanceOf(NoSpaceException.class);
    assertThat(storage.tasks()).hasSize(3);

    storage.find(pinned).orElseThrow().pin(false);
    heard.unwant(wanted.task().id());
    assertThat(readAndLetGo("late", 2 * PIECE)).isNotNull();
    source.resume(uri("reading"));
    await().until(reading::isComplete);
  }

  @Test
  void theDigestsOfATaskThatPeersHoldStay() {
    restart(new MemoryStorage(2 * PIECE), Long.MAX_VALUE, Duration.ZERO);
    CdnTask held = read("held", 2 * PIECE);
    readAndLetGo("other", 2 * PIECE);

    assertThat(heard.evicted()).containsExactly(held.task().id());
    assertThat(held.pieces().isEmpty()).isTrue();
    assertThat(held.digest(1)).isPresent();
    heard.clear();
    cache.prepare(held.task()).read(access("held"), Optional.empty());
    heard.awaitCompleted();
    assertThat(held.isComplete()).isTrue();
  }

  @Test
  void aContentThatGrowsMakesRoomInTheMiddleToo() {
    restart(new MemoryStorage(3 * BIG_PIECE), Long.MAX_VALUE, Duration.ZERO);
    TaskId old = readAndLetGo("old", BIG_PIECE);
    source.put(uri("grows"), CdnFixture.bytes(3 * BIG_PIECE)).withoutLength(uri("grows"));
    CdnTask grows = cache.prepare(task("grows"));
    grows.read(access("grows"), Optional.empty());
    await().until(grows::isComplete);
    assertThat(storage.find(old)).isEmpty();
    assertThat(source.opened()).as("the stream goes on").hasSize(2);
  }

  @Test
  void aContentThatGrowsBeyondTheQuotaFailsAndLeavesNothing() {
    restart(storage, 2 * BIG_PIECE, Duration.ZERO);
    source.put(uri("grows"), CdnFixture.bytes(4 * BIG_PIECE)).withoutLength(uri("grows"));
    cache.prepare(task("grows")).read(access("grows"), Optional.empty());
    assertThat(heard.awaitFailure()).isInstanceOf(NoSpaceException.class);
    assertThat(source.opened()).hasSize(1);
    assertThat(storage.tasks()).isEmpty();
  }

  @Test
  void aDiskThatFailsLeavesNothingAndTheNextTaskIsFine() throws Exception {
    DamagedStorage damaged = new DamagedStorage();
    restart(damaged, 4 * PIECE, Duration.ZERO);
    source.put(uri("file"), CdnFixture.bytes(3 * PIECE)).stallAt(uri("file"), PIECE);
    CdnTask task = cache.prepare(task("file"));
    task.read(access("file"), Optional.empty());
    await().until(() -> task.pieces().cardinality() == 1);
    damaged.fail(new IOException("I/O error"));
    source.resume(uri("file"));
    assertThat(heard.awaitFailure()).isInstanceOf(StorageException.class);
    assertThat(storage.tasks()).isEmpty();

    damaged.work();
    heard.clear();
    readAndLetGo("next", 4 * PIECE);
  }

  @Test
  void whatNobodyHasUsedForLongGoes() throws IOException {
    restart(storage, Long.MAX_VALUE, Duration.ofHours(1));
    cache.sweepFromNowOn();
    TaskId idle = readAndLetGo("idle", PIECE);
    TaskId used = readAndLetGo("used", PIECE);
    TaskId pinned = readAndLetGo("pinned", PIECE);
    storage.find(pinned).orElseThrow().pin(true);
    CdnTask wanted = read("wanted", PIECE);
    heard.want(wanted.task().id());
    ticker.advance(Duration.ofMinutes(50));
    cache.used(used);

    await()
        .until(
            () -> {
              // A sweep sets the next one when it has ended, on a thread of its own.
              ticker.advance(Duration.ofMinutes(1));
              return storage.find(idle).isEmpty();
            });
    assertThat(storage.find(used)).isPresent();
    assertThat(storage.find(pinned)).isPresent();
    assertThat(wanted.isComplete()).isTrue();
    assertThat(heard.deleted()).containsExactly(idle);
  }

  @Test
  void aHostWhoseReadsGetNoFurtherDoesNotKeepOthersWaiting() {
    for (int i = 0; i < 40; i++) {
      URI slow = URI.create("fake://slow/file" + i);
      source.put(slow, CdnFixture.bytes(2 * PIECE)).stallAt(slow, PIECE);
      ContentRequest content = ContentRequest.of(slow);
      cache
          .prepare(Task.of(content.key(), source.version(slow), Optional.empty(), ""))
          .read(new Access(content, Requester.THIS_PROCESS, "slow"), Optional.empty());
    }
    read("quick", 2 * PIECE);
  }

  @Test
  void usesSurviveARestart() {
    TaskId first = readAndLetGo("first", 2 * PIECE);
    TaskId second = readAndLetGo("second", 2 * PIECE);
    cache.used(first);
    restart(storage, 5 * PIECE, Duration.ZERO);
    readAndLetGo("third", 2 * PIECE);
    assertThat(storage.find(first)).isPresent();
    assertThat(storage.find(second)).isEmpty();
  }

  private static URI uri(String name) {
    return URI.create("fake://host/" + name);
  }

  private Task task(String name) {
    ContentRequest content = ContentRequest.of(uri(name));
    return Task.of(content.key(), source.version(uri(name)), Optional.empty(), "");
  }

  private static Access access(String name) {
    return new Access(ContentRequest.of(uri(name)), Requester.THIS_PROCESS, name);
  }

  private CdnTask prepare(String name, int length) {
    source.put(uri(name), CdnFixture.bytes(length));
    return cache.prepare(task(name));
  }

  private CdnTask read(String name, int length) {
    CdnTask task = prepare(name, length);
    task.read(access(name), Optional.empty());
    await().until(task::isComplete);
    await().until(() -> !task.isReading());
    ticker.advance(Duration.ofSeconds(1)); // so that no two are used at the same time
    return task;
  }

  private TaskId readAndLetGo(String name, int length) {
    CdnTask task = read(name, length);
    task.release(false);
    ticker.advance(Duration.ofSeconds(1));
    return task.task().id();
  }
}

package io.dragonfly;

import static io.dragonfly.ClientFixture.PIECE;
import static io.dragonfly.ClientFixture.URI_A;
import static io.dragonfly.ClientFixture.await;
import static io.dragonfly.ClientFixture.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.error.NoSpaceException;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.home.CachedTask;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.MemoryStorage;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** How a client keeps its home within bounds by itself. */
@ExtendWith(LeakCheck.class)
class ClientEvictionTest {
  @TempDir Path dir;
  private ClientFixture fixture;

  @BeforeEach
  void begin() {
    fixture = new ClientFixture(dir);
  }

  @AfterEach
  void end() throws Exception {
    fixture.close();
  }

  private static URI uri(String name) {
    return URI.create("https://source.test/" + name);
  }

  private TaskId fetch(DistributionClient client, String name, int pieces) {
    fixture.source.put(uri(name), bytes(pieces * PIECE));
    TaskId task = client.fetch(FetchRequest.builder(uri(name)).build()).task();
    await(() -> client.tasks().stream().noneMatch(CachedTask::inUse));
    fixture.ticker.advance(Duration.ofSeconds(1));
    return task;
  }

  private static List<TaskId> held(DistributionClient client) {
    return client.tasks().stream().map(held -> held.task().id()).toList();
  }

  @Test
  void whereTheDiskIsFullWhatWasUsedLongestAgoMakesRoom() {
    try (MemoryStorage storage = new MemoryStorage(5 * PIECE)) {
      DistributionClient client = fixture.startInFakeTime(fixture.alone().storage(storage));
      TaskId first = fetch(client, "a", 2);
      TaskId second = fetch(client, "b", 2);
      fetch(client, "a", 2); // a new version of it
      TaskId third = fetch(client, "c", 2);
      assertThat(held(client)).contains(third).doesNotContain(first, second).hasSize(2);
      assertThatThrownBy(() -> fetch(client, "d", 6)).isInstanceOf(NoSpaceException.class);
      assertThat(held(client)).as("removed in vain").hasSize(2);
      client.close();
    }
  }

  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aDiskThatIsFullAlthoughItHasFreeBytesIsNotTriedForEver() throws Exception {
    try (MemoryStorage storage = new MemoryStorage()) {
      DistributionClient client = fixture.startInFakeTime(fixture.alone().storage(storage));
      TaskId first = fetch(client, "a", 1);
      TaskId second = fetch(client, "b", 1);
      storage.limitTasks(2, () -> new NoSpaceException("Disk quota exceeded", 1, 1 << 30, null));
      TaskId third = fetch(client, "c", 1);
      assertThat(held(client)).containsExactlyInAnyOrder(second, third).doesNotContain(first);

      storage.limitTasks(0, () -> new NoSpaceException("Disk quota exceeded", 1, 1 << 30, null));
      assertThatThrownBy(() -> fetch(client, "d", 1)).hasMessage("Disk quota exceeded");
      client.close();
    }
  }

  @Test
  void aQuotaHoldsWhateverTheDiskHas() {
    DistributionClient client = fixture.startInFakeTime(fixture.alone().quotaBytes(3 * PIECE));
    TaskId first = fetch(client, "a", 2);
    TaskId second = fetch(client, "b", 1);
    TaskId third = fetch(client, "c", 1);
    assertThat(held(client)).containsExactlyInAnyOrder(second, third).doesNotContain(first);
    assertThatThrownBy(() -> fetch(client, "d", 4))
        .isInstanceOf(NoSpaceException.class)
        .hasMessageContaining("quota");
  }

  @Test
  void whatIsFetchedNeverMakesRoom() throws Exception {
    DistributionClient client = fixture.startInFakeTime(fixture.alone().quotaBytes(3 * PIECE));
    fixture.source.put(URI_A, bytes(2 * PIECE)).stallAt(URI_A, PIECE);
    Fetch running = client.start(fixture.request().build());
    fixture.source.awaitStalled(URI_A);
    await(() -> running.progress().bytes() == PIECE);
    assertThatThrownBy(() -> fetch(client, "b", 3)).isInstanceOf(NoSpaceException.class);
    fixture.source.resume(URI_A);
    assertThat(running.completion().get(20, TimeUnit.SECONDS).length()).isEqualTo(2 * PIECE);
  }

  @Test
  void whatIsStillToComeOfAnotherFetchCountsForTheQuota() throws Exception {
    DistributionClient client = fixture.startInFakeTime(fixture.alone().quotaBytes(3 * PIECE));
    fixture.source.put(URI_A, bytes(2 * PIECE)).stallAt(URI_A, 0);
    Fetch running = client.start(fixture.request().build());
    await(() -> client.tasks().stream().anyMatch(CachedTask::inUse));
    assertThatThrownBy(() -> fetch(client, "b", 2)).isInstanceOf(NoSpaceException.class);
    fixture.source.put(uri("c"), bytes(PIECE));
    client.fetch(FetchRequest.builder(uri("c")).build());
    running.cancel();
    await(() -> client.tasks().stream().noneMatch(CachedTask::inUse));
    fixture.source.resume(URI_A);
    fetch(client, "b", 2);
  }

  @Test
  void whatNobodyUsesGoesByItselfWholeOrNot() throws Exception {
    DistributionClient client =
        fixture.startInFakeTime(fixture.alone().taskTtl(Duration.ofHours(8)));
    fetch(client, "whole", 1);
    fixture.source.put(URI_A, bytes(2 * PIECE)).stallAt(URI_A, PIECE);
    Fetch part = client.start(fixture.request().build());
    fixture.source.awaitStalled(URI_A);
    await(() -> part.progress().bytes() == PIECE);
    part.cancel();
    fixture.source.resume(URI_A);
    await(() -> client.tasks().stream().noneMatch(CachedTask::inUse));

    fixture.ticker.advance(Duration.ofHours(7));
    TaskId young = fetch(client, "young", 1);
    assertThat(held(client)).hasSize(3);
    fixture.ticker.advance(Duration.ofHours(2));
    // A look that falls into these hours may be the last one, and too early for one of the two.
    fixture.advanceUntil(Duration.ofSeconds(10), () -> held(client).equals(List.of(young)));
  }

  @Test
  void usesOfEarlierProcessesCount() {
    try (DistributionClient first = new DistributionClient(fixture.alone().build())) {
      fetch(first, "a", 1);
    }
    DistributionClient second =
        fixture.startInFakeTime(fixture.alone().taskTtl(Duration.ofHours(8)));
    assertThat(second.tasks()).hasSize(1);
    fixture.ticker.advance(Duration.ofHours(7));
    assertThat(second.tasks()).hasSize(1);
    fixture.ticker.advance(Duration.ofHours(2));
    fixture.advanceUntil(Duration.ofSeconds(10), () -> second.tasks().isEmpty());
  }
}

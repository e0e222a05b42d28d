package io.dragonfly;

import static io.dragonfly.ClientFixture.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import io.dragonfly.task.TaskKey;
import io.dragonfly.testkit.FakeSupernode;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.MemoryStorage;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A home may hold thousands of tasks: a fetch is not to look at each of them. */
@ExtendWith(LeakCheck.class)
class ManyTasksTest {
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

  @Test
  void aFetchFromTheSourceDoesNotListThem() throws Exception {
    try (CountingStorage storage = new CountingStorage()) {
      for (int i = 0; i < 3; i++) {
        fixture.source.put(uri(i), bytes(1000));
      }
      assertListsNothing(fixture.start(fixture.alone().storage(storage)), storage);
    }
  }

  @Test
  void aFetchThroughASupernodeDoesNotListThem() throws Exception {
    try (CountingStorage storage = new CountingStorage()) {
      FakeSupernode supernode = fixture.supernode();
      for (int i = 0; i < 3; i++) {
        supernode.put(uri(i), bytes(1000));
      }
      assertListsNothing(fixture.start(fixture.of(supernode).storage(storage)), storage);
    }
  }

  private void assertListsNothing(DistributionClient client, CountingStorage storage) {
    fetch(client, 0);
    int before = storage.listed.get();
    // What the first of them leaves to do on the store's thread is done before the second's task
    // is made there.
    fetch(client, 1);
    fetch(client, 2);
    assertThat(storage.listed.get()).isEqualTo(before);
  }

  private void fetch(DistributionClient client, int number) {
    client.fetch(FetchRequest.builder(uri(number)).output(fixture.output()).build());
  }

  private static URI uri(int number) {
    return URI.create("https://source.test/" + number);
  }

  private static final class CountingStorage implements Storage {
    private final MemoryStorage tasks = new MemoryStorage();
    private final AtomicInteger listed = new AtomicInteger();

    @Override
    public List<StoredTask> tasks() {
      listed.incrementAndGet();
      return tasks.tasks();
    }

    @Override
    public List<StoredTask> versions(TaskKey key) {
      return tasks.versions(key);
    }

    @Override
    public Optional<StoredTask> find(TaskId id) {
      return tasks.find(id);
    }

    @Override
    public StoredTask create(Task task) {
      return tasks.create(task);
    }

    @Override
    public void delete(TaskId id) {
      tasks.delete(id);
    }

    @Override
    public void close() {
      tasks.close();
    }
  }
}

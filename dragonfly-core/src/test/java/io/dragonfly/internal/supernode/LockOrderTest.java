package io.dragonfly.internal.supernode;

import static io.dragonfly.internal.supernode.TestPeer.get;
import static io.dragonfly.internal.supernode.TestSupernode.FILE;
import static io.dragonfly.internal.supernode.TestSupernode.OTHER;
import static io.dragonfly.internal.supernode.TestSupernode.PIECE;
import static io.dragonfly.internal.supernode.TestSupernode.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dragonfly.contract.ForwardingStorage;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.MemoryStorage;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MonitorInfo;
import java.lang.management.ThreadInfo;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The locks of the CDN cache come before those of the swarms. The cache calls its listener under
 * its own, and the storage whenever it has them: so nobody may come to the storage with a lock of
 * the swarms.
 */
@ExtendWith(LeakCheck.class)
class LockOrderTest {
  private final Set<String> calls = ConcurrentHashMap.newKeySet();
  private final Set<String> inWrongOrder = ConcurrentHashMap.newKeySet();
  private final FakeSource source = new FakeSource();
  private final TestSupernode supernode = start();

  private TestSupernode start() {
    TestSupernode.Setup setup = new TestSupernode.Setup().source(source);
    setup.storage = new Watched();
    return setup.start();
  }

  @AfterEach
  void close() {
    supernode.close();
  }

  private void called(String method) {
    calls.add(method);
    long[] me = {Thread.currentThread().getId()};
    ThreadInfo info = ManagementFactory.getThreadMXBean().getThreadInfo(me, true, false)[0];
    for (MonitorInfo held : info.getLockedMonitors()) {
      if (held.getClassName().startsWith(SwarmState.class.getPackageName() + ".")) {
        inWrongOrder.add(method + " under " + held.getClassName());
      }
    }
  }

  /** A storage with room for four pieces. */
  private final class Watched extends ForwardingStorage {
    Watched() {
      super(new MemoryStorage(4 * PIECE), UnaryOperator.identity());
    }

    @Override
    public Optional<StoredTask> find(TaskId id) {
      called("find");
      return super.find(id);
    }

    @Override
    public StoredTask create(Task task) throws IOException {
      called("create");
      return super.create(task);
    }

    @Override
    public void delete(TaskId id) throws IOException {
      called("delete");
      super.delete(id);
    }
  }

  private void awaitRead() {
    await()
        .until(() -> get(supernode.service.admin().tasks()).stream().noneMatch(t -> t.reading()));
  }

  @Test
  void theCacheIsNeverCalledUnderTheLockOfTheSwarms() {
    source.put(FILE, bytes(4 * PIECE)).put(OTHER, bytes(2 * PIECE));
    TestPeer holder = new TestPeer(supernode);
    TaskId task = holder.registered(FILE).task().id();
    await().until(() -> supernode.storage.find(task).orElseThrow().pieces().cardinality() == 4);
    holder.take(holder.answer(task, PieceSpan.ALL));
    awaitRead();
    holder.next(task, PieceSpan.NONE);
    TestPeer other = new TestPeer(supernode);
    TaskId second = other.registered(OTHER).task().id(); // the first one's bytes are evicted
    await().until(() -> supernode.storage.find(task).orElseThrow().pieces().isEmpty());
    new TestPeer(supernode).registered(FILE); // they are to be read again, and there is no room
    other.leaves(Optional.empty());
    get(supernode.service.admin().delete(second));
    supernode.close();

    assertThat(calls).containsExactlyInAnyOrderElementsOf(List.of("find", "create", "delete"));
    assertThat(inWrongOrder).isEmpty();
  }
}

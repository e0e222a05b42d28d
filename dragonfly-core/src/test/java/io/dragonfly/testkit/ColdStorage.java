package io.dragonfly.testkit;

import io.dragonfly.spi.PieceRegion;
import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import io.dragonfly.task.TaskKey;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A storage on a disk that is slow, or does not answer at all: whoever reads bytes that are not in
 * memory, or sends them, waits as long as the test wants. A piece that was written or read is in
 * memory. Its regions cannot be sent by epoll. Safe for concurrent use.
 */
public final class ColdStorage implements Storage {
  private final Storage right;
  private final Runnable disk;
  private final Set<Place> warm = ConcurrentHashMap.newKeySet();

  private record Place(TaskId task, int piece) {}

  /**
   * A storage with the content of another one.
   *
   * @param disk waits as long as the disk takes for each read, on the thread that reads
   */
  public ColdStorage(Storage right, Runnable disk) {
    this.right = right;
    this.disk = disk;
  }

  /** Nothing is in memory any more. */
  public void cool() {
    warm.clear();
  }

  @Override
  public List<StoredTask> tasks() {
    return right.tasks().stream().map(this::cold).toList();
  }

  @Override
  public List<StoredTask> versions(TaskKey key) {
    return right.versions(key).stream().map(this::cold).toList();
  }

  @Override
  public Optional<StoredTask> find(TaskId id) {
    return right.find(id).map(this::cold);
  }

  @Override
  public StoredTask create(Task task) throws IOException {
    return cold(right.create(task));
  }

  @Override
  public void delete(TaskId id) throws IOException {
    right.delete(id);
  }

  @Override
  public void close() throws IOException {
    right.close();
  }

  private StoredTask cold(StoredTask task) {
    return (StoredTask)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {StoredTask.class},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "isCold" -> !isWarm(task, (ByteRange) arguments[0]);
                  case "readAhead" -> {
                    read(task, (ByteRange) arguments[0]);
                    yield null;
                  }
                  case "region" -> region(task, (ByteRange) arguments[0]);
                  case "write" -> {
                    long from = (Long) arguments[0];
                    ByteRange written = ByteRange.of(from, from + bytes(arguments[1]));
                    Object result = call(method, task, arguments);
                    warm(task, written);
                    yield result;
                  }
                  default -> call(method, task, arguments);
                });
  }

  private static long bytes(Object buffers) {
    return buffers instanceof ByteBuffer one
        ? one.remaining()
        : ((List<?>) buffers).stream().mapToLong(ColdStorage::bytes).sum();
  }

  private static Object call(Method method, StoredTask task, Object[] arguments) throws Throwable {
    try {
      return method.invoke(task, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  private boolean isWarm(StoredTask task, ByteRange range) {
    PieceLayout layout = task.task().layout();
    int last = layout.pieceAt(Math.max(range.start(), range.end() - 1));
    for (int piece = layout.pieceAt(range.start()); piece <= last; piece++) {
      if (!warm.contains(new Place(task.task().id(), piece))) {
        return false;
      }
    }
    return true;
  }

  private void read(StoredTask task, ByteRange range) {
    if (isWarm(task, range)) {
      return;
    }
    disk.run();
    warm(task, range);
  }

  private void warm(StoredTask task, ByteRange range) {
    PieceLayout layout = task.task().layout();
    int last = layout.pieceAt(Math.max(range.start(), range.end() - 1));
    for (int piece = layout.pieceAt(range.start()); piece <= last; piece++) {
      warm.add(new Place(task.task().id(), piece));
    }
  }

  private PieceRegion region(StoredTask task, ByteRange range) throws IOException {
    PieceRegion region = task.region(range);
    return new PieceRegion(
        new ColdChannel(region.channel(), () -> read(task, range)),
        region.position(),
        region.length(),
        region::close);
  }
}

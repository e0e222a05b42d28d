package io.dragonfly.contract;

import io.dragonfly.spi.PieceRegion;
import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Digest;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/** A storage that does what another one does, but for what is overridden. */
public class ForwardingStorage implements Storage {
  final Storage right;
  private final UnaryOperator<StoredTask> tasks;

  /** Forwards to a storage, and to its tasks as this makes them. */
  public ForwardingStorage(Storage right, UnaryOperator<StoredTask> tasks) {
    this.right = right;
    this.tasks = tasks;
  }

  ForwardingStorage(Storage right) {
    this(right, UnaryOperator.identity());
  }

  /** Adds to a list which pieces are said to be suspect, and which are read. */
  public static ForwardingStorage recordingReads(Storage right, List<String> calls) {
    return new ForwardingStorage(
        right,
        task ->
            new ForwardingTask(task) {
              @Override
              public void suspect(int piece) {
                calls.add("suspect " + piece);
                super.suspect(piece);
              }

              @Override
              public PieceRegion region(ByteRange range) throws IOException {
                calls.add("read " + task().layout().pieceAt(range.start()));
                return super.region(range);
              }
            });
  }

  @Override
  public List<StoredTask> tasks() {
    return right.tasks().stream().map(tasks).toList();
  }

  @Override
  public Optional<StoredTask> find(TaskId id) {
    return right.find(id).map(tasks);
  }

  @Override
  public StoredTask create(Task task) throws IOException {
    return tasks.apply(right.create(task));
  }

  @Override
  public void delete(TaskId id) throws IOException {
    right.delete(id);
  }

  @Override
  public void close() throws IOException {
    right.close();
  }

  /** The same for a task. */
  public static class ForwardingTask implements StoredTask {
    final StoredTask right;

    public ForwardingTask(StoredTask right) {
      this.right = right;
    }

    @Override
    public Task task() {
      return right.task();
    }

    @Override
    public void learnLength(long length) throws IOException {
      right.learnLength(length);
    }

    @Override
    public Optional<String> lastUrl() {
      return right.lastUrl();
    }

    @Override
    public void readFrom(String url) throws IOException {
      right.readFrom(url);
    }

    @Override
    public void write(long offset, ByteBuffer data) throws IOException {
      right.write(offset, data);
    }

    @Override
    public void write(long offset, List<ByteBuffer> adjoining) throws IOException {
      right.write(offset, adjoining);
    }

    @Override
    public void seal(int piece, Digest digest) throws IOException {
      right.seal(piece, digest);
    }

    @Override
    public void unseal(int piece) throws IOException {
      right.unseal(piece);
    }

    @Override
    public boolean has(int piece) {
      return right.has(piece);
    }

    @Override
    public BitSet pieces() {
      return right.pieces();
    }

    @Override
    public Optional<Digest> digest(int piece) {
      return right.digest(piece);
    }

    @Override
    public boolean isCold(ByteRange range) {
      return right.isCold(range);
    }

    @Override
    public void readAhead(ByteRange range) throws IOException {
      right.readAhead(range);
    }

    @Override
    public boolean isSuspect(ByteRange range) {
      return right.isSuspect(range);
    }

    @Override
    public void suspect(int piece) {
      right.suspect(piece);
    }

    @Override
    public PieceRegion region(ByteRange range) throws IOException {
      return right.region(range);
    }

    @Override
    public void evict() throws IOException {
      right.evict();
    }

    @Override
    public void deliver(Path target, Optional<Set<PosixFilePermission>> mode) throws IOException {
      right.deliver(target, mode);
    }
  }
}

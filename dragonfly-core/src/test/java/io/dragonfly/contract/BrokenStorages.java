package io.dragonfly.contract;

import io.dragonfly.contract.ForwardingStorage.ForwardingTask;
import io.dragonfly.error.OutputException;
import io.dragonfly.spi.PieceRegion;
import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Digest;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;

/** Storages, or tasks of a storage, that are wrong in one respect each. */
final class BrokenStorages {
  private BrokenStorages() {}

  /** Shows a piece once something of it is written. */
  static final class ShowsTooEarly extends ForwardingTask {
    private final BitSet written = new BitSet();

    ShowsTooEarly(StoredTask right) {
      super(right);
    }

    @Override
    public void write(long offset, ByteBuffer data) throws IOException {
      written.set(task().layout().pieceAt(offset));
      super.write(offset, data);
    }

    @Override
    public boolean has(int piece) {
      return written.get(piece) || super.has(piece);
    }
  }

  /** Forgets a digest with its piece. */
  static final class ForgetsDigests extends ForwardingTask {
    ForgetsDigests(StoredTask right) {
      super(right);
    }

    @Override
    public Optional<Digest> digest(int piece) {
      return has(piece) ? super.digest(piece) : Optional.empty();
    }
  }

  /** Unseals a piece instead of refusing to change it. */
  static final class ChangesSealed extends ForwardingTask {
    ChangesSealed(StoredTask right) {
      super(right);
    }

    @Override
    public void write(long offset, ByteBuffer data) throws IOException {
      for (int piece = 0; piece < task().layout().pieces(); piece++) {
        unseal(piece);
      }
      super.write(offset, data);
    }
  }

  /** Gives away its own set. */
  static final class SharesItsSet extends ForwardingTask {
    private final BitSet own = new BitSet();

    SharesItsSet(StoredTask right) {
      super(right);
    }

    @Override
    public void seal(int piece, Digest digest) throws IOException {
      super.seal(piece, digest);
      own.set(piece);
    }

    @Override
    public BitSet pieces() {
      return own;
    }
  }

  /** Writes to where the write before has ended. */
  static final class IgnoresOffsets extends ForwardingTask {
    private long end;

    IgnoresOffsets(StoredTask right) {
      super(right);
    }

    @Override
    public synchronized void write(long offset, ByteBuffer data) throws IOException {
      int count = data.remaining();
      super.write(end, data);
      end += count;
    }

    @Override
    public synchronized void seal(int piece, Digest digest) throws IOException {
      super.seal(piece, digest);
    }
  }

  /** Takes it that all lies at one place. */
  static final class StacksAdjoining extends ForwardingTask {
    StacksAdjoining(StoredTask right) {
      super(right);
    }

    @Override
    public void write(long offset, List<ByteBuffer> adjoining) throws IOException {
      for (ByteBuffer data : adjoining) {
        super.write(offset, data);
      }
    }
  }

  /** Gives whole pieces. */
  static final class RoundsRanges extends ForwardingTask {
    RoundsRanges(StoredTask right) {
      super(right);
    }

    @Override
    public PieceRegion region(ByteRange range) throws IOException {
      return super.region(task().layout().range(task().layout().pieceAt(range.start())));
    }
  }

  /** Looks at the first piece of a range alone. */
  static final class ChecksTheFirstPiece extends ForwardingTask {
    private final Path home;

    ChecksTheFirstPiece(StoredTask right, Path home) {
      super(right);
      this.home = home;
    }

    @Override
    public PieceRegion region(ByteRange range) throws IOException {
      if (!has(task().layout().pieceAt(range.start()))) {
        throw new IOException("not sealed");
      }
      FileChannel file = FileChannel.open(dataOf(home, task().id()), StandardOpenOption.READ);
      return new PieceRegion(file, range.start(), range.length(), () -> close(file));
    }

    private static void close(FileChannel file) {
      try {
        file.close();
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private static Path dataOf(Path home, TaskId task) {
    return home.resolve("tasks").resolve(task.hex()).resolve("data");
  }

  /** Cuts off what lies behind the end. */
  static final class CutsAtTheEnd extends ForwardingTask {
    CutsAtTheEnd(StoredTask right) {
      super(right);
    }

    @Override
    public PieceRegion region(ByteRange range) throws IOException {
      long length = task().layout().length().orElseThrow();
      return super.region(ByteRange.of(range.start(), Math.min(range.end(), length)));
    }
  }

  /** Finds the first task whatever is looked for. */
  static final class FindsAnything extends ForwardingStorage {
    FindsAnything(Storage right) {
      super(right);
    }

    @Override
    public Optional<StoredTask> find(TaskId id) {
      return tasks().stream().findFirst();
    }
  }

  /** Makes a task anew whenever it is asked to. */
  static final class MakesAnew extends ForwardingStorage {
    MakesAnew(Storage right) {
      super(right);
    }

    @Override
    public StoredTask create(Task task) throws IOException {
      delete(task.id());
      return super.create(task);
    }
  }

  /** Has one place for all tasks. */
  static final class SharesThePlace extends ForwardingStorage {
    SharesThePlace(Storage right) {
      super(right);
    }

    @Override
    public StoredTask create(Task task) throws IOException {
      return tasks().isEmpty() ? super.create(task) : tasks().get(0);
    }
  }

  /** Deletes nothing. */
  static final class KeepsDeleted extends ForwardingStorage {
    KeepsDeleted(Storage right) {
      super(right);
    }

    @Override
    public void delete(TaskId id) {}
  }

  /** Empties a file when its task is deleted, and with it the regions that are open. */
  static final class EmptiesDeleted extends ForwardingStorage {
    private final Path home;

    EmptiesDeleted(Storage right, Path home) {
      super(right);
      this.home = home;
    }

    @Override
    public void delete(TaskId id) throws IOException {
      Files.write(dataOf(home, id), new byte[0]);
      super.delete(id);
    }
  }

  /** Learns nothing. */
  static final class LearnsNothing extends ForwardingTask {
    LearnsNothing(StoredTask right) {
      super(right);
    }

    @Override
    public void learnLength(long length) {}
  }

  /** Delivers what there is, as long as it is something. */
  static final class DeliversNoEmptyFile extends ForwardingTask {
    DeliversNoEmptyFile(StoredTask right) {
      super(right);
    }

    @Override
    public void deliver(Path target, Optional<Set<PosixFilePermission>> mode) throws IOException {
      if (task().layout().pieces() > 0) {
        super.deliver(target, mode);
      }
    }
  }

  /** Does not replace what is at the path. */
  static final class ReplacesNothing extends ForwardingTask {
    ReplacesNothing(StoredTask right) {
      super(right);
    }

    @Override
    public void deliver(Path target, Optional<Set<PosixFilePermission>> mode) throws IOException {
      if (!Files.exists(target)) {
        super.deliver(target, mode);
      }
    }
  }

  /** Delivers without a look at what is sealed. */
  static final class DeliversHalf extends ForwardingTask {
    private final Path home;

    DeliversHalf(StoredTask right, Path home) {
      super(right);
      this.home = home;
    }

    @Override
    public void deliver(Path target, Optional<Set<PosixFilePermission>> mode) throws IOException {
      Files.write(target, Files.readAllBytes(dataOf(home, task().id())));
    }
  }

  /** Makes the directories that are missing. */
  static final class MakesDirectories extends ForwardingTask {
    MakesDirectories(StoredTask right) {
      super(right);
    }

    @Override
    public void deliver(Path target, Optional<Set<PosixFilePermission>> mode) throws IOException {
      Files.createDirectories(target.getParent());
      super.deliver(target, mode);
    }
  }

  /** Gives all who ask the same file. */
  static final class LinksAll extends ForwardingTask {
    private final Path home;

    LinksAll(StoredTask right, Path home) {
      super(right);
      this.home = home;
    }

    @Override
    public void deliver(Path target, Optional<Set<PosixFilePermission>> mode) throws IOException {
      Files.createLink(target, dataOf(home, task().id()));
    }
  }

  /** Has a mode of its own. */
  static final class IgnoresTheMode extends ForwardingTask {
    IgnoresTheMode(StoredTask right) {
      super(right);
    }

    @Override
    public void deliver(Path target, Optional<Set<PosixFilePermission>> mode) throws IOException {
      super.deliver(target, Optional.empty());
    }
  }

  /** Delivers by link and never looks at the file again. */
  static final class TrustsItsFile extends ForwardingTask {
    private final Path home;

    TrustsItsFile(StoredTask right, Path home) {
      super(right);
      this.home = home;
    }

    @Override
    public void deliver(Path target, Optional<Set<PosixFilePermission>> mode) throws IOException {
      try {
        Files.deleteIfExists(target);
        Files.createLink(target, dataOf(home, task().id()));
      } catch (IOException e) {
        throw new OutputException("cannot write " + target, e);
      }
    }
  }

  /** Fails on a thread that is interrupted. */
  static final class FailsWhenInterrupted extends ForwardingTask {
    FailsWhenInterrupted(StoredTask right) {
      super(right);
    }

    @Override
    public void write(long offset, ByteBuffer data) throws IOException {
      if (Thread.currentThread().isInterrupted()) {
        throw new IOException("interrupted");
      }
      super.write(offset, data);
    }
  }

  /** Forgets a task each time that it is opened. */
  static final class ForgetsATask extends ForwardingStorage {
    ForgetsATask(Storage right) throws IOException {
      super(right);
      for (StoredTask task : right.tasks()) {
        delete(task.task().id());
      }
    }
  }

  /** Lets nothing go. */
  static final class NeverCloses extends ForwardingStorage {
    NeverCloses(Storage right) {
      super(right);
    }

    @Override
    public void close() {}
  }

  /** Keeps the tasks that it hands out, since what is broken about them has a state. */
  static final class WithTasks extends ForwardingStorage {
    WithTasks(Storage right, UnaryOperator<StoredTask> change) {
      this(right, change, new ConcurrentHashMap<>());
    }

    private WithTasks(
        Storage right, UnaryOperator<StoredTask> change, Map<StoredTask, StoredTask> changed) {
      super(right, task -> changed.computeIfAbsent(task, change));
    }
  }

  static final class NeverGivesUp extends ForwardingTask {
    NeverGivesUp(StoredTask right) {
      super(right);
    }

    @Override
    public void evict() {}
  }
}

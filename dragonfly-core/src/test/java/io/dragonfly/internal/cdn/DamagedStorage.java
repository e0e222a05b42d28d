package io.dragonfly.internal.cdn;

import io.dragonfly.error.NoSpaceException;
import io.dragonfly.spi.PieceRegion;
import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Digest;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.MemoryStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A storage on a disk that gets bits wrong, or fails. */
final class DamagedStorage implements Storage {
  private final MemoryStorage storage = new MemoryStorage();
  private final Set<Integer> damaged = new HashSet<>();
  private final AtomicInteger regions = new AtomicInteger();
  private final Set<Integer> unreadable = ConcurrentHashMap.newKeySet();
  private volatile @Nullable Exception failure;
  private volatile boolean forgetful;

  /** From now on a piece cannot be read, until it is written again. */
  void makeUnreadable(int piece) {
    unreadable.add(piece);
  }

  /** From now on it cannot be written down that a piece is withdrawn. */
  void failToWithdraw() {
    forgetful = true;
  }

  /** From now on a piece reads as other bytes, until it is written again. */
  synchronized void damage(int piece) {
    damaged.add(piece);
  }

  synchronized boolean isDamaged(int piece) {
    return damaged.contains(piece);
  }

  synchronized void mend(int piece) {
    damaged.remove(piece);
  }

  int regionsRead() {
    return regions.get();
  }

  void work() {
    failure = null;
  }

  void fail(IOException why) {
    failure = why;
  }

  void fail(RuntimeException why) {
    failure = why;
  }

  @Override
  public List<StoredTask> tasks() {
    return storage.tasks().stream().<StoredTask>map(Damaged::new).toList();
  }

  @Override
  public Optional<StoredTask> find(TaskId id) {
    return storage.find(id).map(Damaged::new);
  }

  @Override
  public StoredTask create(Task task) {
    return new Damaged(storage.create(task));
  }

  @Override
  public void delete(TaskId id) {
    storage.delete(id);
  }

  @Override
  public void close() {
    storage.close();
  }

  private final class Damaged implements StoredTask {
    private final StoredTask stored;

    Damaged(StoredTask stored) {
      this.stored = stored;
    }

    @Override
    public PieceRegion region(ByteRange range) throws IOException {
      regions.incrementAndGet();
      if (unreadable.contains(task().layout().pieceAt(range.start()))) {
        throw new IOException("Input/output error");
      }
      PieceRegion region = stored.region(range);
      if (!isDamaged(task().layout().pieceAt(range.start()))) {
        return region;
      }
      byte[] bytes = region.readAll();
      region.close();
      bytes[0]++;
      Path file = Files.createTempFile("damaged", null);
      Files.write(file, bytes);
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.DELETE_ON_CLOSE);
      return new PieceRegion(
          channel,
          0,
          bytes.length,
          () -> {
            try {
              channel.close();
            } catch (IOException e) {
              throw new java.io.UncheckedIOException(e);
            }
          });
    }

    @Override
    public void write(long offset, ByteBuffer data) throws IOException {
      Exception toThrow = failure;
      if (toThrow instanceof IOException e) {
        throw e;
      } else if (toThrow instanceof RuntimeException e) {
        throw e;
      }
      mend(task().layout().pieceAt(offset));
      unreadable.remove(task().layout().pieceAt(offset));
      stored.write(offset, data);
    }

    @Override
    public Task task() {
      return stored.task();
    }

    @Override
    public void learnLength(long length) throws IOException {
      stored.learnLength(length);
    }

    @Override
    public void seal(int piece, Digest digest) throws IOException {
      stored.seal(piece, digest);
    }

    @Override
    public void unseal(int piece) throws IOException {
      stored.unseal(piece);
      if (forgetful) {
        throw new NoSpaceException("No space left on device", 1, 0, null); // as the disk's does
      }
    }

    @Override
    public boolean has(int piece) {
      return stored.has(piece);
    }

    @Override
    public BitSet pieces() {
      return stored.pieces();
    }

    @Override
    public Optional<Digest> digest(int piece) {
      return stored.digest(piece);
    }

    @Override
    public void deliver(Path target, Optional<Set<PosixFilePermission>> mode) throws IOException {
      stored.deliver(target, mode);
    }
  }
}

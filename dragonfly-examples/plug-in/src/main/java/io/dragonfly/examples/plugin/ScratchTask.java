package io.dragonfly.examples.plugin;

import io.dragonfly.error.NoSpaceException;
import io.dragonfly.error.OutputException;
import io.dragonfly.spi.PieceRegion;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Digest;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.Task;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One task in a file without a name. The file lives as long as somebody uses it: the task itself,
 * or a region that is still being sent.
 */
final class ScratchTask implements StoredTask {
  private final FileChannel channel;
  private final BitSet sealed = new BitSet();
  private final Map<Integer, Digest> digests = new HashMap<>();
  private Task task;
  private int users = 1;

  ScratchTask(Task task, Path file) throws IOException {
    this.task = task;
    this.channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
    Files.delete(file);
  }

  @Override
  public synchronized Task task() {
    return task;
  }

  @Override
  public synchronized void learnLength(long length) throws IOException {
    task = task.withLength(length);
    channel.truncate(length);
  }

  @Override
  public void write(long offset, ByteBuffer data) throws IOException {
    requireUnsealed(offset, data.remaining());
    // A channel closes under all who use it when a thread that is interrupted touches it.
    boolean interrupted = Thread.interrupted();
    try {
      for (long at = offset; data.hasRemaining(); ) {
        at += channel.write(data, at);
      }
    } catch (IOException e) {
      if (String.valueOf(e.getMessage()).contains("No space left")) {
        throw new NoSpaceException(
            "The disk of the scratch store is full: make room there", data.remaining(), 0, e);
      }
      throw e;
    } finally {
      restore(interrupted);
    }
  }

  private synchronized void requireInside(long end) throws IOException {
    if (end > task.layout().length().orElse(Long.MAX_VALUE)) {
      throw new IOException("%s ends before byte %d".formatted(task.id(), end));
    }
  }

  private synchronized void requireUnsealed(long offset, int length) throws IOException {
    requireInside(offset + length);
    PieceLayout layout = task.layout();
    int next = sealed.nextSetBit(layout.pieceAt(offset));
    if (length > 0 && next >= 0 && next <= layout.pieceAt(offset + length - 1)) {
      throw new IOException("piece %d of %s is sealed already".formatted(next, task.id()));
    }
  }

  @Override
  public synchronized void seal(int piece, Digest digest) throws IOException {
    if (!task.layout().isPiece(piece)) {
      throw new IOException("%s has no piece %d".formatted(task.id(), piece));
    }
    sealed.set(piece);
    digests.put(piece, digest);
  }

  @Override
  public synchronized void unseal(int piece) {
    sealed.clear(piece);
  }

  @Override
  public synchronized boolean has(int piece) {
    return sealed.get(piece);
  }

  @Override
  public synchronized BitSet pieces() {
    return (BitSet) sealed.clone();
  }

  @Override
  public synchronized Optional<Digest> digest(int piece) {
    return Optional.ofNullable(digests.get(piece));
  }

  @Override
  public synchronized PieceRegion region(ByteRange range) throws IOException {
    requireInside(range.end());
    if (range.length() > 0) {
      PieceLayout layout = task.layout();
      int first = layout.pieceAt(range.start());
      int last = layout.pieceAt(range.end() - 1);
      if (sealed.nextClearBit(first) <= last) {
        throw new IOException("not all of %s is sealed in %s".formatted(range, task.id()));
      }
    }
    users++;
    return new PieceRegion(channel, range.start(), range.length(), this::release);
  }

  @Override
  public void deliver(Path target, Optional<Set<PosixFilePermission>> mode) throws IOException {
    requireWhole();
    long length = task().layout().length().orElseThrow();
    boolean interrupted = Thread.interrupted();
    Path part = target.resolveSibling("." + target.getFileName() + "." + task().id().brief());
    try (PieceRegion region = region(new ByteRange(0, length))) {
      if (Files.isDirectory(target)) {
        throw new OutputException("%s is a directory: name a file".formatted(target));
      }
      copy(region, part);
      if (mode.isPresent()) {
        Files.setPosixFilePermissions(part, mode.get());
      }
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new OutputException("%s cannot be written: %s".formatted(target, e), e);
    } finally {
      Files.deleteIfExists(part);
      restore(interrupted);
    }
  }

  private synchronized void requireWhole() throws IOException {
    PieceLayout layout = task.layout();
    if (!layout.isLengthKnown() || sealed.cardinality() < layout.pieces()) {
      throw new IOException("%s is not complete yet".formatted(task.id()));
    }
  }

  private static void restore(boolean interrupted) {
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static void copy(PieceRegion region, Path part) throws IOException {
    try (FileChannel out =
        FileChannel.open(
            part,
            StandardOpenOption.WRITE,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      long end = region.position() + region.length();
      for (long at = region.position(); at < end; ) {
        at += region.channel().transferTo(at, end - at, out);
      }
    }
  }

  void forget() throws IOException {
    synchronized (this) {
      sealed.clear();
    }
    release();
  }

  private synchronized void release() {
    users--;
    if (users == 0) {
      try {
        channel.close();
      } catch (IOException e) {
        throw new UncheckedIOException("the scratch file could not be closed", e);
      }
    }
  }
}

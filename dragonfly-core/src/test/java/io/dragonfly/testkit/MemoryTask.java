package io.dragonfly.testkit;

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
import java.time.Instant;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A task of {@link MemoryStorage}. One lock; nothing in it waits. */
final class MemoryTask implements StoredTask {
  private final MemoryStorage storage;
  private final Map<Integer, ByteBuffer> pieces = new HashMap<>();
  private final Map<Integer, Digest> digests = new HashMap<>();
  private final BitSet sealed = new BitSet();
  private Task task;
  private long reserved;
  private boolean evicted;
  private boolean pinned;
  private @Nullable Instant lastUse;
  private @Nullable String url;

  MemoryTask(MemoryStorage storage, Task task) {
    this.storage = storage;
    this.task = task;
    this.reserved = task.layout().length().orElse(0);
    storage.reserve(reserved);
  }

  /** Returns the bytes that were reserved. What was written stays for regions opened later. */
  synchronized long forget() {
    long freed = reserved;
    reserved = 0;
    return freed;
  }

  /** Takes the room anew that {@link #evict} has given up. */
  synchronized void reserveAgain() {
    if (evicted) {
      long length = task.layout().length().orElse(0);
      storage.reserve(length);
      reserved = length;
      evicted = false;
    }
  }

  @Override
  public synchronized void evict() {
    sealed.clear();
    pieces.clear();
    storage.release(reserved);
    reserved = 0;
    evicted = true;
  }

  @Override
  public synchronized Optional<Instant> lastUse() {
    return Optional.ofNullable(lastUse);
  }

  @Override
  public synchronized void used(Instant when) {
    lastUse = when;
  }

  @Override
  public synchronized Optional<String> lastUrl() {
    return Optional.ofNullable(url);
  }

  @Override
  public synchronized void readFrom(String from) {
    url = from;
  }

  @Override
  public synchronized boolean isPinned() {
    return pinned;
  }

  @Override
  public synchronized void pin(boolean now) {
    pinned = now;
  }

  @Override
  public synchronized Task task() {
    return task;
  }

  @Override
  public synchronized void learnLength(long length) throws IOException {
    Task learned = task.withLength(length);
    if (sealed.length() > learned.layout().pieces()) {
      throw new IOException("pieces behind the end, at " + length + ", are sealed");
    }
    task = learned;
  }

  @Override
  public synchronized void write(long offset, ByteBuffer data) throws IOException {
    storage.checkOpen();
    PieceLayout layout = task.layout();
    long end = layout.length().orElse((long) PieceLayout.MAX_PIECES * layout.pieceLength());
    if (offset < 0 || data.remaining() > end - offset) {
      throw new IOException("bytes behind the end of the task");
    }
    checkUnsealed(offset, data.remaining());
    for (long at = offset; data.hasRemaining(); ) {
      int piece = layout.pieceAt(at);
      int inPiece = (int) (at - (long) piece * layout.pieceLength());
      int count = Math.min(data.remaining(), layout.pieceLength() - inPiece);
      buffer(piece).put(inPiece, data, data.position(), count);
      data.position(data.position() + count);
      at += count;
    }
  }

  private void checkUnsealed(long offset, int count) throws IOException {
    for (long at = offset; at < offset + count; at += task.layout().pieceLength()) {
      checkUnsealed(task.layout().pieceAt(at));
    }
    if (count > 0) {
      checkUnsealed(task.layout().pieceAt(offset + count - 1));
    }
  }

  private void checkUnsealed(int piece) throws IOException {
    if (sealed.get(piece)) {
      throw new IOException("piece " + piece + " is sealed");
    }
  }

  private ByteBuffer buffer(int piece) {
    ByteBuffer buffer = pieces.get(piece);
    if (buffer == null) {
      int length = (int) task.layout().range(piece).length();
      if (!task.layout().isLengthKnown()) {
        storage.reserve(length);
        reserved += length;
      }
      buffer = ByteBuffer.allocate(length);
      pieces.put(piece, buffer);
    }
    return buffer;
  }

  @Override
  public synchronized void seal(int piece, Digest digest) throws IOException {
    if (!task.layout().isPiece(piece)) {
      throw new IOException("there is no piece " + piece);
    }
    if (sealed.get(piece) && !digest.equals(digests.get(piece))) {
      throw new IOException("piece " + piece + " is sealed with another digest");
    }
    digests.put(piece, digest);
    sealed.set(piece);
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
  public PieceRegion region(ByteRange range) throws IOException {
    storage.checkOpen();
    Path file = Files.createTempFile("dragonfly-", ".piece");
    try {
      Files.write(file, bytes(range));
      FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
      return new PieceRegion(channel, 0, range.length(), () -> closeAndDelete(channel, file));
    } catch (IOException e) {
      Files.deleteIfExists(file);
      throw e;
    }
  }

  private synchronized byte[] bytes(ByteRange range) throws IOException {
    PieceLayout layout = task.layout();
    if (layout.isLengthKnown() && range.end() > layout.length().getAsLong()) {
      throw new IOException("bytes behind the end of the task");
    }
    ByteBuffer out = ByteBuffer.allocate(Math.toIntExact(range.length()));
    for (long at = range.start(); at < range.end(); at = range.start() + out.position()) {
      int piece = layout.pieceAt(at);
      if (!sealed.get(piece)) {
        throw new IOException("piece " + piece + " is not sealed");
      }
      int inPiece = (int) (at - (long) piece * layout.pieceLength());
      int count = (int) Math.min(layout.pieceLength() - inPiece, range.end() - at);
      out.put(buffer(piece).slice(inPiece, count));
    }
    return out.array();
  }

  private static void closeAndDelete(FileChannel channel, Path file) {
    try (channel) {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void deliver(Path target, Optional<Set<PosixFilePermission>> mode) throws IOException {
    storage.checkOpen();
    PieceLayout layout = task().layout();
    if (!layout.isLengthKnown()) {
      throw new IOException("the task is not complete");
    }
    byte[] content = bytes(ByteRange.of(0, layout.length().getAsLong()));
    Path temporary = target.resolveSibling("." + target.getFileName() + ".part");
    try {
      Files.write(temporary, content, StandardOpenOption.CREATE_NEW);
      if (mode.isPresent()) {
        Files.setPosixFilePermissions(temporary, mode.get());
      }
      if (Files.isDirectory(target)) {
        throw new OutputException("%s is a directory.".formatted(target));
      }
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new OutputException("%s cannot be written: %s".formatted(target, e), e);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }
}

package io.dragonfly.internal.storage;

import io.dragonfly.testkit.FakeTicker;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/** A machine whose boots, disk and time a test decides on. */
final class FakeMachine implements Machine {
  /** The device that each write to fails as on a full disk. */
  static final Path FULL = Path.of("/dev/full");

  private final FakeTicker ticker = new FakeTicker();
  private volatile Optional<String> bootId = Optional.of("boot-1");
  private volatile long usableBytes = Long.MAX_VALUE;
  private final Set<Path> full = ConcurrentHashMap.newKeySet();
  private volatile boolean canLink = true;
  private volatile @Nullable String failure;
  private final BlockingQueue<Path> synced = new LinkedBlockingQueue<>();
  private volatile boolean counts;
  private final Map<Path, List<Long>> writes = new ConcurrentHashMap<>();
  private volatile Uninterrupted.FileAction beforeLink = () -> {};
  private volatile Uninterrupted.FileAction afterOpen = () -> {};
  private final Map<Path, Uninterrupted.FileAction> onceSynced = new ConcurrentHashMap<>();

  FakeMachine booted(String id) {
    bootId = Optional.of(id);
    return this;
  }

  FakeMachine withoutBootId() {
    bootId = Optional.empty();
    return this;
  }

  FakeMachine withUsableBytes(long bytes) {
    usableBytes = bytes;
    return this;
  }

  /** From now on this file cannot take a byte. */
  FakeMachine withFull(Path file) {
    full.add(file);
    return this;
  }

  /**
   * From now on each new directory fails for this reason, and each write to a file that is opened
   * from now on; none if it is null.
   */
  FakeMachine withFailure(@Nullable String reason) {
    failure = reason;
    return this;
  }

  FakeMachine withoutLinks() {
    canLink = false;
    return this;
  }

  /** Does something between the moment that a file is opened and the return to who wanted it. */
  FakeMachine afterOpen(Uninterrupted.FileAction action) {
    afterOpen = action;
    return this;
  }

  /** Does something once, just before the disk has synced a file. */
  FakeMachine onceSynced(Path file, Uninterrupted.FileAction action) {
    onceSynced.put(file, action);
    return this;
  }

  FakeMachine beforeLink(Uninterrupted.FileAction action) {
    beforeLink = action;
    return this;
  }

  /** Has the files that were synced, in order. */
  BlockingQueue<Path> synced() {
    return synced;
  }

  FakeTicker ticker() {
    return ticker;
  }

  @Override
  public Optional<String> bootId() {
    return bootId;
  }

  @Override
  public long usableBytes(Path directory) {
    return usableBytes;
  }

  @Override
  public void createDirectory(Path directory) throws IOException {
    String reason = failure;
    if (reason != null) {
      throw new FileSystemException(directory.toString(), null, reason);
    }
    LOCAL.createDirectory(directory);
  }

  @Override
  public FileChannel open(Path file, OpenOption use) throws IOException {
    if (full.contains(file)) {
      return FileChannel.open(FULL, use);
    }
    FileChannel channel = LOCAL.open(file, use);
    afterOpen.run();
    if (failure != null) {
      return new CountedChannel(channel, bytes -> failWrite());
    }
    return counts ? new CountedChannel(channel, bytes -> writes(file).add(bytes)) : channel;
  }

  private void failWrite() throws IOException {
    String reason = failure;
    if (reason != null) {
      throw new IOException(reason);
    }
  }

  /** Counts from now on what each call writes. No thread may be interrupted then. */
  FakeMachine countingWrites() {
    counts = true;
    return this;
  }

  /** Has the bytes of each call that has written to a file, in order. */
  List<Long> writes(Path file) {
    return writes.computeIfAbsent(file, any -> new CopyOnWriteArrayList<>());
  }

  @Override
  public void link(Path link, Path existing) throws IOException {
    if (!canLink) {
      throw new FileSystemException(
          link.toString(), existing.toString(), "Invalid cross-device link");
    }
    beforeLink.run();
    Files.createLink(link, existing);
  }

  @Override
  public void sync(Path file, FileChannel channel) throws IOException {
    channel.force(false);
    Uninterrupted.FileAction action = onceSynced.remove(file);
    if (action != null) {
      action.run();
    }
    synced.add(file);
  }

  @Override
  public void syncDirectory(Path directory) throws IOException {
    LOCAL.syncDirectory(directory);
    synced.add(directory);
  }

  @Override
  public long nanoTime() {
    return ticker.getAsLong();
  }
}

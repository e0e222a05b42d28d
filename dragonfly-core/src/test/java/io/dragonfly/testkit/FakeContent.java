package io.dragonfly.testkit;

import io.dragonfly.task.SourceVersion;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One content of a {@link FakeSource}: its bytes now, who may read them, and at which offsets reads
 * stall or break. One lock, its own; those who are held up wait on it.
 */
final class FakeContent {
  private static final long NOWHERE = Long.MAX_VALUE;

  private final Set<String> allowed = new HashSet<>();
  private boolean restricted;
  private byte @Nullable [] bytes;
  private byte @Nullable [] next;
  private byte @Nullable [] over;
  private int number;
  private boolean hasValidator = true;
  private boolean hasHint;
  private boolean hasLength = true;
  private OptionalLong announced = OptionalLong.empty();
  private @Nullable Throwable failure;
  private long breakAt = NOWHERE;
  private long stallAt = NOWHERE;
  private long changeAt = NOWHERE;
  private long overwriteAt = NOWHERE;
  private boolean probesStall;
  private int held;

  /** What a stream goes on reading even if the content is replaced. */
  record Snapshot(byte[] bytes, SourceVersion version) {
    long announced() {
      return version.length().orElse(bytes.length);
    }
  }

  synchronized void replace(byte[] content) {
    bytes = content.clone();
    number++;
  }

  synchronized void withoutValidator() {
    hasValidator = false;
  }

  synchronized void withWeakValidator() {
    hasValidator = false;
    hasHint = true;
  }

  synchronized void withoutLength() {
    hasLength = false;
  }

  synchronized void announce(long length) {
    announced = OptionalLong.of(length);
  }

  synchronized void allow(String authorization) {
    restricted = true;
    allowed.add(authorization);
  }

  synchronized void revoke(String authorization) {
    restricted = true;
    allowed.remove(authorization);
  }

  synchronized boolean allows(Optional<String> authorization) {
    return !restricted || authorization.filter(allowed::contains).isPresent();
  }

  synchronized void fail(Throwable toThrow) {
    failure = toThrow;
  }

  synchronized Optional<Throwable> failure() {
    return Optional.ofNullable(failure);
  }

  synchronized void breakAt(long offset) {
    breakAt = offset;
  }

  synchronized void heal() {
    failure = null;
    breakAt = NOWHERE;
  }

  synchronized void stallAt(long offset) {
    stallAt = offset;
    notifyAll(); // those that have not come so far go on
  }

  synchronized void stallProbes() {
    probesStall = true;
  }

  synchronized void resume() {
    probesStall = false;
    endStall();
  }

  synchronized void endStall() {
    stallAt = NOWHERE;
    notifyAll();
  }

  synchronized void changeAt(long offset, byte[] content) {
    changeAt = offset;
    next = content.clone();
  }

  synchronized void overwriteAt(long offset, byte[] content) {
    byte[] now = bytes;
    if (now == null || now.length != content.length) {
      throw new IllegalArgumentException("only bytes of the same length are overwritten");
    }
    overwriteAt = offset;
    over = content.clone();
  }

  /** Who reads already gets these bytes too, without a word: all snapshots share them. */
  private synchronized void overwrite(byte[] content) {
    if (bytes != null) {
      System.arraycopy(content, 0, bytes, 0, content.length);
    }
    number++;
  }

  synchronized void wakeAll() {
    notifyAll();
  }

  synchronized boolean isPublished() {
    return bytes != null;
  }

  synchronized Snapshot snapshot() {
    byte[] now = bytes;
    if (now == null) {
      throw new IllegalStateException("nothing is published here");
    }
    return new Snapshot(now, version());
  }

  synchronized SourceVersion version() {
    byte[] now = bytes;
    return new SourceVersion(
        hasValidator ? Optional.of("\"version-" + number + "\"") : Optional.empty(),
        hasLength && now != null
            ? OptionalLong.of(announced.orElse(now.length))
            : OptionalLong.empty(),
        hasHint ? Optional.of("W/\"version-" + number + "\"") : Optional.empty(),
        false);
  }

  synchronized void awaitHeld(Duration patience) throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    while (held == 0) {
      if (!waitUntil(deadline)) {
        throw new AssertionError("nobody was held up within " + patience);
      }
    }
  }

  /** Blocks while questions stall. */
  synchronized void holdProbe(Duration patience, BooleanSupplier closed) throws IOException {
    long deadline = System.nanoTime() + patience.toNanos();
    while (probesStall && !closed.getAsBoolean()) {
      hold(deadline, patience);
    }
    if (closed.getAsBoolean()) {
      throw new IOException("the source is closed");
    }
  }

  /**
   * Blocks while reads at this position stall, and returns how many of {@code wanted} bytes may be
   * read before the next place where something happens.
   */
  synchronized int pass(long position, int wanted, Duration patience, BooleanSupplier closed)
      throws IOException {
    long deadline = System.nanoTime() + patience.toNanos();
    while (position >= stallAt && !closed.getAsBoolean()) {
      hold(deadline, patience);
    }
    if (closed.getAsBoolean()) {
      throw new IOException("the stream is closed");
    }
    byte[] changed = next;
    if (changed != null && position >= changeAt) {
      next = null;
      changeAt = NOWHERE;
      replace(changed);
      throw new IOException("connection lost at " + position);
    }
    byte[] overwritten = over;
    if (overwritten != null && position >= overwriteAt) {
      over = null;
      overwriteAt = NOWHERE;
      overwrite(overwritten);
    }
    if (position >= breakAt) {
      throw new IOException("connection lost at " + position);
    }
    long event = Math.min(breakAt, stallAt);
    if (next != null) {
      event = Math.min(event, changeAt);
    }
    event = Math.min(event, overwriteAt);
    return (int) Math.min(wanted, event - position);
  }

  private void hold(long deadline, Duration patience) throws IOException {
    held++;
    notifyAll();
    try {
      if (!waitUntil(deadline)) {
        throw new IOException("no byte for " + patience);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    } finally {
      held--;
    }
  }

  private synchronized boolean waitUntil(long deadline) throws InterruptedException {
    long millis = (deadline - System.nanoTime()) / 1_000_000;
    if (millis <= 0) {
      return false;
    }
    wait(millis);
    return true;
  }
}

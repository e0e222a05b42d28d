package io.dragonfly.internal.transfer.source;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.task.Digest;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Optional;

/**
 * The digest of a content that is read from its beginning to its end, so that it need not be read
 * once more. Safe for concurrent use.
 */
public final class RunningDigest {
  private static final long BROKEN = -1;

  @GuardedBy("this")
  private final MessageDigest running;

  @GuardedBy("this")
  private long hashed;

  /** Nothing is read yet. */
  public RunningDigest(String algorithm) {
    this.running = Digest.newMessageDigest(algorithm);
  }

  /** Hashes the bytes at an offset if they are the next ones. */
  synchronized void add(long offset, ByteBuffer data) {
    if (offset == hashed) {
      hashed += data.remaining();
      running.update(data);
    } else if (offset < hashed) {
      hashed = BROKEN; // read once more: what is kept may not be what was hashed
    }
  }

  /** Returns the digest of the first {@code length} bytes, if it was those that were read. */
  public synchronized Optional<Digest> of(long length) {
    if (hashed != length) {
      return Optional.empty();
    }
    hashed = BROKEN;
    return Optional.of(Digest.of(running));
  }
}

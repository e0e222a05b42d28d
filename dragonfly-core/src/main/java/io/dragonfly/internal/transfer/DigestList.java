package io.dragonfly.internal.transfer;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.task.Digest;
import io.dragonfly.task.PieceDigests;
import java.util.Arrays;
import java.util.Optional;

/** What the supernode has said about a task's digests, from piece 0 on. Safe for concurrent use. */
final class DigestList {
  @GuardedBy("this")
  private byte[] list = new byte[0];

  @GuardedBy("this")
  private int count;

  /** Adds what goes beyond the end; a list that begins behind the end would leave a gap. */
  synchronized void add(PieceDigests more) {
    if (more.first() > count || more.end() <= count) {
      return;
    }
    byte[] bytes = more.list();
    int known = (count - more.first()) * PieceDigests.BYTES;
    int end = more.end() * PieceDigests.BYTES;
    if (list.length < end) {
      list = Arrays.copyOf(list, Math.max(end, 2 * list.length));
    }
    System.arraycopy(bytes, known, list, count * PieceDigests.BYTES, bytes.length - known);
    count = more.end();
  }

  /** Returns how many are known. */
  synchronized int count() {
    return count;
  }

  /** Returns a piece's digest, if it is known. */
  synchronized Optional<Digest> digest(int piece) {
    if (piece >= count) {
      return Optional.empty();
    }
    int at = piece * PieceDigests.BYTES;
    return Optional.of(Digest.sha256(Arrays.copyOfRange(list, at, at + PieceDigests.BYTES)));
  }
}

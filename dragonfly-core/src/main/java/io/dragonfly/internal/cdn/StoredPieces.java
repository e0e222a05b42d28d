package io.dragonfly.internal.cdn;

import io.dragonfly.error.DistributionException;
import io.dragonfly.spi.PieceRegion;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.Digest;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads pieces back from the store. */
final class StoredPieces {
  private static final int BUFFER_BYTES = 256 << 10;

  private StoredPieces() {}

  /**
   * Reads a sealed piece and tells whether it is what was sealed.
   *
   * @param also is given the piece's bytes too
   */
  static boolean isIntact(StoredTask stored, int piece, @Nullable MessageDigest also)
      throws IOException {
    Optional<Digest> expected = stored.digest(piece);
    if (expected.isEmpty() || !stored.has(piece)) {
      return false;
    }
    try {
      return digest(stored, piece, also).equals(expected.get());
    } catch (IOException | DistributionException e) {
      if (!stored.has(piece)) {
        return false; // the store itself found out, and unsealed it
      }
      throw e;
    }
  }

  private static Digest digest(StoredTask stored, int piece, @Nullable MessageDigest also)
      throws IOException {
    MessageDigest sha = Digest.newSha256();
    try (PieceRegion region = stored.region(stored.task().layout().range(piece))) {
      ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(BUFFER_BYTES, region.length()));
      for (long done = 0; done < region.length(); ) {
        buffer.clear().limit((int) Math.min(buffer.capacity(), region.length() - done));
        int count = region.channel().read(buffer, region.position() + done);
        if (count < 0) {
          throw new EOFException("the store ends in the middle of piece " + piece);
        }
        sha.update(buffer.array(), 0, count);
        if (also != null) {
          also.update(buffer.array(), 0, count);
        }
        done += count;
      }
    }
    return Digest.of(sha);
  }
}

package io.dragonfly.spi;

import io.dragonfly.peer.PeerId;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.TaskId;
import java.net.InetAddress;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;

/** Gives pieces to who may have them. Safe for concurrent use; no method blocks. */
public interface PieceService {
  /**
   * Asks for bytes. The future completes when they are there and it is this child's turn: with the
   * bytes, which the caller closes, or with a {@link PieceDownloadException} that says why not.
   * Cancelling it gives up the place in line.
   */
  CompletableFuture<Given> give(Ask ask);

  /** Returns the limiter of all that is sent. */
  RateLimiter uploads();

  /**
   * Who asks for what.
   *
   * @param task the task
   * @param range the bytes
   * @param child the peer that requests them, as it states
   * @param from the address that the question came from
   * @param capability what proves that it may; a secret
   */
  record Ask(TaskId task, ByteRange range, PeerId child, InetAddress from, String capability) {
    @Override
    public String toString() {
      return "Ask[" + task + ", " + range + ", " + child + ", " + from + "]";
    }
  }

  /**
   * Bytes that may be sent.
   *
   * @param region where they are
   * @param total the length of the whole content, if it is known
   */
  record Given(PieceRegion region, OptionalLong total) {}
}

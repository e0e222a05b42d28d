package io.dragonfly.internal.transfer.intake;

import io.dragonfly.internal.loop.EventLoop;
import io.dragonfly.internal.writing.BufferPool;
import io.dragonfly.internal.writing.DiskWriter;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.ByteRange;
import java.time.Duration;
import java.util.function.LongConsumer;

/**
 * What all takes of one task use.
 *
 * @param engine what all takes of the client use
 * @param stored where the task's bytes go
 * @param throttle the limits that hold for them
 * @param onBytes is told how many bytes came, on any thread; 0 while they are held back here
 */
public record DownloadContext(
    Engine engine, StoredTask stored, Throttle throttle, LongConsumer onBytes) {
  /**
   * What all takes of one client use.
   *
   * @param loop owns the takes' state
   * @param child starts takes
   * @param pool bounds what waits for the disk
   * @param writer writes to it
   * @param dropAfter how long a parent may give no byte before its take ends
   */
  public record Engine(
      EventLoop loop,
      PieceTransport child,
      BufferPool pool,
      DiskWriter writer,
      Duration dropAfter) {}

  /** Returns what takes in a piece of the task. */
  public PieceIntake intake(int piece) {
    return intake(piece, stored.task().layout().range(piece));
  }

  /** The same where the piece's bytes are known before the store knows the content's length. */
  PieceIntake intake(int piece, ByteRange range) {
    return new PieceIntake(stored, piece, range, engine.pool(), engine.writer());
  }
}

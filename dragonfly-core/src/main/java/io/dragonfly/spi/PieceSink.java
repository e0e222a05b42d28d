package io.dragonfly.spi;

import java.nio.ByteBuffer;

/**
 * Gets the bytes of one take, in order. Its methods are called one at a time, on a thread of the
 * transport, and must not block. After {@link #completed} or {@link #failed} nothing more comes.
 */
public interface PieceSink {
  /**
   * Gets the next bytes. {@code data} is valid during the call alone. Never more than asked for.
   */
  void received(ByteBuffer data);

  /** All bytes came. */
  void completed();

  /**
   * The take ended before all bytes came.
   *
   * @param failure says how: {@link io.dragonfly.control.Outcome#UNREACHABLE}, {@code REFUSED} or
   *     {@code NOT_YET}
   */
  void failed(PieceDownloadException failure);
}

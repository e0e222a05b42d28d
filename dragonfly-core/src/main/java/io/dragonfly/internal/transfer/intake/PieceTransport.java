package io.dragonfly.internal.transfer.intake;

import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.PieceRequest;
import io.dragonfly.spi.PieceSink;
import io.dragonfly.spi.Transport;

/** Starts takes; like {@link Transport#take}, which is one. */
@FunctionalInterface
public interface PieceTransport {
  /** Starts to take bytes from a parent. Returns at once; the sink is told what happens. */
  Transport.Take take(PieceRequest request, PieceSink sink);

  /** Tells whether what a parent gives comes over the network. */
  default boolean isOverNetwork(PeerId parent) {
    return true;
  }
}

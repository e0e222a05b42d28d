package io.dragonfly.transport.http.internal.client;

import io.dragonfly.spi.AdaptiveQuantum;
import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;

/**
 * Reads a connection in the portions that suit its takes' limits: what was read has to be paused
 * for, so a take that is held to a low rate must not read much at once.
 */
final class QuantumReads extends DefaultMaxMessagesRecvByteBufAllocator {
  private final AdaptiveQuantum portion;

  QuantumReads(AdaptiveQuantum portion) {
    this.portion = portion;
  }

  @Override
  @SuppressWarnings("deprecation") // Netty has no other way to make one
  public Handle newHandle() {
    return new MaxMessageHandle() {
      @Override
      public int guess() {
        return portion.bytes();
      }
    };
  }
}

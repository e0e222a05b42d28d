package io.dragonfly.transport.http.internal.server;

import io.netty.buffer.ByteBuf;

/** One request and its answer. Confined to the event loop of its connection. */
interface ServerExchange {
  /** Gets a part of the request's body, which the caller releases. */
  void content(ByteBuf part);

  /** The request is whole. From now on until the answer is sent no other request is looked at. */
  void requested();

  /** The client is gone, or was given up: let everything go. May come at any time, and twice. */
  void abandon();

  /**
   * Returns a number that changes as the client accepts the answer, or {@link #NOTHING_TO_SEND}
   * while that does not depend on the client.
   */
  long progress();

  /** The answer is not there yet, or is held back. */
  long NOTHING_TO_SEND = -1;
}

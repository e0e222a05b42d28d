package io.dragonfly.transport.http.internal.server;

import io.netty.buffer.ByteBuf;
import java.io.ByteArrayOutputStream;
import java.io.IOException;

/**
 * The body of one request, in memory of which all requests together and those of one client address
 * have so much. Confined to its connection's event loop.
 */
final class RequestBody {
  private final ServerConnection connection;
  private final Serving serving;
  private ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  RequestBody(ServerConnection connection, Serving serving) {
    this.connection = connection;
    this.serving = serving;
  }

  /** Keeps a part, or refuses the request if there is no memory for it. */
  void add(ByteBuf part) {
    int count = part.readableBytes();
    try {
      serving.takeBody(connection.client(), count);
      part.readBytes(bytes, count);
    } catch (ServerRefusal refusal) {
      connection.refuse(refusal);
    } catch (IOException e) {
      throw new IllegalStateException("memory cannot be written", e);
    }
  }

  /** Returns what came, and keeps it no longer. */
  byte[] take() {
    byte[] taken = bytes.toByteArray();
    bytes = new ByteArrayOutputStream(0);
    serving.giveBackBody(connection.client(), taken.length);
    return taken;
  }
}

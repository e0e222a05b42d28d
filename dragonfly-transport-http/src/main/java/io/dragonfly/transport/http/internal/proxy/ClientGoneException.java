package io.dragonfly.transport.http.internal.proxy;

import java.io.IOException;

/** The client has closed its connection, or accepts and sends nothing any more. */
final class ClientGoneException extends IOException {
  private static final long serialVersionUID = 1L;

  ClientGoneException(String message) {
    super(message);
  }
}

package io.dragonfly.transport.http.internal.server;

import io.netty.handler.codec.http.HttpResponseStatus;

/**
 * Why a request is not served, as its client is told. Without a stack trace: the defect is not
 * here.
 */
final class Refusal extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient HttpResponseStatus status;

  Refusal(HttpResponseStatus status, String message) {
    super(message, null, false, false);
    this.status = status;
  }

  static Refusal badRequest(String message) {
    return new Refusal(HttpResponseStatus.BAD_REQUEST, message);
  }

  HttpResponseStatus status() {
    return status;
  }

  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}

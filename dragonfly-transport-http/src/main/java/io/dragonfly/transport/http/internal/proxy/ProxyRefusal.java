package io.dragonfly.transport.http.internal.proxy;

import io.dragonfly.control.SecurityEvent;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Why a request is not worked on or got no answer, as its client is told. */
final class ProxyRefusal extends Exception {
  private static final long serialVersionUID = 1L;

  private static final HttpResponseStatus LOOP_DETECTED =
      HttpResponseStatus.valueOf(508, "Loop Detected");

  private final transient HttpResponseStatus status;
  private SecurityEvent.@Nullable Kind event;

  ProxyRefusal(HttpResponseStatus status, String message) {
    super(message, null, false, false);
    this.status = status;
  }

  static ProxyRefusal badRequest(String message) {
    return new ProxyRefusal(HttpResponseStatus.BAD_REQUEST, message);
  }

  static ProxyRefusal badGateway(String message) {
    return new ProxyRefusal(HttpResponseStatus.BAD_GATEWAY, message);
  }

  static ProxyRefusal forbidden(String message) {
    return new ProxyRefusal(HttpResponseStatus.FORBIDDEN, message);
  }

  /** Nobody has foreseen why; the log says it. */
  static ProxyRefusal defect() {
    return new ProxyRefusal(
        HttpResponseStatus.INTERNAL_SERVER_ERROR, "the proxy failed, see its log");
  }

  static ProxyRefusal loop(String where) {
    return new ProxyRefusal(
        LOOP_DETECTED,
        "%s leads back to this proxy: give it the address of a registry".formatted(where));
  }

  /** Returns the same, which is a security event from now on. */
  ProxyRefusal as(SecurityEvent.Kind kind) {
    event = kind;
    return this;
  }

  /** Returns which security event this is, if it is one. */
  Optional<SecurityEvent.Kind> event() {
    return Optional.ofNullable(event);
  }

  HttpResponseStatus status() {
    return status;
  }

  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}

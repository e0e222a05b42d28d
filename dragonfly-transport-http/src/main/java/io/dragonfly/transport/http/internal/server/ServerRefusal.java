package io.dragonfly.transport.http.internal.server;

import io.dragonfly.control.SecurityEvent;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Why a request is not served, as its client is told. Without a stack trace: the defect is not
 * here.
 */
final class ServerRefusal extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient HttpResponseStatus status;
  private SecurityEvent.@Nullable Kind event;
  private final transient HttpHeaders headers = new DefaultHttpHeaders();

  ServerRefusal(HttpResponseStatus status, String message) {
    super(message, null, false, false);
    this.status = status;
  }

  static ServerRefusal wrongMethod(HttpMethod allowed) {
    ServerRefusal refusal =
        new ServerRefusal(HttpResponseStatus.METHOD_NOT_ALLOWED, "use " + allowed);
    refusal.headers.set(HttpHeaderNames.ALLOW, allowed);
    return refusal;
  }

  static ServerRefusal badRequest(String message) {
    return new ServerRefusal(HttpResponseStatus.BAD_REQUEST, message);
  }

  /** Returns the same, which is a security event from now on. */
  ServerRefusal as(SecurityEvent.Kind kind) {
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

  /** Returns what else the answer must say. */
  HttpHeaders headers() {
    return headers;
  }

  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}

package io.dragonfly.transport.http.internal.server;

import io.dragonfly.control.AdminApi;
import io.dragonfly.spi.AdminService;
import io.dragonfly.transport.http.internal.tls.Role;
import io.dragonfly.transport.http.internal.wire.AdminWire;
import io.dragonfly.transport.http.internal.wire.FailureJson;
import io.dragonfly.transport.http.internal.wire.WireException;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** A call that takes the operators' token. Confined to its connection's event loop. */
abstract class OperatorExchange extends AwaitedExchange {
  private final AdminService service;
  private final HttpMethod method;
  private final String path;
  private final String token;

  OperatorExchange(ServerConnection connection, AdminService service, HttpRequest request)
      throws Refusal {
    super(connection);
    this.service = service;
    this.method = request.method();
    this.path = request.uri();
    if (!connection.takesSecrets()) {
      throw new Refusal(
          HttpResponseStatus.FORBIDDEN,
          "operators call over TLS alone, since the token is a secret");
    }
    this.token = RequestHead.bearer(request);
  }

  /** An answer that will be there. */
  static final class Reply {
    private final HttpResponseStatus status;
    private final byte[] json;

    Reply(HttpResponseStatus status, byte[] json) {
      this.status = status;
      this.json = json;
    }

    static Reply ok(byte[] json) {
      return new Reply(HttpResponseStatus.OK, json);
    }

    static Reply notFound() {
      return new Reply(
          HttpResponseStatus.NOT_FOUND, FailureJson.answer("there is no such thing here"));
    }
  }

  /** Returns the exchange for a request, if operators are served and it is theirs. */
  static Optional<Exchange> of(ServerConnection connection, Serving serving, HttpRequest request)
      throws Refusal {
    Optional<AdminService> service = serving.request().admin();
    if (service.isEmpty()) {
      return Optional.empty();
    }
    String path = request.uri();
    if (path.startsWith(AdminWire.ROOT)) {
      return Optional.of(new AdminExchange(connection, service.get(), request));
    }
    return path.equals(AdminWire.PREHEATS) || path.startsWith(AdminWire.PREHEATS + "/")
        ? Optional.of(new PreheatExchange(connection, serving, service.get(), request))
        : Optional.empty();
  }

  final AdminService service() {
    return service;
  }

  final HttpMethod method() {
    return method;
  }

  final String path() {
    return path;
  }

  final void require(HttpMethod allowed) throws Refusal {
    if (!method.equals(allowed)) {
      throw Refusal.wrongMethod(allowed);
    }
  }

  /**
   * Returns what the caller may use.
   *
   * @throws Refusal if it shows neither an operator's certificate nor the right token
   */
  final AdminApi admit() throws Refusal {
    if (connection().roles().filter(roles -> roles.contains(Role.OPERATOR)).isPresent()) {
      return service.forOperator();
    }
    Optional<AdminApi> admitted = service.admit(connection().client(), token);
    if (admitted.isEmpty()) {
      connection().require(Role.OPERATOR);
    }
    return admitted.orElseThrow(OperatorExchange::unauthorized);
  }

  private static Refusal unauthorized() {
    Refusal refusal =
        new Refusal(
            HttpResponseStatus.UNAUTHORIZED,
            "show the token of the supernode's home, on its own machine, or that of its"
                + " --admin-token-file");
    refusal.headers().set(HttpHeaderNames.WWW_AUTHENTICATE, "Bearer realm=\"dragonfly admin\"");
    return refusal;
  }

  static Refusal nothingHere() {
    return new Refusal(HttpResponseStatus.NOT_FOUND, "there is nothing at this path");
  }

  /** Does what is asked for, once the request is whole. */
  abstract void answer() throws Refusal, WireException;

  @Override
  public final void requested() {
    try {
      answer();
    } catch (Refusal refusal) {
      connection().refuse(refusal);
    } catch (WireException e) {
      connection().refuse(HttpResponseStatus.BAD_REQUEST, e.getMessage());
    }
  }

  final void await(CompletableFuture<Reply> asked) {
    await(asked, reply -> connection().answer(reply.status, reply.json), this::fail);
  }

  private void fail(Throwable cause) {
    if (cause instanceof IllegalArgumentException wrong) {
      connection().refuse(HttpResponseStatus.BAD_REQUEST, String.valueOf(wrong.getMessage()));
    } else {
      answerFailure(cause, method + " " + path);
    }
  }
}

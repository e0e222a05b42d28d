package io.dragonfly.transport.http.internal.server;

import io.dragonfly.control.AdminApi;
import io.dragonfly.control.SecurityEvent;
import io.dragonfly.internal.loop.Continuations;
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

  /** Who has been admitted; empty before. */
  private String operator = "";

  OperatorExchange(ServerConnection connection, AdminService service, HttpRequest request)
      throws ServerRefusal {
    super(connection);
    this.service = service;
    this.method = request.method();
    this.path = request.uri();
    if (!connection.takesSecrets()) {
      throw new ServerRefusal(
              HttpResponseStatus.FORBIDDEN,
              "operators call over TLS alone, since the token is a secret")
          .as(SecurityEvent.Kind.OPERATOR_REFUSED);
    }
    this.token = RequestHead.bearer(request);
  }

  /** An answer that will be there. */
  static final class Reply {
    private final HttpResponseStatus status;
    private final byte[] json;
    private final Optional<String> failure;

    private Reply(HttpResponseStatus status, byte[] json, Optional<String> failure) {
      this.status = status;
      this.json = json;
      this.failure = failure;
    }

    static Reply ok(byte[] json) {
      return done(HttpResponseStatus.OK, json);
    }

    static Reply done(HttpResponseStatus status, byte[] json) {
      return new Reply(status, json, Optional.empty());
    }

    static Reply failed(HttpResponseStatus status, String why) {
      return new Reply(status, FailureJson.answer(why), Optional.of(why));
    }

    static Reply notFound() {
      return failed(HttpResponseStatus.NOT_FOUND, "there is no such thing here");
    }
  }

  /** Returns the exchange for a request, if operators are served and it is theirs. */
  static Optional<ServerExchange> of(
      ServerConnection connection, Serving serving, HttpRequest request) throws ServerRefusal {
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

  final void require(HttpMethod allowed) throws ServerRefusal {
    if (!method.equals(allowed)) {
      throw ServerRefusal.wrongMethod(allowed);
    }
  }

  /**
   * Returns what the caller may use.
   *
   * @throws ServerRefusal if it shows neither an operator's certificate nor the right token
   */
  final AdminApi admit() throws ServerRefusal {
    if (connection().roles().filter(roles -> roles.contains(Role.OPERATOR)).isPresent()) {
      operator = "certificate " + connection().certificate();
      return service.forOperator();
    }
    Optional<AdminApi> admitted = service.admit(connection().client(), token);
    if (admitted.isEmpty()) {
      connection().require(Role.OPERATOR);
    }
    AdminApi admin = admitted.orElseThrow(OperatorExchange::unauthorized);
    operator = "operators' token";
    return admin;
  }

  private static ServerRefusal unauthorized() {
    ServerRefusal refusal =
        new ServerRefusal(
                HttpResponseStatus.UNAUTHORIZED,
                "show the token of the supernode's home, on its own machine, or that of its"
                    + " --admin-token-file")
            .as(SecurityEvent.Kind.OPERATOR_REFUSED);
    refusal.headers().set(HttpHeaderNames.WWW_AUTHENTICATE, "Bearer realm=\"dragonfly admin\"");
    return refusal;
  }

  static ServerRefusal nothingHere() {
    return new ServerRefusal(HttpResponseStatus.NOT_FOUND, "there is nothing at this path");
  }

  /** Does what is asked for, once the request is whole. */
  abstract void answer() throws ServerRefusal, WireException;

  @Override
  public final void requested() {
    try {
      answer();
    } catch (ServerRefusal refusal) {
      if (!operator.isEmpty()) {
        connection().tell(event().failed(refusal.getMessage()));
      }
      connection().refuse(refusal);
    } catch (WireException e) {
      connection().tell(event().failed(String.valueOf(e.getMessage())));
      connection().refuse(HttpResponseStatus.BAD_REQUEST, e.getMessage());
    }
  }

  /** Returns which call this is. */
  abstract SecurityEvent.Kind kind();

  /** Returns what is to be known of the call beside its method and path; never a secret. */
  abstract String details();

  private SecurityEvent event() {
    String from = SecurityEvent.text(connection().client());
    String what = connection().asked() + (details().isEmpty() ? "" : " " + details());
    return SecurityEvent.done(kind(), operator, from, what);
  }

  /** Tells of the call however it ends, also if the client is gone by then. */
  final void await(CompletableFuture<Reply> asked) {
    SecurityEvent event = event();
    Continuations.whenDone(
        asked,
        (reply, failure) -> {
          Optional<String> why =
              reply == null
                  ? Optional.of(failure == null ? "" : String.valueOf(failure.getMessage()))
                  : reply.failure;
          connection().tell(why.map(event::failed).orElse(event));
        });
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

package io.dragonfly.transport.http.internal.server;

import io.dragonfly.control.AdminApi;
import io.dragonfly.control.Preheat;
import io.dragonfly.control.PreheatRequest;
import io.dragonfly.control.SecurityEvent;
import io.dragonfly.spi.AdminService;
import io.dragonfly.transport.http.internal.wire.AdminWire;
import io.dragonfly.transport.http.internal.wire.PreheatJson;
import io.dragonfly.transport.http.internal.wire.WireException;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** A call about preheats. Confined to its connection's event loop. */
final class PreheatExchange extends OperatorExchange {
  private static final int MOST_BYTES = 256 << 10;

  private final AdminApi admin;
  private final RequestBody body;
  private String details = "";

  /** Whoever has no token cannot make the supernode keep a body either. */
  PreheatExchange(
      ServerConnection connection, Serving serving, AdminService service, HttpRequest request)
      throws ServerRefusal {
    super(connection, service, request);
    this.body = new RequestBody(connection, serving);
    this.admin = admit();
    boolean isStart = request.method().equals(HttpMethod.POST);
    if (isStart && !request.headers().contains(HttpHeaderNames.CONTENT_LENGTH)) {
      throw new ServerRefusal(HttpResponseStatus.LENGTH_REQUIRED, "send a Content-Length");
    }
    if (RequestHead.bodyLength(request) > (isStart ? MOST_BYTES : 0)) {
      throw new ServerRefusal(
          HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE,
          isStart ? "send at most %d bytes".formatted(MOST_BYTES) : "these calls have no body");
    }
  }

  @Override
  public void content(ByteBuf part) {
    body.add(part);
  }

  @Override
  void answer() throws ServerRefusal, WireException {
    byte[] json = body.take();
    if (path().equals(AdminWire.PREHEATS)) {
      await(method().equals(HttpMethod.POST) ? start(json) : list());
    } else {
      await(one(path().substring(AdminWire.PREHEATS.length() + 1)));
    }
  }

  private CompletableFuture<Reply> start(byte[] json) throws WireException {
    PreheatRequest request = PreheatJson.read(json);
    List<String> peers = PreheatJson.readPeers(json);
    details = request.display() + (peers.isEmpty() ? "" : " for peers " + String.join(",", peers));
    return admin
        .preheat(request, peers)
        .thenApply(begun -> Reply.done(HttpResponseStatus.ACCEPTED, PreheatJson.write(begun)));
  }

  @Override
  SecurityEvent.Kind kind() {
    if (method().equals(HttpMethod.POST) && path().equals(AdminWire.PREHEATS)) {
      return SecurityEvent.Kind.PREHEAT;
    }
    return method().equals(HttpMethod.DELETE)
        ? SecurityEvent.Kind.CANCEL_PREHEAT
        : SecurityEvent.Kind.OPERATOR_CALL;
  }

  @Override
  String details() {
    return details;
  }

  private CompletableFuture<Reply> list() throws ServerRefusal {
    require(HttpMethod.GET);
    return admin.preheats().thenApply(all -> Reply.ok(PreheatJson.write(all)));
  }

  private CompletableFuture<Reply> one(String id) throws ServerRefusal {
    if (id.contains("/")) {
      throw nothingHere();
    }
    if (method().equals(HttpMethod.DELETE)) {
      return admin.cancelPreheat(id).thenApply(PreheatExchange::reply);
    }
    require(HttpMethod.GET);
    return admin.preheat(id).thenApply(PreheatExchange::reply);
  }

  private static Reply reply(Optional<Preheat> preheat) {
    return preheat.map(is -> Reply.ok(PreheatJson.write(is))).orElseGet(Reply::notFound);
  }

  @Override
  public void abandon() {
    super.abandon();
    var unused = body.take();
  }
}

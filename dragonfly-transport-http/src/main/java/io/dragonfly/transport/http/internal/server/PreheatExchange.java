package io.dragonfly.transport.http.internal.server;

import io.dragonfly.control.AdminApi;
import io.dragonfly.control.Preheat;
import io.dragonfly.spi.AdminService;
import io.dragonfly.transport.http.internal.wire.AdminWire;
import io.dragonfly.transport.http.internal.wire.PreheatJson;
import io.dragonfly.transport.http.internal.wire.WireException;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** A call about preheats. Confined to its connection's event loop. */
final class PreheatExchange extends OperatorExchange {
  private static final int MOST_BYTES = 256 << 10;

  private final AdminApi admin;
  private final RequestBody body;

  /** Whoever has no token cannot make the supernode keep a body either. */
  PreheatExchange(
      ServerConnection connection, Serving serving, AdminService service, HttpRequest request)
      throws Refusal {
    super(connection, service, request);
    this.body = new RequestBody(connection, serving);
    this.admin = admit();
    boolean isStart = request.method().equals(HttpMethod.POST);
    if (isStart && !request.headers().contains(HttpHeaderNames.CONTENT_LENGTH)) {
      throw new Refusal(HttpResponseStatus.LENGTH_REQUIRED, "send a Content-Length");
    }
    if (RequestHead.bodyLength(request) > (isStart ? MOST_BYTES : 0)) {
      throw new Refusal(
          HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE,
          isStart ? "send at most %d bytes".formatted(MOST_BYTES) : "these calls have no body");
    }
  }

  @Override
  public void content(ByteBuf part) {
    body.add(part);
  }

  @Override
  void answer() throws Refusal, WireException {
    byte[] json = body.take();
    if (path().equals(AdminWire.PREHEATS)) {
      await(method().equals(HttpMethod.POST) ? start(json) : list());
    } else {
      await(one(path().substring(AdminWire.PREHEATS.length() + 1)));
    }
  }

  private CompletableFuture<Reply> start(byte[] json) throws WireException {
    return admin
        .preheat(PreheatJson.read(json), PreheatJson.readPeers(json))
        .thenApply(begun -> new Reply(HttpResponseStatus.ACCEPTED, PreheatJson.write(begun)));
  }

  private CompletableFuture<Reply> list() throws Refusal {
    require(HttpMethod.GET);
    return admin.preheats().thenApply(all -> Reply.ok(PreheatJson.write(all)));
  }

  private CompletableFuture<Reply> one(String id) throws Refusal {
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

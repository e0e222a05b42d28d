package io.dragonfly.transport.http.internal.server;

import io.dragonfly.control.SupernodeApi;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.spi.CallOrigin;
import io.dragonfly.transport.http.internal.tls.Role;
import io.dragonfly.transport.http.internal.wire.RequestsJson;
import io.dragonfly.transport.http.internal.wire.ResponsesJson;
import io.dragonfly.transport.http.internal.wire.Wire;
import io.dragonfly.transport.http.internal.wire.WireException;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A call to the supernode. It holds no thread while the supernode thinks, and if the client leaves,
 * the call is cancelled. Confined to its connection's event loop.
 */
final class ControlExchange extends AwaitedExchange {
  private final Serving serving;
  private final Wire.Call call;
  private final String secret;
  private final RequestBody body;
  private @Nullable CompletableFuture<?> asked;

  ControlExchange(ServerConnection connection, Serving serving, Wire.Call call, HttpRequest request)
      throws ServerRefusal {
    super(connection);
    this.serving = serving;
    this.body = new RequestBody(connection, serving);
    this.call = call;
    RequestHead.checkMethod(request, HttpMethod.POST);
    connection.require(Role.PEER);
    if (!connection.takesSecrets()) {
      throw new ServerRefusal(
          HttpResponseStatus.FORBIDDEN, "calls come over TLS alone, since they hold secrets");
    }
    if (!request.headers().contains(HttpHeaderNames.CONTENT_LENGTH)) {
      throw new ServerRefusal(HttpResponseStatus.LENGTH_REQUIRED, "send a Content-Length");
    }
    if (RequestHead.bodyLength(request) > Wire.MAX_REQUEST_BYTES) {
      throw new ServerRefusal(
          HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE,
          "send at most %d bytes".formatted(Wire.MAX_REQUEST_BYTES));
    }
    serving.checkBody(connection.client(), RequestHead.bodyLength(request));
    this.secret = RequestHead.header(request, Wire.SECRET).orElse("");
  }

  @Override
  public void content(ByteBuf part) {
    body.add(part);
  }

  @Override
  public void requested() {
    byte[] json = body.take();
    try {
      Function<CallOrigin, SupernodeApi> control = serving.request().control().orElse(null);
      if (control == null) {
        throw new CallRefusedException("this is a peer and no supernode: check the address");
      }
      ask(json, () -> control.apply(connection().origin()));
    } catch (WireException e) {
      connection().refuse(HttpResponseStatus.BAD_REQUEST, e.getMessage());
    } catch (RuntimeException e) {
      fail(e);
    }
  }

  private void ask(byte[] json, Supplier<SupernodeApi> supernode) throws WireException {
    switch (call) {
      case JOIN -> {
        var request = RequestsJson.readJoin(json);
        await(supernode.get().join(request), ResponsesJson::write);
      }
      case REGISTER -> {
        var request = RequestsJson.readRegister(json, secret);
        await(supernode.get().register(request), ResponsesJson::write);
      }
      case ANNOUNCE -> {
        var request = RequestsJson.readOffer(json, secret);
        await(supernode.get().announce(request), ResponsesJson::write);
      }
      case POLL -> {
        var request = RequestsJson.readNext(json, secret);
        await(supernode.get().poll(request), ResponsesJson::write);
      }
      case LEAVE -> {
        var request = RequestsJson.readLeave(json, secret);
        await(supernode.get().leave(request), ResponsesJson::write);
      }
    }
  }

  private <A> void await(CompletableFuture<A> future, Function<A, byte[]> json) {
    asked = future;
    await(future, answer -> finish(answer, json), this::fail);
  }

  private <A> void finish(A answer, Function<A, byte[]> writer) {
    byte[] json;
    try {
      json = writer.apply(answer);
    } catch (RuntimeException e) {
      fail(e);
      return;
    }
    if (json.length > Wire.MAX_ANSWER_BYTES) {
      fail(new IllegalStateException("an answer of %d bytes is too long".formatted(json.length)));
    } else {
      connection().answer(HttpResponseStatus.OK, json);
    }
  }

  private void fail(Throwable failure) {
    answerFailure(failure, call + " of " + connection().client());
  }

  @Override
  public void abandon() {
    super.abandon();
    var unused = body.take();
    if (asked != null) {
      asked.cancel(false);
    }
  }
}

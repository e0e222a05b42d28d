package io.dragonfly.transport.http.internal.server;

import io.dragonfly.transport.http.internal.tls.ServerTls;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells by a connection's first byte whether it is TLS, and steps aside: so one port serves both,
 * and plain connections cost what they cost without it. A client that speaks TLS waits until its
 * address may begin a handshake. Confined to its event loop.
 */
final class FirstByte extends ByteToMessageDecoder {
  private static final Logger LOG = LoggerFactory.getLogger(FirstByte.class);

  /** A handshake begins with it, and no HTTP request does. */
  private static final int TLS_HANDSHAKE = 0x16;

  private final ServerTls tls;
  private final Serving serving;
  private final ServerConnection connection;
  private Handshakes.@Nullable Waiting waiting;
  private boolean isTls;

  FirstByte(ServerTls tls, Serving serving, ServerConnection connection) {
    this.tls = tls;
    this.serving = serving;
    this.connection = connection;
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
    if (isTls || !in.isReadable()) {
      return;
    }
    if (in.getByte(in.readerIndex()) != TLS_HANDSHAKE) {
      connection.isPlain(tls);
      ctx.pipeline().remove(this);
      return;
    }
    isTls = true;
    waiting = serving.handshake(connection.client(), ctx.channel().eventLoop(), () -> begin(ctx));
    if (waiting != null) {
      // Whatever else the client sends stays in the kernel until it is this client's turn.
      ctx.channel().config().setAutoRead(false);
    }
  }

  private void begin(ChannelHandlerContext ctx) {
    waiting = null;
    if (ctx.isRemoved()) {
      return; // the connection was closed meanwhile
    }
    SslContext context;
    try {
      context = tls.context();
    } catch (IOException e) {
      LOG.warn("connections over TLS cannot be served: {}", e.getMessage());
      var unused = ctx.close();
      return;
    }
    SslHandler handler = context.newHandler(ctx.alloc());
    connection.isProtected(tls, handler.engine());
    handler.setHandshakeTimeoutMillis(0); // the connection has a limit, in active time
    ctx.pipeline().replace(this, null, handler); // which gets what has come so far
    ctx.channel().config().setAutoRead(true);
  }

  @Override
  protected void handlerRemoved0(ChannelHandlerContext ctx) {
    Handshakes.Waiting left = waiting;
    if (left != null) {
      waiting = null;
      serving.cancel(left);
    }
  }
}

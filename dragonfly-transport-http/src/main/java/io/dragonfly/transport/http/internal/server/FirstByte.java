package io.dragonfly.transport.http.internal.server;

import io.dragonfly.transport.http.internal.tls.ServerTls;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells by a connection's first byte whether it is TLS, and steps aside: so one port serves both,
 * and plain connections cost what they cost without it. Confined to its event loop.
 */
final class FirstByte extends ByteToMessageDecoder {
  private static final Logger LOG = LoggerFactory.getLogger(FirstByte.class);

  /** A handshake begins with it, and no HTTP request does. */
  private static final int TLS_HANDSHAKE = 0x16;

  private final ServerTls tls;
  private final ServerConnection connection;

  FirstByte(ServerTls tls, ServerConnection connection) {
    this.tls = tls;
    this.connection = connection;
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
    if (!in.isReadable()) {
      return;
    }
    if (in.getByte(in.readerIndex()) != TLS_HANDSHAKE) {
      connection.isPlain(tls);
      ctx.pipeline().remove(this);
      return;
    }
    SslContext context;
    try {
      context = tls.context();
    } catch (IOException e) {
      LOG.warn("connections over TLS cannot be served: {}", e.getMessage());
      in.skipBytes(in.readableBytes());
      var unused = ctx.close();
      return;
    }
    SslHandler handler = context.newHandler(ctx.alloc());
    connection.isProtected(tls, handler.engine());
    handler.setHandshakeTimeoutMillis(0); // the connection has a limit, in active time
    ctx.pipeline().replace(this, null, handler);
  }
}

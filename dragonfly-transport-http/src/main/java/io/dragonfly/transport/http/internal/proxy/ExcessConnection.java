package io.dragonfly.transport.http.internal.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A connection that is one too many of its client: answered with 503, whatever it asks for, and
 * closed. Confined to its event loop.
 */
final class ExcessConnection extends ChannelInboundHandlerAdapter {
  private static final String HEAD =
      """
      HTTP/1.1 503 Service Unavailable\r
      Content-Type: application/json\r
      Content-Length: %d\r
      Retry-After: 1\r
      Connection: close\r
      \r
      """;

  private @Nullable ScheduledFuture<?> end;

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    SocketChannel channel = (SocketChannel) ctx.channel();
    byte[] body =
        ProxyExchange.body(
            new ProxyRefusal(
                HttpResponseStatus.SERVICE_UNAVAILABLE,
                "there are too many connections from "
                    + channel.remoteAddress().getAddress().getHostAddress()));
    byte[] head = HEAD.formatted(body.length).getBytes(US_ASCII);
    // A close with unread bytes would be a reset, and the client would not see the answer.
    ctx.writeAndFlush(Unpooled.wrappedBuffer(head, body))
        .addListener(
            sent -> {
              var unused = channel.shutdownOutput();
            });
    end =
        ctx.executor()
            .schedule(() -> close(ctx), ProxyLimits.LINGER.toNanos(), TimeUnit.NANOSECONDS);
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ReferenceCountUtil.release(message);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    if (end != null) {
      end.cancel(false);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    close(ctx);
  }

  private static void close(ChannelHandlerContext ctx) {
    var unused = ctx.close();
  }
}

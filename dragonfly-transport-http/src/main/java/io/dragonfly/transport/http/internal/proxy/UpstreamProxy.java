package io.dragonfly.transport.http.internal.proxy;

import io.dragonfly.transport.http.internal.reach.SourceProxy;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;

/** Asks the proxy that the environment names for a tunnel, and waits for its answer. */
final class UpstreamProxy extends ChannelInboundHandlerAdapter {
  private static final int MOST_BYTES = 16 << 10;

  private final byte[] request;
  private final StringBuilder head = new StringBuilder();
  private final CompletableFuture<Void> opened = new CompletableFuture<>();

  UpstreamProxy(SourceProxy proxy, Authority to) {
    String authorization =
        proxy.authorization().map(value -> "Proxy-Authorization: " + value + "\r\n").orElse("");
    this.request =
        "CONNECT %1$s HTTP/1.1\r\nHost: %1$s\r\n%2$s\r\n"
            .formatted(to, authorization)
            .getBytes(StandardCharsets.ISO_8859_1);
  }

  /** Completes when the tunnel is there, and fails if the proxy refuses it. */
  CompletableFuture<Void> opened() {
    return opened;
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    var unused = ctx.writeAndFlush(Unpooled.wrappedBuffer(request));
    ctx.read();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    try {
      while (bytes.isReadable() && !isWhole()) {
        head.append((char) (bytes.readByte() & 0xff));
      }
      if (isWhole()) {
        finish(bytes.isReadable());
      } else if (head.length() > MOST_BYTES) {
        opened.completeExceptionally(new IOException("its answer is too long"));
      } else {
        ctx.read();
      }
    } finally {
      bytes.release();
    }
  }

  private boolean isWhole() {
    return head.length() >= 4 && head.substring(head.length() - 4).equals("\r\n\r\n");
  }

  private void finish(boolean isMoreThere) {
    String first = head.substring(0, head.indexOf("\r\n"));
    if (!first.matches("HTTP/1\\.[01] 2\\d\\d.*")) {
      opened.completeExceptionally(new IOException("it answered " + first));
    } else if (isMoreThere) {
      opened.completeExceptionally(new IOException("it sent bytes before it was asked"));
    } else {
      opened.complete(null);
    }
  }

  /** The channel stays open when the proxy has sent its last byte: a tunnel may be used on. */
  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event == ChannelInputShutdownEvent.INSTANCE) {
      opened.completeExceptionally(new IOException("it closed the connection"));
    }
    ctx.fireUserEventTriggered(event);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    opened.completeExceptionally(new IOException("it closed the connection"));
    ctx.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    opened.completeExceptionally(cause);
    var unused = ctx.close();
  }
}

package io.dragonfly.load;

import io.dragonfly.peer.PeerSecret;
import io.dragonfly.transport.http.internal.wire.Wire;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A kept-alive connection to a supernode with one call at a time, all on its event loop. */
final class LoadConnection {
  private final Channel channel;
  private @Nullable CompletableFuture<byte[]> waiting;

  private LoadConnection(Channel channel) {
    this.channel = channel;
  }

  /** Makes the threads that connections share. */
  static EventLoopGroup loops() {
    return new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  }

  /**
   * Connects over TLS, to whoever answers.
   *
   * @throws IOException if TLS cannot be set up
   */
  static CompletableFuture<LoadConnection> open(EventLoopGroup loops, InetSocketAddress to)
      throws IOException {
    CompletableFuture<LoadConnection> opened = new CompletableFuture<>();
    SslContext tls =
        SslContextBuilder.forClient().trustManager(InsecureTrustManagerFactory.INSTANCE).build();
    Bootstrap bootstrap =
        new Bootstrap()
            .group(loops)
            .channel(EpollSocketChannel.class)
            .option(ChannelOption.TCP_NODELAY, true)
            .handler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    channel.pipeline().addLast(tls.newHandler(channel.alloc()));
                    channel.pipeline().addLast(new HttpClientCodec());
                    channel.pipeline().addLast(new HttpObjectAggregator(Wire.MAX_ANSWER_BYTES));
                  }
                });
    bootstrap
        .connect(to)
        .addListener(
            (io.netty.channel.ChannelFuture connected) -> {
              if (connected.isSuccess()) {
                LoadConnection connection = new LoadConnection(connected.channel());
                connected.channel().pipeline().addLast(connection.new Answers());
                opened.complete(connection);
              } else {
                opened.completeExceptionally(connected.cause());
              }
            });
    return opened;
  }

  /** Posts a call's JSON and completes with the answer's; on the loop, as the future does. */
  CompletableFuture<byte[]> call(Wire.Call call, PeerSecret secret, byte[] json) {
    CompletableFuture<byte[]> answer = new CompletableFuture<>();
    waiting = answer;
    DefaultFullHttpRequest request =
        new DefaultFullHttpRequest(
            HttpVersion.HTTP_1_1, HttpMethod.POST, call.path(), Unpooled.wrappedBuffer(json));
    request
        .headers()
        .set(HttpHeaderNames.HOST, "supernode")
        .set(HttpHeaderNames.CONTENT_TYPE, Wire.JSON)
        .set(HttpHeaderNames.CONTENT_LENGTH, json.length)
        .set(Wire.SECRET, secret.reveal());
    channel.writeAndFlush(request);
    return answer;
  }

  void close() {
    channel.close();
  }

  private final class Answers extends SimpleChannelInboundHandler<FullHttpResponse> {
    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpResponse response) {
      byte[] json = ByteBufUtil.getBytes(response.content());
      if (response.status().code() == 200) {
        end().complete(json);
      } else {
        String body = new String(json, StandardCharsets.UTF_8);
        end().completeExceptionally(new IOException(response.status() + ": " + body));
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      if (waiting != null) {
        end().completeExceptionally(new IOException("the supernode closed the connection"));
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      context.close(); // what waits hears of it then
    }

    private CompletableFuture<byte[]> end() {
      CompletableFuture<byte[]> ended = waiting;
      waiting = null;
      if (ended == null) {
        throw new IllegalStateException("an answer to no call");
      }
      return ended;
    }
  }
}

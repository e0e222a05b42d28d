import io.dragonfly.control.Caller;
import io.dragonfly.control.AnnounceRequest;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Headers;
import io.dragonfly.transport.http.internal.wire.RequestsJson;
import io.dragonfly.transport.http.internal.wire.Wire;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLEngine;

/**
 * Connections from one address that want all of a supernode: they hold half requests and almost
 * whole bodies, register with long headers, new names and new zones as fast as they are
 * answered, and begin TLS handshakes that they do not go on with. Of those the first message is
 * always the same, so it costs the supernode much and the intruder nothing. A connection that is
 * closed is opened again.
 */
final class Intruders implements AutoCloseable {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int KINDS = 5;
  private static final int GREETER = 4;
  private static final int AGAIN_SECONDS = 5;
  private static final int GREET_AGAIN_SECONDS = 1;
  private static final int HEADER_BYTES = 30_000;
  private static final int BODY_BYTES = 300_000;

  private final InetSocketAddress supernode;
  private final InetAddress from;
  private final String url;
  private final EventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());

  /** Those who only greet do not wait for the cryptography of the others. */
  private final EventLoopGroup greeters =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());

  private final SslContext tls;
  private final ByteBuf greeting;
  private final Map<String, AtomicInteger> answers = new ConcurrentHashMap<>();
  private final AtomicInteger number = new AtomicInteger();

  Intruders(InetSocketAddress supernode, InetAddress from, String url) throws Exception {
    this.supernode = supernode;
    this.from = from;
    this.url = url;
    this.tls =
        SslContextBuilder.forClient().trustManager(InsecureTrustManagerFactory.INSTANCE).build();
    SSLEngine engine = tls.newEngine(UnpooledByteBufAllocator.DEFAULT);
    ByteBuffer hello = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
    engine.wrap(ByteBuffer.allocate(0), hello);
    this.greeting = Unpooled.unreleasableBuffer(Unpooled.copiedBuffer(hello.flip()));
  }

  void open(int connections) throws InterruptedException {
    for (int i = 0; i < connections; i++) {
      open(new Intruder(i % KINDS));
      if (i % 20 == 0) {
        TimeUnit.MILLISECONDS.sleep(20); // a thousand a second, or handshakes would be all there is
      }
    }
  }

  /** Returns how often each answer came, as JSON. */
  String result() {
    StringBuilder json = new StringBuilder("{");
    new TreeMap<>(answers)
        .forEach(
            (answer, count) ->
                json.append(json.length() == 1 ? "" : ", ")
                    .append('"')
                    .append(answer)
                    .append("\": ")
                    .append(count));
    return json.append('}').toString();
  }

  private void count(String answer) {
    answers.computeIfAbsent(answer, a -> new AtomicInteger()).incrementAndGet();
  }

  private void open(Intruder intruder) {
    new Bootstrap()
        .group(intruder.kind == GREETER ? greeters : loops)
        .channel(NioSocketChannel.class)
        .handler(
            new ChannelInitializer<SocketChannel>() {
              @Override
              protected void initChannel(SocketChannel channel) {
                if (intruder.kind == GREETER) {
                  channel.pipeline().addLast(greeter());
                } else {
                  channel
                      .pipeline()
                      .addLast(tls.newHandler(channel.alloc()))
                      .addLast(intruder.handler());
                }
                channel.closeFuture().addListener(closed -> again(intruder));
              }
            })
        .connect(supernode, new InetSocketAddress(from, 0));
  }

  private void again(Intruder intruder) {
    count("closed");
    if (!loops.isShuttingDown()) {
      int pause = intruder.kind == GREETER ? GREET_AGAIN_SECONDS : AGAIN_SECONDS;
      loops.schedule(() -> open(intruder), pause, TimeUnit.SECONDS);
    }
  }

  private SimpleChannelInboundHandler<ByteBuf> greeter() {
    return new SimpleChannelInboundHandler<>() {
      @Override
      public void channelActive(ChannelHandlerContext context) {
        count("greetings");
        context.writeAndFlush(greeting.duplicate());
      }

      @Override
      protected void channelRead0(ChannelHandlerContext context, ByteBuf answer) {
        count("greetings_answered");
        context.close();
      }

      @Override
      public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        context.close();
      }
    };
  }

  private ByteBuf post(Wire.Call call, PeerSecret secret, byte[] json, int length) {
    String head =
        "POST %s HTTP/1.1\r\nHost: s\r\nContent-Length: %d\r\n%s: %s\r\n\r\n"
            .formatted(call.path(), length, Wire.SECRET, secret.reveal());
    return Unpooled.wrappedBuffer(head.getBytes(StandardCharsets.US_ASCII), json);
  }

  /** What one connection does, each time that it is opened. */
  private final class Intruder {
    private final int kind;

    Intruder(int kind) {
      this.kind = kind;
    }

    private ByteBuf request() {
      int here = number.incrementAndGet();
      PeerSecret secret = PeerSecret.random(RANDOM);
      Caller caller = new Caller(secret, new InetSocketAddress(from, 1), "zone" + here);
      return switch (kind) {
        case 0 -> post(Wire.Call.ANNOUNCE, secret, new byte[BODY_BYTES - 1], BODY_BYTES);
        case 1 -> Unpooled.wrappedBuffer("POST /api/v2/off".getBytes(StandardCharsets.US_ASCII));
        case 2 -> {
          ContentRequest content =
              ContentRequest.of(URI.create(url + "/intruder" + here))
                  .withHeaders(Headers.NONE.with("Authorization", here + "x".repeat(HEADER_BYTES)));
          byte[] json =
              RequestsJson.write(
                  new RegisterRequest(
                      caller, content, Optional.empty(), Optional.empty(), List.of()));
          yield post(Wire.Call.REGISTER, secret, json, json.length);
        }
        default -> {
          byte[] json = RequestsJson.write(new AnnounceRequest(caller, List.of()));
          yield post(Wire.Call.ANNOUNCE, secret, json, json.length);
        }
      };
    }

    SimpleChannelInboundHandler<ByteBuf> handler() {
      return new SimpleChannelInboundHandler<>() {
        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
          if (event instanceof SslHandshakeCompletionEvent done && done.isSuccess()) {
            count("handshakes");
            context.writeAndFlush(request());
          }
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf answer) {
          String text = answer.toString(StandardCharsets.US_ASCII);
          if (text.startsWith("HTTP/1.1 ")) {
            count(text.substring(9, 12));
            context
                .executor()
                .schedule(() -> context.writeAndFlush(request()), 1, TimeUnit.SECONDS);
          }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
          context.close();
        }
      };
    }
  }

  @Override
  public void close() {
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    greeters.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}

package io.dragonfly.transport.http.internal.proxy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.SocketChannel;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One direction of a blind tunnel: what one channel brings is written to the other, and no faster
 * than that one takes it. The end of one direction is passed on as well, and leaves the other
 * direction open; the tunnel is closed after both. Both channels have the same event loop, to which
 * this is confined.
 */
final class Relay extends ChannelInboundHandlerAdapter {
  private static final Logger LOG = LoggerFactory.getLogger(Relay.class);

  private final SocketChannel other;
  private final Activity activity;

  /** When a tunnel last moved a byte, and how many of its directions have ended. */
  private static final class Activity {
    private final LongSupplier nanoClock;
    private final RunningWork work;
    private long last;
    private int ended;
    private boolean over;
    private final ScheduledFuture<?> look;

    /**
     * Closes both channels when they have been silent for longer than a tunnel may be: for a proxy
     * that ends that is not long, since nobody can tell whether a connection in it is still used.
     */
    Activity(Channel one, Channel other, ProxyParts parts) {
      ProxyLimits limits = parts.limits();
      long every = limits.checkEvery().toNanos();
      this.nanoClock = parts.nanoClock();
      this.work = parts.work();
      this.last = nanoClock.getAsLong();
      work.begin();
      look =
          one.eventLoop()
              .scheduleWithFixedDelay(
                  () -> {
                    Duration most = work.isEnding() ? ProxyLimits.LINGER : limits.tunnel();
                    if (nanoClock.getAsLong() - last > most.toNanos()) {
                      var unused = one.close();
                      var unusedToo = other.close();
                    }
                  },
                  every,
                  every,
                  TimeUnit.NANOSECONDS);
    }

    private void now() {
      last = nanoClock.getAsLong();
    }

    private void end() {
      look.cancel(false);
      if (!over) {
        over = true;
        work.end();
      }
    }
  }

  private Relay(SocketChannel other, Activity activity) {
    this.other = other;
    this.activity = activity;
  }

  /**
   * Connects two channels. To be called on their event loop.
   *
   * @param early what the first one has brought before
   */
  static void between(
      SocketChannel one, SocketChannel other, List<ByteBuf> early, ProxyParts parts) {
    Activity activity = new Activity(one, other, parts);
    for (SocketChannel each : List.of(one, other)) {
      each.config().setAllowHalfClosure(true);
    }
    one.pipeline().addFirst(new Relay(other, activity));
    other.pipeline().addFirst(new Relay(one, activity));
    for (ByteBuf part : early) {
      var unused = other.write(part);
    }
    other.flush();
    for (SocketChannel each : List.of(one, other)) {
      each.config().setAutoRead(true);
    }
    if (!one.isActive() || !other.isActive()) {
      closeWhenSent(one);
      closeWhenSent(other);
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    activity.now();
    var unused = other.write(message);
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    other.flush();
    ctx.channel().config().setAutoRead(other.isWritable());
  }

  /** There is room in this channel again: the other one may bring more. */
  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    activity.now();
    other.config().setAutoRead(ctx.channel().isWritable());
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event == ChannelInputShutdownEvent.INSTANCE) {
      activity.now();
      activity.ended++;
      if (activity.ended < 2) {
        other
            .writeAndFlush(Unpooled.EMPTY_BUFFER)
            .addListener(
                sent -> {
                  var unused = other.shutdownOutput();
                });
      } else {
        closeWhenSent(other);
        closeWhenSent(ctx.channel());
      }
    }
    ctx.fireUserEventTriggered(event);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    activity.end();
    closeWhenSent(other);
    ctx.fireChannelInactive();
  }

  private static void closeWhenSent(Channel channel) {
    if (channel.isActive()) {
      channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    LOG.debug("a tunnel broke: {}", cause.toString());
    var unused = ctx.close();
  }
}

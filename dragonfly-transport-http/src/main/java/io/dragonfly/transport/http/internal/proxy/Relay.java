package io.dragonfly.transport.http.internal.proxy;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One direction of a blind tunnel: what one channel brings is written to the other, and no faster
 * than that one takes it. Both channels have the same event loop, to which this is confined.
 */
final class Relay extends ChannelInboundHandlerAdapter {
  private static final Logger LOG = LoggerFactory.getLogger(Relay.class);

  private final Channel other;
  private final Activity activity;

  /** When a tunnel last moved a byte. */
  static final class Activity {
    private final LongSupplier nanoClock;
    private long last;
    private final ScheduledFuture<?> look;

    /** Closes both channels when they have been silent for longer than a tunnel may be. */
    Activity(Channel one, Channel other, ProxyLimits limits, LongSupplier nanoClock) {
      long every = limits.checkEvery().toNanos();
      this.nanoClock = nanoClock;
      this.last = nanoClock.getAsLong();
      look =
          one.eventLoop()
              .scheduleWithFixedDelay(
                  () -> {
                    if (nanoClock.getAsLong() - last > limits.tunnel().toNanos()) {
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
    }
  }

  Relay(Channel other, Activity activity) {
    this.other = other;
    this.activity = activity;
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
  public void channelInactive(ChannelHandlerContext ctx) {
    activity.end();
    if (other.isActive()) {
      other.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    }
    ctx.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    LOG.debug("a tunnel broke: {}", cause.toString());
    var unused = ctx.close();
  }
}

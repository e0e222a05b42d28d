package io.dragonfly.transport.http.internal.loop;

import io.netty.channel.Channel;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.unix.IntegerUnixChannelOption;
import io.netty.channel.unix.RawUnixChannelOption;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;

/** The only class that names Netty's epoll, which may be missing. */
final class EpollLoops {
  private static final IntegerUnixChannelOption RECEIVE_LOW_WATER =
      new IntegerUnixChannelOption("SO_RCVLOWAT", 1, 18); // SOL_SOCKET and its option, on Linux

  /** IPPROTO_TCP and its TCP_INFO, up to the field that is read. */
  private static final RawUnixChannelOption TCP_INFO =
      new RawUnixChannelOption("TCP_INFO", 6, 11, 152);

  /** Where {@code tcpi_min_rtt} stands in Linux's {@code struct tcp_info}: microseconds. */
  private static final int LEAST_ROUND_TRIP = 148;

  private static final int NOT_MEASURED = 0xffff_ffff;

  private EpollLoops() {}

  static boolean isAvailable() {
    return Epoll.isAvailable();
  }

  static IoHandlerFactory handler() {
    return EpollIoHandler.newFactory();
  }

  static Class<? extends SocketChannel> channel() {
    return EpollSocketChannel.class;
  }

  static Class<? extends ServerSocketChannel> serverChannel() {
    return EpollServerSocketChannel.class;
  }

  static boolean wakeAt(Channel channel, int bytes) {
    return channel.isActive() && channel.config().setOption(RECEIVE_LOW_WATER, bytes);
  }

  /** Returns {@link EventLoops#UNKNOWN} if the system has not measured it. */
  static long leastRoundTripNanos(Channel channel) {
    if (!channel.isActive()) {
      return EventLoops.UNKNOWN;
    }
    ByteBuffer info = channel.config().getOption(TCP_INFO);
    if (info == null) {
      return EventLoops.UNKNOWN;
    }
    int micros = info.order(ByteOrder.nativeOrder()).getInt(LEAST_ROUND_TRIP);
    // A system that does not know the field, as Linux before 4.6, leaves it 0.
    return micros == 0 || micros == NOT_MEASURED
        ? EventLoops.UNKNOWN
        : TimeUnit.MICROSECONDS.toNanos(Integer.toUnsignedLong(micros));
  }
}

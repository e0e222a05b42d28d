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

/** The only class that names Netty's epoll, which may be missing. */
final class EpollLoops {
  private static final IntegerUnixChannelOption RECEIVE_LOW_WATER =
      new IntegerUnixChannelOption("SO_RCVLOWAT", 1, 18); // SOL_SOCKET and its option, on Linux

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
}

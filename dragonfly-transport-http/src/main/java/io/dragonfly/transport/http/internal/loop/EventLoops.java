package io.dragonfly.transport.http.internal.loop;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.ChannelGroupFuture;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultPromise;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.ImmediateEventExecutor;
import io.netty.util.concurrent.Promise;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A group of event loops and the channels that go with it. Safe for concurrent use. */
public final class EventLoops implements AutoCloseable {
  /**
   * Named, since Netty's own choice changes with its versions: pooled buffers were measured to cost
   * the least CPU here.
   */
  public static final ByteBufAllocator ALLOCATOR = PooledByteBufAllocator.DEFAULT;

  /** What is told of a time that nobody knows. */
  public static final long UNKNOWN = -1;

  private static final Logger LOG = LoggerFactory.getLogger(EventLoops.class);
  private static final Duration SHUTDOWN = Duration.ofSeconds(5);
  private static final Duration WAIT = SHUTDOWN.multipliedBy(2);

  private final DaemonThreads threads = new DaemonThreads("dragonfly-http");
  private final EventLoopGroup group;
  private final Class<? extends SocketChannel> channel;
  private final Class<? extends ServerSocketChannel> serverChannel;
  private final boolean isEpoll;

  private EventLoops(
      IoHandlerFactory handler,
      int count,
      Class<? extends SocketChannel> channel,
      Class<? extends ServerSocketChannel> serverChannel,
      boolean isEpoll) {
    this.group = new Loops(count, threads, handler);
    this.channel = channel;
    this.serverChannel = serverChannel;
    this.isEpoll = isEpoll;
  }

  /** Tells whether epoll can be used: on Linux, with its native library at hand. */
  public static boolean hasEpoll() {
    try {
      return EpollLoops.isAvailable();
    } catch (LinkageError e) {
      // On the module path the classes are found only if a module asks for them.
      LOG.debug("epoll cannot be used: {}", e.toString());
      return false;
    }
  }

  /**
   * Opens loops that use epoll.
   *
   * @throws UnsupportedOperationException if it cannot be used here
   */
  public static EventLoops epoll(int threads) {
    if (!hasEpoll()) {
      throw new UnsupportedOperationException(
          "epoll cannot be used here: it needs Linux and netty-transport-native-epoll for its"
              + " processor; choose NIO");
    }
    return new EventLoops(
        EpollLoops.handler(), threads, EpollLoops.channel(), EpollLoops.serverChannel(), true);
  }

  /** Opens loops that use Java's NIO. */
  public static EventLoops nio(int threads) {
    return new EventLoops(
        NioIoHandler.newFactory(),
        threads,
        NioSocketChannel.class,
        NioServerSocketChannel.class,
        false);
  }

  /** Returns the loops. */
  public EventLoopGroup group() {
    return group;
  }

  /** Returns the class of channels that connect. */
  public Class<? extends SocketChannel> channel() {
    return channel;
  }

  /** Returns the class of channels that listen. */
  public Class<? extends ServerSocketChannel> serverChannel() {
    return serverChannel;
  }

  /**
   * Wakes a channel's loop no more for fewer bytes than these that have come, except at the end of
   * the connection. Returns false, and changes nothing, where that cannot be done.
   */
  public boolean wakeAt(Channel of, int bytes) {
    return isEpoll && EpollLoops.wakeAt(of, bytes);
  }

  /**
   * Returns the shortest round trip that the system has seen on a connection, or {@link #UNKNOWN}.
   */
  public long leastRoundTripNanos(Channel of) {
    try {
      return isEpoll ? EpollLoops.leastRoundTripNanos(of) : UNKNOWN;
    } catch (ChannelException e) {
      LOG.debug("the system does not tell the round trip", e);
      return UNKNOWN;
    }
  }

  /**
   * Lets others send about so many bytes that have not been read here. Returns false, and changes
   * nothing, where that cannot be done.
   */
  public boolean receiveAtMost(Channel of, int bytes) {
    try {
      return of.isActive() && of.config().setOption(ChannelOption.SO_RCVBUF, bytes);
    } catch (ChannelException e) {
      LOG.debug("the system does not take the size of a receive buffer", e);
      return false;
    }
  }

  /** Returns why an address could not be bound, in words; natively it is a system call's name. */
  public static String whyNotBound(@Nullable Throwable cause) {
    String message = cause == null ? "no answer in time" : String.valueOf(cause.getMessage());
    if (message.contains("already in use")) {
      return "another program listens there";
    }
    if (message.contains("ermission denied")) {
      return "a port below 1024 needs more rights";
    }
    return message.contains("annot assign") ? "this machine has no such address" : message;
  }

  /** Makes a group of channels, which closes at once what is added after it was closed. */
  public ChannelGroup newGroup() {
    return new DefaultChannelGroup(group.next(), true);
  }

  /**
   * Closes all channels of a group and waits for it, unless a loop calls. It must be done before
   * the loops are closed: a loop that is told to end at the wrong moment, and without a quiet
   * period, leaves its channels open.
   */
  public void closeAll(ChannelGroup channels) {
    ChannelGroupFuture closed = channels.close();
    if (!isLoopThread() && !closed.awaitUninterruptibly(WAIT.toMillis())) {
      LOG.warn("connections of a transport are not closed: something blocks an event loop");
    }
  }

  /** Tells whether the calling thread is one of the loops: it must not wait for them. */
  public boolean isLoopThread() {
    return threads.isOneOfThem();
  }

  /** Ends the threads and waits for them, unless one of them calls. */
  @Override
  public void close() {
    var unused = group.shutdownGracefully(0, SHUTDOWN.toMillis(), TimeUnit.MILLISECONDS);
    if (!isLoopThread() && !threads.await(WAIT)) {
      LOG.warn("event loops of a transport have not ended: something blocks one of them");
    }
  }

  /**
   * Loops that end without Netty's global executor. Netty would notify the group on it, and its
   * thread is no daemon: it would keep the JVM alive for a second or two after the last close.
   */
  private static final class Loops extends MultiThreadIoEventLoopGroup {
    Loops(int count, ThreadFactory threads, IoHandlerFactory handler) {
      super(count, threads, handler);
    }

    @Override
    protected IoEventLoop newChild(Executor executor, IoHandlerFactory handler, Object... args) {
      Promise<Void> ended = new DefaultPromise<>(ImmediateEventExecutor.INSTANCE);
      Executor notifying =
          loop ->
              executor.execute(
                  () -> {
                    try {
                      loop.run();
                    } finally {
                      ended.trySuccess(null);
                    }
                  });
      return new SingleThreadIoEventLoop(this, notifying, handler) {
        @Override
        public Future<?> terminationFuture() {
          return ended;
        }
      };
    }
  }
}

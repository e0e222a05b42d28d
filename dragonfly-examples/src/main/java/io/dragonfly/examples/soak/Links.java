package io.dragonfly.examples.soak;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/**
 * Ways to processes that can be cut: TCP proxies on loopback, which need no rights and work on
 * every system. Whoever connects to a link comes out at the port of its process. One thread moves
 * all bytes. Safe for concurrent use.
 */
final class Links implements AutoCloseable {
  private static final int BUFFER_BYTES = 64 << 10;

  /** Links that are closed carry out no order. */
  private static final long CLOSED_SECONDS = 5;

  private final Selector selector;
  private final Queue<Runnable> orders = new ConcurrentLinkedQueue<>();

  Links() throws IOException {
    selector = Selector.open();
    Thread thread = new Thread(this::run, "soak-links");
    thread.setDaemon(true);
    thread.start();
  }

  /** What a link does with what comes. */
  enum State {
    OPEN,
    /** Nothing is passed on; what is on its way comes when the link is open again. */
    SILENT,
    /** All connections are reset. */
    RESET
  }

  /** A way to one process. */
  final class Link {
    private final ServerSocketChannel listener;
    private final int port;
    private final List<Pair> pairs = new ArrayList<>();
    private volatile int target;
    private State state = State.OPEN;

    private Link(ServerSocketChannel listener) throws IOException {
      this.listener = listener;
      this.port = ((InetSocketAddress) listener.getLocalAddress()).getPort();
    }

    /** Returns the port that others connect to. */
    int port() {
      return port;
    }

    /** Sets the port of the process. */
    void leadsTo(int processPort) {
      target = processPort;
    }

    /** Cuts the link or mends it. It is so when this returns. */
    void set(State now) {
      CompletableFuture<Void> done = new CompletableFuture<>();
      order(
          () -> {
            state = now;
            List<Pair> all = List.copyOf(pairs);
            all.forEach(now == State.RESET ? Pair::reset : Pair::watch);
            done.complete(null);
          });
      done.completeOnTimeout(null, CLOSED_SECONDS, TimeUnit.SECONDS).join();
    }

    private void accept() throws IOException {
      SocketChannel from = listener.accept();
      if (from == null) {
        return;
      }
      if (state == State.RESET || target == 0) {
        resetAndClose(from);
        return;
      }
      Pair pair = new Pair(this, from, SocketChannel.open());
      pairs.add(pair);
      pair.connect();
    }
  }

  /** A connection: from who called to the process. */
  private final class Pair {
    private final Link link;
    private final Side caller;
    private final Side process;

    Pair(Link link, SocketChannel from, SocketChannel to) throws IOException {
      this.link = link;
      this.caller = new Side(this, from);
      this.process = new Side(this, to);
    }

    void connect() {
      try {
        process.channel.connect(new InetSocketAddress(loopback(), link.target));
        watch();
      } catch (IOException e) {
        reset();
      }
    }

    /** Waits for what can be done now. */
    void watch() {
      try {
        boolean open = link.state == State.OPEN;
        boolean connecting = process.channel.isConnectionPending();
        process.key.interestOps(
            connecting ? SelectionKey.OP_CONNECT : open ? ops(process, caller) : 0);
        caller.key.interestOps(open && !connecting ? ops(caller, process) : 0);
      } catch (CancelledKeyException e) {
        reset();
      }
    }

    private int ops(Side side, Side other) {
      return (side.ended || !side.read.hasRemaining() ? 0 : SelectionKey.OP_READ)
          | (other.read.position() > 0 ? SelectionKey.OP_WRITE : 0);
    }

    void move(Side side) {
      Side other = side == caller ? process : caller;
      try {
        if (side.key.isConnectable()) {
          side.channel.finishConnect();
        } else {
          side.receive();
          other.receive();
          side.send(other.channel);
          other.send(side.channel);
        }
        boolean over = (side.ended && side.isEmpty()) || (other.ended && other.isEmpty());
        if (over) {
          end();
        } else {
          watch();
        }
      } catch (IOException | CancelledKeyException e) {
        reset();
      }
    }

    void reset() {
      resetAndClose(caller.channel);
      resetAndClose(process.channel);
      link.pairs.remove(this);
    }

    private void end() throws IOException {
      caller.channel.close();
      process.channel.close();
      link.pairs.remove(this);
    }
  }

  /** One end of a connection, and what came from there and has not been passed on. */
  private final class Side {
    private final SocketChannel channel;
    private final SelectionKey key;
    private final ByteBuffer read = ByteBuffer.allocateDirect(BUFFER_BYTES);
    private boolean ended;

    Side(Pair pair, SocketChannel channel) throws IOException {
      this.channel = channel;
      channel.configureBlocking(false);
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      key = channel.register(selector, 0, pair);
    }

    boolean isEmpty() {
      return read.position() == 0;
    }

    void receive() throws IOException {
      ended |= !ended && read.hasRemaining() && channel.read(read) < 0;
    }

    void send(SocketChannel to) throws IOException {
      read.flip();
      to.write(read);
      read.compact();
    }
  }

  /** Opens a link to a process that is yet to be. */
  Link open() throws IOException {
    ServerSocketChannel listener = ServerSocketChannel.open();
    listener.bind(new InetSocketAddress(loopback(), 0), 1024);
    listener.configureBlocking(false);
    Link link = new Link(listener);
    order(
        () -> {
          try {
            listener.register(selector, SelectionKey.OP_ACCEPT, link);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
    return link;
  }

  private void order(Runnable order) {
    orders.add(order);
    selector.wakeup();
  }

  private void run() {
    try {
      while (selector.isOpen()) {
        selector.select(this::ready);
        for (Runnable order = orders.poll(); order != null; order = orders.poll()) {
          order.run();
        }
      }
    } catch (IOException | ClosedSelectorException e) {
      // closed
    }
  }

  private void ready(SelectionKey key) {
    try {
      if (key.attachment() instanceof Link link) {
        link.accept();
      } else if (key.attachment() instanceof Pair pair) {
        pair.move(key == pair.caller.key ? pair.caller : pair.process);
      }
    } catch (IOException e) {
      key.cancel(); // the listener is closed
    }
  }

  private static void resetAndClose(SocketChannel channel) {
    try (channel) {
      channel.setOption(StandardSocketOptions.SO_LINGER, 0);
    } catch (IOException e) {
      // it is closed
    }
  }

  private static InetAddress loopback() {
    return InetAddress.getLoopbackAddress();
  }

  /** Closes all links and connections, and ends the thread soon. */
  @Override
  public void close() {
    order(
        () -> {
          for (SelectionKey key : selector.keys()) {
            try {
              key.channel().close();
            } catch (IOException e) {
              // closed then
            }
          }
          try {
            selector.close();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }
}

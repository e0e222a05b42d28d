package io.dragonfly.examples.thin;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.File;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A connection to the background peer of a data directory, for one call: over its socket, or over
 * the streams of a process that was started for the call.
 */
final class Connection implements AutoCloseable {
  /** What {@link #follow} returns if the background peer takes no more calls. */
  static final int ENDING = -1;

  /** What {@link #follow} returns if a new process has said that its start is over. */
  static final int STARTED = -2;

  /** A background peer answers at once, unless the machine is overloaded. */
  private static final long TICK_MILLIS = 5_000;

  private final DataInputStream in;
  private final OutputStream out;
  private final Closeable ends;
  private final Heartbeat heartbeat;
  private volatile @Nullable Greeting server;

  /** While a call is sent nobody may ping: the ping would wait for the call. */
  private volatile boolean sending;

  private Connection(InputStream in, OutputStream out, Closeable ends, long tickMillis) {
    this.in = new DataInputStream(new BufferedInputStream(in));
    this.out = out;
    this.ends = ends;
    this.heartbeat = new Heartbeat(this, tickMillis);
  }

  /**
   * Connects to the background peer of a data directory; null if there is none any more.
   *
   * @throws FailedException if it is silent, or its socket belongs to another user
   */
  static @Nullable Connection open(File home) throws IOException {
    return open(home, TICK_MILLIS);
  }

  /** The same with another fourth of the time for which the background peer may be silent. */
  static @Nullable Connection open(File home, long tickMillis) throws IOException {
    Path path = SocketPath.of(home);
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return null;
    }
    if (!SocketPath.isTrusted(path)) {
      throw new FailedException(
          ThinMain.STORAGE,
          "Socket " + path + " belongs to another user. Remove it, or choose another --home.");
    }
    LocalSocket socket = LocalSocket.create();
    Connection connection = new Connection(socket.in(), socket.out(), socket, tickMillis);
    boolean greeted = false;
    try {
      connection.heartbeat.start();
      connection.heartbeat.setWaiting(true);
      socket.connect(path);
      Frame hello = Frame.read(connection.in);
      connection.heartbeat.setWaiting(false);
      if (hello != null && hello.type() == Frame.HELLO) {
        connection.server = Greeting.parse(hello.payload());
        greeted = true;
        return connection;
      }
    } catch (IOException e) {
      if (connection.heartbeat.hasGivenUp()) {
        throw connection.silent(holder(home));
      }
      // a socket that was left there: the home's lock decides
    } finally {
      if (!greeted) {
        connection.close();
      }
    }
    return null;
  }

  /** A connection to a process that was just started. */
  static Connection to(Process process) {
    return new Connection(
        process.getInputStream(), process.getOutputStream(), new Streams(process), TICK_MILLIS);
  }

  /** Names the process that has the lock of a data directory, as it has written it there. */
  private static String holder(File home) {
    try {
      String text = Files.readString(new File(home, "lock").toPath()).trim();
      return text.isEmpty() ? "PID" : text;
    } catch (IOException e) {
      return "PID";
    }
  }

  /** Returns who is at the other end; null if a new process has not said so yet. */
  @Nullable Greeting server() {
    return server;
  }

  /**
   * Sends a call.
   *
   * @throws FailedException if the background peer does not read it
   */
  void send(CallMessage message) throws IOException {
    sending = true;
    heartbeat.setWaiting(true);
    try {
      send(Frame.CALL, message.toBytes());
    } catch (IOException e) {
      throw heartbeat.hasGivenUp() ? silent(String.valueOf(pid())) : e;
    } finally {
      heartbeat.setWaiting(false);
      sending = false;
    }
    if (message.columns() > 0) {
      StderrTerminal.onResize(this);
    }
  }

  /**
   * Copies what comes back.
   *
   * @return the exit code of the call, {@link #ENDING} or {@link #STARTED}
   * @throws FailedException if the other end is gone before the call has ended
   */
  int follow() throws IOException {
    return follow(
        new FileOutputStream(FileDescriptor.out), new FileOutputStream(FileDescriptor.err));
  }

  /** The same with other streams. */
  int follow(OutputStream stdout, OutputStream stderr) throws IOException {
    while (true) {
      Frame frame = next();
      switch (frame.type()) {
        case Frame.OUT -> copy(frame, stdout);
        case Frame.ERR -> tell(frame, stderr);
        case Frame.EXIT -> {
          return frame.number();
        }
        case Frame.ALIVE -> {}
        case Frame.HELLO -> {
          server = Greeting.parse(frame.payload());
          heartbeat.start();
          return STARTED;
        }
        case Frame.ENDING -> {
          heartbeat.close(); // it is silent until it has finished
          return ENDING;
        }
        case Frame.REFUSED -> throw new FailedException(ThinMain.USAGE, text(frame));
        default -> throw new IOException("the background peer sent something unknown");
      }
    }
  }

  private Frame next() throws IOException {
    Frame frame;
    heartbeat.setWaiting(true);
    try {
      frame = Frame.read(in);
    } catch (IOException e) {
      if (heartbeat.hasGivenUp()) {
        throw silent(String.valueOf(pid()));
      }
      frame = null;
    } finally {
      heartbeat.setWaiting(false);
    }
    if (frame == null) {
      throw FailedException.lost(
          "The "
              + (server == null ? "process of this call" : server)
              + ", ended in the middle. Run the command again: it goes on.");
    }
    return frame;
  }

  private long pid() {
    Greeting known = server;
    return known == null ? 0 : known.pid();
  }

  private FailedException silent(String pid) {
    return FailedException.lost(
        "The background peer, process "
            + pid
            + ", has said nothing for "
            + heartbeat.limitMillis() / 1000.0
            + " s: it may have been stopped. Continue it (kill -CONT "
            + pid
            + ") or end it (kill -KILL "
            + pid
            + "), and run the command again: it goes on.");
  }

  private static void copy(Frame frame, OutputStream stdout) throws IOException {
    try {
      stdout.write(frame.payload());
    } catch (IOException e) {
      throw new FailedException(ThinMain.OUTPUT, "stdout cannot be written: " + e.getMessage());
    }
  }

  /** What people do not get to read is no reason to keep the file from them. */
  private static void tell(Frame frame, OutputStream stderr) {
    try {
      stderr.write(frame.payload());
    } catch (IOException e) {
      // closed, or what it goes to is full; the exit code says what matters
    }
  }

  private static String text(Frame frame) {
    return new String(frame.payload(), StandardCharsets.UTF_8);
  }

  private synchronized void send(int type, byte[] payload) throws IOException {
    Frame.write(out, type, payload);
    out.flush();
  }

  /** Asks whether the call is still worked on. */
  void ping() {
    if (server != null && !sending) { // it reads nothing before it has said so
      try {
        send(Frame.PING, new byte[0]);
      } catch (IOException e) {
        // who reads the answer sees that it is gone
      }
    }
  }

  /** Tells the background peer how wide the terminal is now. */
  synchronized void sendColumns(int columns) throws IOException {
    Frame.write(out, Frame.COLUMNS, columns);
    out.flush();
  }

  /** Asks the background peer to end when it is done with what runs. */
  void askForEnd() throws IOException {
    heartbeat.close();
    send(Frame.END_SERVER, new byte[0]);
  }

  /** Waits until the background peer has let go of its home, when it closes the connection. */
  void awaitEnd() {
    try {
      while (Frame.read(in) != null) {
        // what was on its way
      }
    } catch (IOException e) {
      // as good as an end
    }
  }

  @Override
  public void close() {
    heartbeat.close();
    try {
      ends.close();
    } catch (IOException e) {
      // there is nothing left to do with it
    }
  }

  /** The streams of a process. It sees the end of its stdin, and knows that its caller is gone. */
  private static final class Streams implements Closeable {
    private final Process process;

    Streams(Process process) {
      this.process = process;
    }

    @Override
    public void close() throws IOException {
      process.getOutputStream().close();
    }
  }
}

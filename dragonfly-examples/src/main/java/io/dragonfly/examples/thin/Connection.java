package io.dragonfly.examples.thin;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.File;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A connection to the server of a home, for one call. */
final class Connection implements AutoCloseable {
  /** What {@link #call} returns if the server takes no more calls. */
  static final int ENDING = -1;

  private static final int CONNECT_MILLIS = 5_000;

  /** How long a server may take to answer; it does so at once unless the machine is overloaded. */
  private static final int GREET_MILLIS = 15_000;

  /** A server says every 5 s that it works on a call. */
  private static final int SILENT_MILLIS = 20_000;

  private final ServerFile server;
  private final Socket socket;
  private final DataInputStream in;
  private final OutputStream out;

  private Connection(ServerFile server, Socket socket) throws IOException {
    this.server = server;
    this.socket = socket;
    this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
    this.out = socket.getOutputStream();
  }

  /** Connects to the server that a home's file names; null if there is none any more. */
  static @Nullable Connection open(File home) throws FailedException {
    ServerFile server = ServerFile.read(home);
    if (server == null) {
      return null;
    }
    Socket socket = new Socket();
    boolean greeted = false;
    try {
      InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
      socket.connect(new InetSocketAddress(loopback, server.port()), CONNECT_MILLIS);
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(GREET_MILLIS);
      Connection connection = new Connection(server, socket);
      Handshake.call(connection.in, connection.out, server.tokenBytes());
      socket.setSoTimeout(0);
      greeted = true;
      return connection;
    } catch (SocketTimeoutException e) {
      if (ProcessHandle.of(server.pid()).isPresent()) {
        throw silent(server, GREET_MILLIS);
      }
      return null; // somebody else has its port now
    } catch (IOException e) {
      return null; // an old file, or somebody else has its port now: the home's lock decides
    } finally {
      if (!greeted) {
        closeQuietly(socket);
      }
    }
  }

  ServerFile server() {
    return server;
  }

  /**
   * Makes a call and copies what comes back.
   *
   * @return its exit code, or {@link #ENDING}
   * @throws FailedException if the server is gone before the call has ended
   */
  int call(CallMessage message) throws IOException {
    return call(message, SILENT_MILLIS);
  }

  /** The same with another limit for how long the server may be silent. */
  int call(CallMessage message, int silentMillis) throws IOException {
    return call(
        message,
        silentMillis,
        new FileOutputStream(FileDescriptor.out),
        new FileOutputStream(FileDescriptor.err));
  }

  /** The same with other streams. */
  int call(CallMessage message, int silentMillis, OutputStream stdout, OutputStream stderr)
      throws IOException {
    socket.setSoTimeout(silentMillis);
    Frame.write(out, Frame.CALL, message.toBytes());
    if (message.columns() > 0) {
      Terminal.onResize(this);
    }
    while (true) {
      Frame frame = next();
      switch (frame.type()) {
        case Frame.OUT -> copy(frame, stdout);
        case Frame.ERR -> tell(frame, stderr);
        case Frame.OPEN -> sendFile(message.directory(), text(frame));
        case Frame.IDENTIFY -> {
          String identity = FileIdentity.of(new File(text(frame)).toPath());
          send(Frame.FILE, identity.getBytes(StandardCharsets.UTF_8));
        }
        case Frame.EXIT -> {
          return frame.number();
        }
        case Frame.ALIVE -> {}
        case Frame.ENDING -> {
          socket.setSoTimeout(0); // it is silent until it has finished
          return ENDING;
        }
        case Frame.REFUSED -> throw new FailedException(ThinMain.USAGE, text(frame));
        default -> throw new IOException("the server sent something unknown");
      }
    }
  }

  private Frame next() throws IOException {
    Frame frame;
    try {
      frame = Frame.read(in);
    } catch (SocketTimeoutException e) {
      throw silent(server, socket.getSoTimeout());
    } catch (SocketException e) {
      frame = null;
    }
    if (frame == null) {
      throw FailedException.lost(
          "The " + server + ", ended in the middle. Run the command again: it goes on.");
    }
    return frame;
  }

  private static FailedException silent(ServerFile server, int millis) {
    return FailedException.lost(
        "The "
            + server
            + ", has said nothing for "
            + millis / 1000.0
            + " s: it may have been stopped. Continue it (kill -CONT "
            + server.pid()
            + ") or end it (kill -KILL "
            + server.pid()
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

  /** Reads a file as this process may, and sends it. */
  private void sendFile(String directory, String name) throws IOException {
    File file = new File(name);
    if (!file.isAbsolute()) {
      file = new File(directory, name);
    }
    byte[] content;
    // Buffered, because a file stream alone asks a pipe for its position when it reads so many.
    try (InputStream from = new BufferedInputStream(new FileInputStream(file))) {
      content = from.readNBytes(Frame.MOST_BYTES + 1);
    } catch (IOException e) {
      int kind =
          file.exists()
              ? file.canRead() ? FileFailure.OTHER : FileFailure.FORBIDDEN
              : FileFailure.MISSING;
      sendFailure(kind, String.valueOf(e.getMessage()));
      return;
    }
    if (content.length > Frame.MOST_BYTES) {
      sendFailure(FileFailure.OTHER, "it has more than " + Frame.MOST_BYTES + " bytes");
    } else {
      send(Frame.FILE, content);
    }
  }

  private void sendFailure(int kind, String why) throws IOException {
    byte[] text = why.getBytes(StandardCharsets.UTF_8);
    byte[] payload = new byte[text.length + 1];
    payload[0] = (byte) kind;
    System.arraycopy(text, 0, payload, 1, text.length);
    send(Frame.NO_FILE, payload);
  }

  private synchronized void send(int type, byte[] payload) throws IOException {
    Frame.write(out, type, payload);
  }

  /** Tells the server how wide the terminal is now. */
  synchronized void sendColumns(int columns) throws IOException {
    Frame.write(out, Frame.COLUMNS, columns);
  }

  /** Asks the server to end when it is done with what runs. */
  void askForEnd() throws IOException {
    send(Frame.END_SERVER, new byte[0]);
  }

  /** Waits until the server has let go of its home, which is when it closes the connection. */
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
    closeQuietly(socket);
  }

  private static void closeQuietly(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // there is nothing left to do with it
    }
  }
}

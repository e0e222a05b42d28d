package io.dragonfly.examples.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.command.ExitCode;
import io.dragonfly.examples.thin.CallMessage;
import io.dragonfly.examples.thin.Frame;
import io.dragonfly.examples.thin.Handshake;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection of a caller. Its thread reads what the caller sends; another one does the call's
 * work, so that it is seen at once when the caller goes away.
 */
final class CallConnection implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(CallConnection.class);

  /** How long somebody may take to show that he knows the token, and to say what he wants. */
  private static final int GREET_MILLIS = 10_000;

  /** How often a caller hears that its call is still worked on. */
  static final int ALIVE_MILLIS = 5_000;

  private final Socket socket;
  private final byte[] token;
  private final Uses uses;
  private final ToIntFunction<Call> command;
  private volatile @Nullable RemoteCall call;

  CallConnection(Socket socket, byte[] token, Uses uses, ToIntFunction<Call> command) {
    this.socket = socket;
    this.token = token;
    this.uses = uses;
    this.command = command;
  }

  /** Starts to read; {@code over} is run at the end. */
  void start(String name, Runnable over) {
    Thread reading =
        new Thread(
            () -> {
              try (this) {
                serve(name);
              } catch (IOException e) {
                log.debug("A caller is left: {}", e.toString());
              } finally {
                over.run();
              }
            },
            name);
    reading.setDaemon(true);
    reading.start();
  }

  private void serve(String name) throws IOException {
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(GREET_MILLIS);
    DataInputStream in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
    OutputStream out = socket.getOutputStream();
    Handshake.answer(in, out, token);
    Frame first = Frame.read(in);
    socket.setSoTimeout(0);
    if (first == null) {
      return;
    }
    switch (first.type()) {
      case Frame.CALL -> {
        if (uses.begin()) {
          serve(name, CallMessage.parse(first.payload()), in, out);
        } else {
          waitForEnd(in, out);
        }
      }
      case Frame.END_SERVER -> {
        log.info("Asked to end by a dfget of another version; {} calls run", uses.running());
        uses.stop();
        waitForEnd(in, out);
      }
      default -> throw new IOException("a connection begins with a frame of type " + first.type());
    }
  }

  /** The connection stays until the server has let go of its home, or the caller goes away. */
  private static void waitForEnd(DataInputStream in, OutputStream out) throws IOException {
    Frame.write(out, Frame.ENDING, new byte[0]);
    while (Frame.read(in) != null) {
      // nothing of it is done here
    }
  }

  private void serve(String name, CallMessage message, DataInputStream in, OutputStream out)
      throws IOException {
    RemoteCall made = new RemoteCall(message, out);
    call = made;
    Thread working = new Thread(() -> work(made, message), name + "-work");
    working.setDaemon(true);
    working.start();
    try {
      socket.setSoTimeout(ALIVE_MILLIS);
      for (Frame frame = next(in, made); frame != null; frame = next(in, made)) {
        switch (frame.type()) {
          case Frame.FILE, Frame.NO_FILE -> made.answered(frame);
          case Frame.COLUMNS -> made.resized(frame.number());
          default -> throw new IOException("a call has a frame of type " + frame.type());
        }
      }
    } finally {
      made.gone();
    }
  }

  /** Waits for a frame, and tells the caller meanwhile that this process has not been stopped. */
  private static @Nullable Frame next(DataInputStream in, RemoteCall made) throws IOException {
    while (true) {
      int type;
      try {
        type = in.read();
      } catch (SocketTimeoutException e) {
        made.alive();
        continue;
      }
      return type < 0 ? null : Frame.readRest(type, in);
    }
  }

  private void work(RemoteCall made, CallMessage message) {
    try (this) {
      String refusal = FileSystemCheck.refusal(message, made);
      if (refusal.isEmpty()) {
        made.exit(run(made));
      } else {
        Frame.write(socket.getOutputStream(), Frame.REFUSED, refusal.getBytes(UTF_8));
      }
    } catch (IOException e) {
      log.debug("A caller does not hear its exit code: {}", e.toString());
    } finally {
      uses.end();
    }
  }

  private int run(RemoteCall made) {
    try {
      return command.applyAsInt(made);
    } catch (RuntimeException e) {
      log.error("A call failed", e);
      return ExitCode.INTERNAL;
    }
  }

  /** Tells the call to end. */
  void cancel() {
    RemoteCall made = call;
    if (made != null) {
      made.gone();
    }
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      log.debug("A connection could not be closed: {}", e.toString());
    }
  }
}

package io.dragonfly.examples.server;

import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.command.ExitCode;
import io.dragonfly.examples.thin.CallMessage;
import io.dragonfly.examples.thin.Frame;
import io.dragonfly.examples.thin.Greeting;
import io.dragonfly.examples.thin.LocalSocket;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
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

  private final LocalSocket socket;
  private final Uses uses;
  private final ToIntFunction<Call> command;
  private volatile @Nullable RemoteCall call;

  CallConnection(LocalSocket socket, Uses uses, ToIntFunction<Call> command) {
    this.socket = socket;
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
    DataInputStream in = new DataInputStream(new BufferedInputStream(socket.in()));
    OutputStream out = socket.out();
    Frame.write(out, Frame.HELLO, Greeting.ofThisProcess().toBytes());
    Frame first = Frame.read(in);
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
    follow(in, made);
  }

  /** Reads what a caller sends during its call, until it is gone; the call is told then. */
  static void follow(DataInputStream in, RemoteCall made) throws IOException {
    try {
      for (Frame frame = Frame.read(in); frame != null; frame = Frame.read(in)) {
        switch (frame.type()) {
          case Frame.PING -> made.alive();
          case Frame.COLUMNS -> made.resized(frame.number());
          default -> throw new IOException("a call has a frame of type " + frame.type());
        }
      }
    } finally {
      made.gone();
    }
  }

  private void work(RemoteCall made, CallMessage message) {
    try (this) {
      String refusal = FileSystemCheck.refusal(message);
      if (refusal.isEmpty()) {
        made.exit(run(command, made));
      } else {
        made.refuse(refusal);
      }
    } catch (IOException e) {
      log.debug("A caller does not hear its exit code: {}", e.toString());
    } finally {
      uses.end();
    }
  }

  /** Does a call's work; a defect ends this call alone. */
  static int run(ToIntFunction<Call> command, RemoteCall made) {
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

package io.dragonfly.examples.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.thin.CallMessage;
import io.dragonfly.examples.thin.FileFailure;
import io.dragonfly.examples.thin.FileIdentity;
import io.dragonfly.examples.thin.Frame;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/** A call that came over the local socket. */
final class RemoteCall implements Call {
  /** How long the caller may take to read a file; it may be a pipe that somebody types into. */
  private static final long FILE_SECONDS = 300;

  private final CallMessage message;
  private final Map<String, String> environment = new HashMap<>();
  private final OutputStream socket;
  private final Object writing = new Object();
  private final BlockingQueue<Frame> files = new ArrayBlockingQueue<>(1);
  private final Object lock = new Object();
  private volatile int columns;

  @GuardedBy("lock")
  private final List<Runnable> onGone = new ArrayList<>();

  @GuardedBy("lock")
  private boolean gone;

  RemoteCall(CallMessage message, OutputStream socket) {
    this.message = message;
    this.socket = socket;
    this.columns = message.columns();
    List<String> variables = message.environment();
    for (int i = 0; i < variables.size(); i += 2) {
      environment.put(variables.get(i), variables.get(i + 1));
    }
  }

  @Override
  public List<String> arguments() {
    return message.arguments();
  }

  @Override
  public Path directory() {
    return Path.of(message.directory());
  }

  @Override
  public Map<String, String> environment() {
    return Map.copyOf(environment);
  }

  @Override
  public OptionalInt umask() {
    return message.umask() < 0 ? OptionalInt.empty() : OptionalInt.of(message.umask());
  }

  @Override
  public OutputStream out() {
    return new Stream(Frame.OUT);
  }

  @Override
  public OutputStream err() {
    return new Stream(Frame.ERR);
  }

  @Override
  public OptionalInt columns() {
    return columns <= 0 ? OptionalInt.empty() : OptionalInt.of(columns);
  }

  /** Takes note of a terminal's new width. */
  void resized(int now) {
    columns = now;
  }

  @Override
  public InputStream open(String file) throws IOException {
    Frame answer = ask(Frame.OPEN, file);
    if (answer.type() == Frame.FILE) {
      return new ByteArrayInputStream(answer.payload());
    }
    throw failure(file, answer.payload());
  }

  /** Returns which directory the caller sees at a path, see {@link FileIdentity}. */
  String identify(Path directory) throws IOException {
    return new String(ask(Frame.IDENTIFY, directory.toString()).payload(), UTF_8);
  }

  /** One question after the other: an answer does not say which one it belongs to. */
  private Frame ask(int type, String file) throws IOException {
    synchronized (files) {
      files.clear();
      write(type, file.getBytes(UTF_8));
      try {
        Frame answer = files.poll(FILE_SECONDS, TimeUnit.SECONDS);
        if (answer == null) {
          throw new FileSystemException(
              file, null, "it was not read in %d s".formatted(FILE_SECONDS));
        }
        return answer;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted while %s was read".formatted(file), e);
      }
    }
  }

  private static IOException failure(String file, byte[] answer) {
    int kind = answer.length == 0 ? FileFailure.OTHER : answer[0];
    String why = answer.length == 0 ? "" : new String(answer, 1, answer.length - 1, UTF_8);
    return switch (kind) {
      case FileFailure.MISSING -> new NoSuchFileException(file);
      case FileFailure.FORBIDDEN -> new AccessDeniedException(file);
      default -> new FileSystemException(file, null, why);
    };
  }

  /** Takes an answer to {@link #open}. One that nobody waits for is dropped. */
  void answered(Frame file) {
    var unused = files.offer(file);
  }

  @Override
  public void onGone(Runnable action) {
    synchronized (lock) {
      if (!gone) {
        onGone.add(action);
        return;
      }
    }
    action.run();
  }

  /** Tells the call that its caller is gone, or that it has to end. */
  void gone() {
    List<Runnable> actions;
    synchronized (lock) {
      gone = true;
      actions = List.copyOf(onGone);
      onGone.clear();
    }
    answered(new Frame(Frame.NO_FILE, new byte[0]));
    actions.forEach(Runnable::run);
  }

  /** Tells the caller that the call has ended. */
  void exit(int code) throws IOException {
    synchronized (writing) {
      Frame.write(socket, Frame.EXIT, code);
    }
  }

  /** Tells the caller that the call is still worked on. */
  void alive() throws IOException {
    write(Frame.ALIVE, new byte[0]);
  }

  private void write(int type, byte[] payload) throws IOException {
    synchronized (writing) {
      Frame.write(socket, type, payload);
    }
  }

  /** Sends what is written. The caller's pace is that of the writer. */
  private final class Stream extends OutputStream {
    private final int type;

    Stream(int type) {
      this.type = type;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      int at = offset;
      while (at < offset + length) {
        int count = Math.min(Frame.CHUNK_BYTES, offset + length - at);
        synchronized (writing) {
          Frame.write(socket, type, bytes, at, count);
        }
        at += count;
      }
    }
  }
}

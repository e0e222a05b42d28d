package io.dragonfly.examples.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.thin.CallMessage;
import io.dragonfly.examples.thin.ChannelInput;
import io.dragonfly.examples.thin.FileIdentity;
import io.dragonfly.examples.thin.Frame;
import io.dragonfly.examples.thin.Greeting;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** A call that came over the local socket, or over the stdin of this process. */
final class RemoteCall implements Call {
  private static final String STDIN = "/dev/stdin";

  /** How people name a descriptor of their own process. */
  private static final List<String> DESCRIPTORS = List.of("/dev/fd/", "/proc/self/fd/");

  private final CallMessage message;
  private final Map<String, String> environment = new HashMap<>();
  private final OutputStream socket;
  private final Object writing = new Object();
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

  /** Opens a file; this process has the caller's user. It is closed when the caller is gone. */
  @Override
  public InputStream open(String file) throws IOException {
    InputStream in = new ChannelInput(Files.newByteChannel(directory().resolve(ofCaller(file))));
    onGone(() -> closeQuietly(in));
    return in;
  }

  /** Returns the path by which this process finds a descriptor of the caller. */
  private String ofCaller(String file) throws IOException {
    String number = file.equals(STDIN) ? "0" : "";
    for (String descriptors : DESCRIPTORS) {
      if (file.startsWith(descriptors)) {
        number = file.substring(descriptors.length());
      }
    }
    if (number.isEmpty()) {
      return file;
    }
    if (message.pid() == 0 || !message.fileSystem().equals(FileIdentity.fileSystem())) {
      throw new FileSystemException(
          file, null, "the background peer cannot read it; name a file, or use --alivetime 0");
    }
    return "/proc/%d/fd/%s".formatted(message.pid(), number);
  }

  private static void closeQuietly(InputStream in) {
    try {
      in.close();
    } catch (IOException e) {
      // nobody reads it any more
    }
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
    actions.forEach(Runnable::run);
  }

  /** Tells the caller that the call has ended. */
  void exit(int code) throws IOException {
    synchronized (writing) {
      Frame.write(socket, Frame.EXIT, code);
    }
  }

  /** Tells the caller why nothing was done. */
  void refuse(String why) throws IOException {
    write(Frame.REFUSED, why.getBytes(UTF_8));
  }

  /** Tells the caller that this process has started. */
  void started() throws IOException {
    write(Frame.HELLO, Greeting.ofThisProcess().toBytes());
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

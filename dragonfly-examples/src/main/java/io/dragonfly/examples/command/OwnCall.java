package io.dragonfly.examples.command;

import io.dragonfly.examples.terminal.Terminal;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** A call by the user of this process. */
public final class OwnCall implements Call {
  private final List<String> arguments;
  private final Path directory = Path.of("").toAbsolutePath();
  private final OutputStream out = new FileOutputStream(FileDescriptor.out);
  private final OutputStream err = new FileOutputStream(FileDescriptor.err);
  private final Optional<Terminal> terminal = Terminal.of("err");

  /** The call with these arguments. */
  public OwnCall(String... arguments) {
    this.arguments = List.of(arguments);
  }

  @Override
  public List<String> arguments() {
    return arguments;
  }

  @Override
  public Path directory() {
    return directory;
  }

  @Override
  public Map<String, String> environment() {
    return System.getenv();
  }

  /** Empty: files that this process makes get the right mode by themselves. */
  @Override
  public OptionalInt umask() {
    return OptionalInt.empty();
  }

  @Override
  public OutputStream out() {
    return out;
  }

  @Override
  public OutputStream err() {
    return err;
  }

  @Override
  public OptionalInt columns() {
    return terminal.isPresent()
        ? OptionalInt.of(terminal.get().size().columns())
        : OptionalInt.empty();
  }

  @Override
  public InputStream open(String file) throws IOException {
    return Files.newInputStream(directory.resolve(file));
  }

  /** Runs the action when this process is told to end, which waits for it. */
  @Override
  public void onGone(Runnable action) {
    Runtime.getRuntime().addShutdownHook(new Thread(action, "dragonfly-shutdown"));
  }
}

package io.dragonfly.examples.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** A call whose answers a test reads. Safe for concurrent use once it is set up. */
public final class FakeCall implements Call {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final List<String> arguments;
  private final Path directory;
  private final Map<String, String> environment = new HashMap<>();
  private final Map<String, String> files = new HashMap<>();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final List<Runnable> whenGone = new ArrayList<>();
  private OptionalInt umask = OptionalInt.empty();
  private boolean gone;

  /** A call of a command with these arguments. */
  public FakeCall(Path directory, List<String> arguments) {
    this.directory = directory.toAbsolutePath();
    this.arguments = List.copyOf(arguments);
  }

  /** A call of a command with these arguments. */
  public FakeCall(Path directory, String... arguments) {
    this(directory, List.of(arguments));
  }

  /** Sets a variable of the caller. */
  public FakeCall variable(String name, String value) {
    environment.put(name, value);
    return this;
  }

  /** Gives a file that only the caller can open, such as {@code /dev/stdin}. */
  public FakeCall file(String name, String content) {
    files.put(name, content);
    return this;
  }

  /** Sets the permissions that the caller's new files do not get. */
  public FakeCall umask(int bits) {
    umask = OptionalInt.of(bits);
    return this;
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
    return environment;
  }

  @Override
  public OptionalInt umask() {
    return umask;
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
    return OptionalInt.empty();
  }

  @Override
  public InputStream open(String file) throws IOException {
    String content = files.get(file);
    return content == null
        ? Files.newInputStream(directory.resolve(file))
        : new ByteArrayInputStream(content.getBytes(UTF_8));
  }

  @Override
  public void onGone(Runnable action) {
    synchronized (this) {
      if (!gone) {
        whenGone.add(action);
        return;
      }
    }
    action.run();
  }

  /** Lets the caller go. */
  public void leave() {
    List<Runnable> actions;
    synchronized (this) {
      gone = true;
      actions = List.copyOf(whenGone);
    }
    actions.forEach(Runnable::run);
  }

  /** Returns what the command wrote to stdout. */
  public String printed() {
    return out.toString(UTF_8);
  }

  /** Returns the bytes that the command wrote to stdout. */
  public byte[] printedBytes() {
    return out.toByteArray();
  }

  /** Returns what the command wrote to stderr. */
  public String said() {
    return err.toString(UTF_8);
  }

  /** Returns the last line of stdout as JSON. */
  public JsonNode json() {
    List<String> lines = printed().lines().toList();
    if (lines.isEmpty()) {
      throw new AssertionError("nothing on stdout; stderr: " + said());
    }
    try {
      return JSON.readTree(lines.get(lines.size() - 1));
    } catch (JsonProcessingException e) {
      throw new AssertionError("the last line of stdout is no JSON: " + printed(), e);
    }
  }
}

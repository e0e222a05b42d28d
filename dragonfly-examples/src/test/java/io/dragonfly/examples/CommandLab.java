package io.dragonfly.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dragonfly.testkit.FreePorts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/**
 * Runs the built commands as processes, each with its output in files, and ends what it started.
 * Every wait has a limit.
 */
final class CommandLab implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path BIN = Path.of("target", "dragonfly", "bin").toAbsolutePath();

  /** The length of a record in a task's journal of pieces. */
  private static final int RECORD_BYTES = 44;

  private final Path dir;
  private final Deque<Running> started = new ArrayDeque<>();
  private int count;

  CommandLab(Path dir) throws IOException {
    Prepared.once();
    this.dir = dir;
  }

  /**
   * Makes the archives of classes, with which each process starts in two thirds of the CPU time.
   * The servers would make them as well, each anew that is ended before they are made.
   */
  private static final class Prepared {
    private static boolean done;

    static synchronized void once() throws IOException {
      if (!done) {
        Process prepare =
            new ProcessBuilder(program("dfget").toString(), "--prepare")
                .redirectErrorStream(true)
                .start();
        String said = new String(prepare.getInputStream().readAllBytes(), UTF_8);
        assertThat(prepare.onExit().join().exitValue()).as(said).isZero();
        done = true;
      }
    }
  }

  /** A started process. */
  static final class Running {
    private final Process process;
    private final Path out;
    private final Path err;

    Running(Process process, Path out, Path err) {
      this.process = process;
      this.out = out;
      this.err = err;
    }

    Process process() {
      return process;
    }

    /** Waits for the end and returns the exit code. */
    int exitCode(Duration limit) throws Exception {
      assertThat(process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS))
          .as("%s ends within %s; stderr: %s", process.info().commandLine(), limit, err())
          .isTrue();
      return process.exitValue();
    }

    String out() throws IOException {
      return Files.readString(out);
    }

    String err() throws IOException {
      return Files.readString(err);
    }

    /** Returns the last line of stdout as JSON. */
    JsonNode json() throws IOException {
      List<String> lines = Files.readAllLines(out);
      assertThat(lines).as("stdout; stderr: %s", err()).isNotEmpty();
      return JSON.readTree(lines.get(lines.size() - 1));
    }

    /** Ends the process as kill -9 does. */
    void kill() {
      process.destroyForcibly().onExit().join();
    }

    void awaitOut(String text) throws Exception {
      awaitUp(() -> out().contains(text));
    }

    /** Waits until it shows that it is up; fails at once, with what it said, if it has ended. */
    void awaitUp(Callable<Boolean> up) throws Exception {
      Awaitility.await().atMost(Duration.ofMinutes(3)).until(() -> up.call() || !process.isAlive());
      assertThat(up.call()).as("the program is up; stdout: %s; stderr: %s", out(), err()).isTrue();
    }
  }

  Path dir() {
    return dir;
  }

  /** Returns the path of one of our commands. */
  static Path program(String command) {
    return BIN.resolve(command);
  }

  /** Starts one of our commands. */
  Running start(String command, String... arguments) throws IOException {
    List<String> line = new ArrayList<>(List.of(program(command).toString()));
    line.addAll(List.of(arguments));
    return startProgram(line);
  }

  Running startProgram(List<String> line) throws IOException {
    int number = ++count;
    Path out = dir.resolve(number + ".out");
    Path err = dir.resolve(number + ".err");
    Process process =
        new ProcessBuilder(line)
            .directory(dir.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    Running running = new Running(process, out, err);
    started.push(running);
    return running;
  }

  /**
   * Starts a supernode on 127.0.0.1 and returns its address; port 0 takes a free one, which nobody
   * else gets when it is ended.
   */
  SupernodeProcess supernode(String home, int port, String... more) throws Exception {
    return supernode(List.of(), home, port, more);
  }

  /** The same with a command before it, which runs the supernode in its own place. */
  SupernodeProcess supernode(List<String> before, String home, int port, String... more)
      throws Exception {
    List<String> arguments = new ArrayList<>(before);
    arguments.add(program("supernode").toString());
    arguments.addAll(List.of("--home-dir", dir.resolve(home).toString()));
    arguments.addAll(List.of("--advertise-ip", "127.0.0.1"));
    arguments.addAll(List.of("--port", Integer.toString(port == 0 ? FreePorts.next() : port)));
    arguments.addAll(List.of(more));
    Running running = startProgram(arguments);
    String ready = "supernode ready on ";
    running.awaitOut(ready);
    String text = running.out();
    String address = text.substring(text.indexOf(ready) + ready.length()).trim();
    return new SupernodeProcess(running, address);
  }

  /**
   * A running supernode.
   *
   * @param running its process
   * @param address where it listens
   */
  record SupernodeProcess(Running running, String address) {
    int port() {
      return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
    }
  }

  /** Waits until so many pieces are sealed in a home in this lab's directory. */
  void awaitSealed(String home, long pieces) {
    Awaitility.await()
        .atMost(Duration.ofMinutes(3))
        .ignoreExceptions() // files come and go while they are looked at
        .until(() -> sealed(home) >= pieces);
  }

  /** Returns how many pieces are sealed in a home, which the journals of its tasks show. */
  long sealed(String home) throws IOException {
    Path tasks = dir.resolve(home).resolve("tasks");
    if (!Files.isDirectory(tasks)) {
      return 0;
    }
    try (var found = Files.find(tasks, 2, (path, a) -> path.endsWith("pieces"))) {
      long records = 0;
      for (Path journal : found.toList()) {
        records += Files.size(journal) / RECORD_BYTES;
      }
      return records;
    }
  }

  /** Asks one of our servers, and returns what it says. */
  static HttpResponse<String> get(String address, String path) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://" + address + path)).build(),
            HttpResponse.BodyHandlers.ofString());
  }

  @Override
  public void close() {
    while (!started.isEmpty()) {
      started.pop().kill();
    }
    killServers();
  }

  /** Ends the servers that dfgets have started, as kill -9 does. */
  private void killServers() {
    try {
      for (Path file : serverFiles()) {
        server(file.getParent().getParent()).ifPresent(CommandLab::kill);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<Path> serverFiles() throws IOException {
    for (int tries = 1; ; tries++) {
      try (var files = Files.find(dir, 5, (path, a) -> path.endsWith("run/peer.sock"))) {
        return files.toList();
      } catch (UncheckedIOException e) {
        if (tries == 100) {
          throw e;
        }
        // what servers store comes and goes while it is looked at
      }
    }
  }

  private static void kill(ProcessHandle process) {
    if (process.destroyForcibly()) {
      process.onExit().join();
    }
  }

  /** Returns the background peer, if one runs. */
  Optional<ProcessHandle> server(Path home) throws IOException {
    return ProcessHandle.of(Long.parseLong(Files.readString(home.resolve("lock")).trim()));
  }
}

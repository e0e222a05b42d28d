package io.dragonfly.examples.quickstart;

import io.dragonfly.examples.command.ExitCode;
import io.dragonfly.examples.command.Logging;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A process of the quickstart. It ends when it is closed, and also when the quickstart itself is
 * killed: its standard input ends then.
 */
public final class QuickstartChild implements AutoCloseable {
  static final String PROGRESS = "progress ";
  static final String DONE = "done ";

  /**
   * A process that lives for seconds: one thread collects garbage, and the second compiler works
   * for what is hot alone, such as the digests. That saved 5 of 31 CPU-seconds of all together.
   */
  private static final List<String> JVM_OPTIONS =
      List.of(
          "-Xmx256m",
          "-XX:MaxDirectMemorySize=256m",
          "-XX:+ExitOnOutOfMemoryError",
          "-XX:+UseSerialGC",
          "-XX:-UsePerfData",
          "-XX:Tier4InvocationThreshold=25000",
          "-XX:Tier4MinInvocationThreshold=3000",
          "-XX:Tier4CompileThreshold=75000",
          "-XX:Tier4BackEdgeThreshold=200000");

  private final String name;
  private final Process process;
  private final Object news = new Object();
  private final List<String> lines = new ArrayList<>();
  private Bytes bytes = new Bytes(0, 0, 0);
  private @Nullable String done;
  private boolean ended;

  private QuickstartChild(String name, Process process) {
    this.name = name;
    this.process = process;
    Thread reader = new Thread(this::read, "quickstart-read-" + name);
    reader.setDaemon(true);
    reader.start();
  }

  /**
   * Where a peer's bytes came from.
   *
   * @param fromPeers bytes that other peers gave
   * @param fromSupernode bytes that the supernode gave
   * @param fromSource bytes that the peer read from the source itself
   */
  record Bytes(long fromPeers, long fromSupernode, long fromSource) {
    private static Bytes parse(String numbers) {
      String[] parts = numbers.split(" ", -1);
      return new Bytes(
          Long.parseLong(parts[0]), Long.parseLong(parts[1]), Long.parseLong(parts[2]));
    }

    long all() {
      return fromPeers + fromSupernode + fromSource;
    }
  }

  /** Runs in the new process: the main class named first, and nothing once the input has ended. */
  public static void main(String[] args) throws Throwable {
    Thread guard = new Thread(QuickstartChild::exitAtEndOfInput, "quickstart-guard");
    guard.setDaemon(true);
    guard.start();
    String[] rest = Arrays.copyOfRange(args, 1, args.length);
    try {
      Class.forName(args[0]).getMethod("main", String[].class).invoke(null, (Object) rest);
    } catch (InvocationTargetException e) {
      Logging.lastWords(e.getTargetException());
      System.exit(ExitCode.INTERNAL);
    }
  }

  private static void exitAtEndOfInput() {
    try {
      System.in.transferTo(OutputStream.nullOutputStream());
    } catch (IOException e) {
      // a broken input is an ended one
    }
    System.exit(ExitCode.OK);
  }

  static QuickstartChild start(String name, Path log, Class<?> main, List<String> arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(JVM_OPTIONS);
    command.addAll(archive());
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(QuickstartChild.class.getName(), main.getName()));
    command.addAll(arguments);
    Process process = new ProcessBuilder(command).redirectError(log.toFile()).start();
    return new QuickstartChild(name, process);
  }

  /** Children load their classes from the archive that a dfget has made, if there is one. */
  private static List<String> archive() {
    String archive = System.getProperty("dragonfly.archive", "");
    return archive.isEmpty()
        ? List.of()
        : List.of("-XX:SharedArchiveFile=" + archive, "-Xshare:auto", "-Xlog:disable");
  }

  private void read() {
    try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        take(line);
      }
    } catch (IOException e) {
      // the process has ended
    }
    synchronized (news) {
      ended = true;
      news.notifyAll();
    }
  }

  private void take(String line) {
    synchronized (news) {
      if (line.startsWith(PROGRESS)) {
        bytes = Bytes.parse(line.substring(PROGRESS.length()));
      } else if (line.startsWith(DONE)) {
        done = line.substring(DONE.length());
        bytes = Bytes.parse(done);
      } else {
        lines.add(line);
      }
      news.notifyAll();
    }
  }

  String name() {
    return name;
  }

  /** Returns the bytes that the peer has so far. */
  Bytes bytes() {
    synchronized (news) {
      return bytes;
    }
  }

  /** Returns how much of a file of this length the peer has, from 0 to 1. */
  double share(long length) {
    synchronized (news) {
      return done != null ? 1 : (double) bytes.all() / length;
    }
  }

  /** Returns what the peer said at its end. */
  Optional<String> done() {
    synchronized (news) {
      return Optional.ofNullable(done);
    }
  }

  /** Tells whether the peer has its file, or its process has ended. */
  boolean isFinished() {
    synchronized (news) {
      return done != null || ended;
    }
  }

  /** Waits until the peer has finished, at most this long. */
  void awaitFinish(long time, TimeUnit unit) throws InterruptedException {
    long deadline = System.nanoTime() + unit.toNanos(time);
    synchronized (news) {
      while (done == null && !ended) {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          return;
        }
        TimeUnit.NANOSECONDS.timedWait(news, left);
      }
    }
  }

  /** Waits for a line that begins so. */
  String awaitLine(String start, Duration time) throws InterruptedException, IOException {
    long deadline = System.nanoTime() + time.toNanos();
    synchronized (news) {
      while (true) {
        Optional<String> line = lines.stream().filter(l -> l.startsWith(start)).findFirst();
        long left = deadline - System.nanoTime();
        if (line.isPresent()) {
          return line.get();
        }
        if (ended || left <= 0) {
          throw new IOException(name + " did not start: see its log");
        }
        TimeUnit.NANOSECONDS.timedWait(news, left);
      }
    }
  }

  /** Ends the process, by force if it takes longer than two seconds. */
  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(2, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}

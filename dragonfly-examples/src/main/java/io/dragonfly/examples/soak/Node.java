package io.dragonfly.examples.soak;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.examples.soak.Links.Link;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One member of the swarm: a home, a link that leads to it, and the process that it is at the
 * moment. A process ends with the soak, also when that is killed: its stdin ends then. Thread-safe.
 */
final class Node implements AutoCloseable {
  private static final Duration START_LIMIT = Duration.ofMinutes(2);

  /** Much more than it takes: the machine may have much else to do. */
  static final int END_SECONDS = 60;

  private static final List<String> JVM_OPTIONS =
      List.of(
          "-Xmx160m",
          "-XX:MaxDirectMemorySize=128m",
          "-XX:+ExitOnOutOfMemoryError",
          "-XX:+UseSerialGC",
          "-XX:-UsePerfData",
          "-XX:Tier4InvocationThreshold=25000",
          "-XX:Tier4MinInvocationThreshold=3000",
          "-XX:Tier4CompileThreshold=75000",
          "-XX:Tier4BackEdgeThreshold=200000");

  private final String name;
  private final Path home;
  private final Path log;
  private final Link link;
  private final List<String> arguments;

  /** Held while it fetches and while its result is looked at, and while its disk is changed. */
  final ReentrantLock disk = new ReentrantLock(true);

  private final AtomicInteger unexpectedEnds = new AtomicInteger();

  @GuardedBy("this")
  private @Nullable Running running;

  @GuardedBy("this")
  private boolean stopped;

  @GuardedBy("this")
  private boolean befallen;

  @GuardedBy("this")
  private boolean closed;

  /** A process, and what it was asked for. */
  private static final class Running {
    private final Process process;
    private final OutputStream orders;
    private final CompletableFuture<Integer> ready = new CompletableFuture<>();
    private final Map<String, CompletableFuture<String>> answers = new HashMap<>();
    private volatile boolean isToEnd;

    Running(Process process) {
      this.process = process;
      this.orders = process.getOutputStream();
    }
  }

  /**
   * A node that does not run yet.
   *
   * @param role {@link SoakProcess#PEER} or {@link SoakProcess#SUPERNODE}
   * @param supernodes the links of the supernodes of a peer
   */
  Node(String role, String name, Path dir, Link link, List<Link> supernodes) {
    this.name = name;
    this.home = dir.resolve(name);
    this.log = dir.resolve(name + ".log");
    this.link = link;
    arguments = new ArrayList<>(List.of(role, home.toString(), Integer.toString(link.port())));
    supernodes.forEach(each -> arguments.add(Integer.toString(each.port())));
  }

  String name() {
    return name;
  }

  Path home() {
    return home;
  }

  Path log() {
    return log;
  }

  Link link() {
    return link;
  }

  /** Returns how often its process ended though nobody had ended it. */
  int unexpectedEnds() {
    return unexpectedEnds.get();
  }

  /** Starts its process, and waits until it serves. */
  void start() throws IOException, InterruptedException {
    Running started;
    synchronized (this) {
      if (closed) {
        return;
      }
      started = new Running(launch());
      running = started;
    }
    Thread reader = new Thread(() -> read(started), "soak-read-" + name);
    reader.setDaemon(true);
    reader.start();
    try {
      link.leadsTo(started.ready.get(START_LIMIT.toSeconds(), TimeUnit.SECONDS));
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException(name + " did not start: see " + log, e);
    }
  }

  private Process launch() throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(JVM_OPTIONS);
    String archive = System.getProperty("dragonfly.archive", "");
    if (!archive.isEmpty()) {
      command.addAll(List.of("-XX:SharedArchiveFile=" + archive, "-Xshare:auto", "-Xlog:disable"));
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(SoakProcess.class.getName());
    command.addAll(arguments);
    return new ProcessBuilder(command)
        .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
        .start();
  }

  private void read(Running of) {
    try (BufferedReader reader = of.process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        take(of, line);
      }
    } catch (IOException e) {
      // the process has ended
    }
    of.ready.completeExceptionally(new IOException("ended"));
    List<CompletableFuture<String>> open;
    synchronized (this) {
      open = List.copyOf(of.answers.values());
      of.answers.clear();
    }
    if (!of.isToEnd) {
      unexpectedEnds.incrementAndGet();
    }
    open.forEach(answer -> answer.complete(SoakProcess.GONE));
  }

  private void take(Running of, String line) throws IOException {
    String[] words = line.split(" ", 3);
    switch (words[0]) {
      case SoakProcess.READY -> of.ready.complete(Integer.parseInt(words[1]));
      case SoakProcess.DONE, SoakProcess.FAILED -> {
        CompletableFuture<String> answer;
        synchronized (this) {
          answer = of.answers.remove(words[1]);
        }
        if (answer != null) {
          answer.complete(line);
        }
      }
      default -> Files.writeString(log, line + "\n", StandardOpenOption.APPEND);
    }
  }

  /** Orders a fetch; completes with the line that it ended with. */
  CompletableFuture<String> fetch(long number, String url, Path output) {
    CompletableFuture<String> answer = new CompletableFuture<>();
    Running now;
    synchronized (this) {
      now = running;
      if (now == null || !now.process.isAlive()) {
        return CompletableFuture.completedFuture(SoakProcess.GONE);
      }
      now.answers.put(Long.toString(number), answer);
    }
    String order = "%s %d %s %s\n".formatted(SoakProcess.FETCH, number, url, output);
    try {
      now.orders.write(order.getBytes(StandardCharsets.UTF_8));
      now.orders.flush();
    } catch (IOException e) {
      answer.complete(SoakProcess.GONE);
    }
    return answer;
  }

  /** Returns the process, if there is one and it can run. */
  synchronized Optional<ProcessHandle> active() {
    return running == null || stopped || running.isToEnd || !running.process.isAlive()
        ? Optional.empty()
        : Optional.of(running.process.toHandle());
  }

  /** Takes the node for a fault; false if there is one already. */
  synchronized boolean befall() {
    boolean free = !befallen && !closed;
    befallen |= free;
    return free;
  }

  /** A fault is over. */
  synchronized void recovered() {
    befallen = false;
  }

  synchronized boolean isBefallen() {
    return befallen;
  }

  /** Ends the process as kill -9 does. */
  void kill() throws InterruptedException {
    Running now = toEnd();
    if (now != null) {
      now.process.destroyForcibly().waitFor();
    }
  }

  /** Ends the process in good order. Returns false if it had to be killed. */
  boolean end() throws InterruptedException {
    Running now = toEnd();
    if (now == null) {
      return true;
    }
    now.process.destroy();
    boolean ended = now.process.waitFor(END_SECONDS, TimeUnit.SECONDS);
    now.process.destroyForcibly().waitFor();
    return ended;
  }

  private synchronized @Nullable Running toEnd() {
    if (running != null) {
      running.isToEnd = true;
    }
    return running;
  }

  /** Sends SIGSTOP, or SIGCONT. */
  void setStopped(boolean stop) throws IOException, InterruptedException {
    long pid;
    synchronized (this) {
      if (running == null) {
        return;
      }
      stopped = stop;
      pid = running.process.pid();
    }
    new ProcessBuilder("kill", stop ? "-STOP" : "-CONT", Long.toString(pid)).start().waitFor();
  }

  /** Has the process write what its threads do into its log. */
  void dumpThreads() throws IOException, InterruptedException {
    Optional<ProcessHandle> process = active();
    if (process.isPresent()) {
      new ProcessBuilder("kill", "-QUIT", Long.toString(process.get().pid())).start().waitFor();
    }
  }

  /** Ends the process for good, at once. */
  @Override
  public void close() {
    Running now;
    synchronized (this) {
      closed = true;
      now = toEnd();
    }
    if (now != null) {
      now.process.destroyForcibly();
    }
  }
}

package io.dragonfly.examples.quickstart;

import ch.qos.logback.classic.Level;
import io.dragonfly.examples.command.Commands;
import io.dragonfly.examples.command.ExitCode;
import io.dragonfly.examples.command.Logging;
import io.dragonfly.examples.command.Version;
import io.dragonfly.examples.supernode.SupernodeMain;
import io.dragonfly.examples.terminal.Glyphs;
import io.dragonfly.examples.terminal.Terminal;
import io.dragonfly.examples.terminal.Words;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * The {@code quickstart} command: shows one file reaching several peers, on this machine alone. The
 * source lives in this process; the supernode and each peer are processes of their own.
 */
@Command(
    name = "quickstart",
    description = "Shows one file reaching several peers, on this machine alone.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class)
public final class QuickstartMain implements Callable<Integer> {
  private static final Duration LOOK = Duration.ofMillis(200);

  /** Without a byte for this long the show is over; the peers themselves give up earlier. */
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--dir",
      paramLabel = "D",
      defaultValue = "target/quickstart",
      description = "Where the files go; emptied first. Default: ${DEFAULT-VALUE}.")
  private Path dir = Path.of("");

  @Option(
      names = "--peers",
      paramLabel = "N",
      defaultValue = "4",
      description = "How many peers, 1 to 64. Default: ${DEFAULT-VALUE}.")
  private int peers;

  @Option(
      names = "--mib",
      paramLabel = "M",
      defaultValue = "256",
      description = "Length of the file in MiB. Default: ${DEFAULT-VALUE}.")
  private int mib;

  @Option(names = "--verbose", description = "Log every step, and traces of what went wrong.")
  private boolean verbose;

  private QuickstartMain() {}

  /** Runs the show; exits with 0 if each peer got the right bytes. */
  public static void main(String[] args) {
    System.exit(Commands.run(new QuickstartMain(), args));
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    checkOptions();
    Logging.start(verbose, Level.WARN);
    QuickstartFiles files = prepare();
    List<QuickstartChild> children = new ArrayList<>();
    Commands.onShutdown("quickstart-shutdown", () -> end(children));
    try {
      QuickstartChild supernode = startSupernode(children, files);
      files.writeSource((long) mib << 20); // while the supernode starts
      try (QuickstartSource source = QuickstartSource.start(files.source())) {
        return show(children, files, source, ready(supernode)) ? ExitCode.OK : ExitCode.INTERNAL;
      }
    } finally {
      end(children);
    }
  }

  private QuickstartFiles prepare() throws IOException {
    try {
      QuickstartMemory.ofThisMachine().require(peers + 1);
      return QuickstartFiles.prepare(dir, peers, (long) mib << 20);
    } catch (IllegalArgumentException e) {
      throw new CommandLine.ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private boolean show(
      List<QuickstartChild> children,
      QuickstartFiles files,
      QuickstartSource source,
      String supernode)
      throws IOException, InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    Optional<Terminal> terminal = Terminal.of("out");
    int columns = terminal.map(t -> t.size().columns()).orElse(Integer.MAX_VALUE);
    out.println(Words.wrap("source     %s, %d MiB".formatted(source.url(), mib), columns));
    out.println("supernode  " + supernode);
    String where = "peers      %d, files and logs in %s".formatted(peers, dir);
    out.printf("%s%n%n", Words.wrap(where, columns));
    out.flush();
    List<QuickstartChild> swarm = new ArrayList<>();
    try (QuickstartView view = view(out, terminal, source)) {
      Commands.onShutdown("quickstart-view", view::close);
      for (int i = 1; i <= peers; i++) {
        swarm.add(startPeer(children, files, source, supernode, "peer" + i));
      }
      follow(swarm, view);
    }
    columns =
        terminal.map(t -> t.size().columns()).orElse(Integer.MAX_VALUE); // it may have changed
    return new QuickstartTable(out, columns, files, source).close(swarm);
  }

  private static QuickstartView view(
      PrintWriter out, Optional<Terminal> terminal, QuickstartSource source) {
    if (terminal.isEmpty()) {
      return new QuickstartLines(out, source);
    }
    OutputStream screen = new FileOutputStream(FileDescriptor.out);
    return new QuickstartScreen(screen, terminal.get()::size, Glyphs.of(System.getenv()), source);
  }

  private void checkOptions() {
    if (peers < 1 || peers > 64 || mib < 1 || mib > 1 << 20) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "--peers must be from 1 to 64, --mib from 1 to 1048576");
    }
  }

  private static QuickstartChild startSupernode(
      List<QuickstartChild> children, QuickstartFiles files) throws IOException {
    String home = files.home("supernode").toString();
    return start(
        children,
        "supernode",
        files,
        SupernodeMain.class,
        List.of("--home-dir", home, "--advertise-ip", "127.0.0.1", "--port", "0"));
  }

  private static String ready(QuickstartChild supernode) throws IOException, InterruptedException {
    String ready = supernode.awaitLine("supernode ready on ", PATIENCE);
    return ready.substring(ready.lastIndexOf(' ') + 1);
  }

  private static QuickstartChild startPeer(
      List<QuickstartChild> children,
      QuickstartFiles files,
      QuickstartSource source,
      String supernode,
      String name)
      throws IOException {
    List<String> arguments =
        List.of(
            source.url(), files.output(name).toString(), supernode, files.home(name).toString());
    return start(children, name, files, QuickstartPeer.class, arguments);
  }

  private static QuickstartChild start(
      List<QuickstartChild> children,
      String name,
      QuickstartFiles files,
      Class<?> main,
      List<String> arguments)
      throws IOException {
    QuickstartChild child = QuickstartChild.start(name, files.log(name), main, arguments);
    synchronized (children) {
      children.add(child);
    }
    return child;
  }

  /** Shows how far each peer is, until each has ended or none has moved for too long. */
  private static void follow(List<QuickstartChild> swarm, QuickstartView view)
      throws IOException, InterruptedException {
    long lastBytes = -1;
    long lastChange = System.nanoTime();
    while (swarm.stream().anyMatch(child -> !child.isFinished())) {
      view.show(swarm);
      long bytes = swarm.stream().mapToLong(child -> child.bytes().all()).sum();
      if (bytes != lastBytes) {
        lastBytes = bytes;
        lastChange = System.nanoTime();
      } else if (System.nanoTime() - lastChange > PATIENCE.toNanos()) {
        return;
      }
      QuickstartChild waitFor =
          swarm.stream().filter(child -> !child.isFinished()).findFirst().orElse(swarm.get(0));
      waitFor.awaitFinish(LOOK.toNanos(), TimeUnit.NANOSECONDS);
    }
    view.show(swarm);
  }

  /** Ends the youngest first: the supernode outlives its peers, which would miss it. */
  private static void end(List<QuickstartChild> children) {
    synchronized (children) {
      for (int i = children.size() - 1; i >= 0; i--) {
        children.get(i).close();
      }
      children.clear();
    }
  }
}

package io.dragonfly.examples.soak;

import ch.qos.logback.classic.Level;
import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import io.dragonfly.examples.command.Commands;
import io.dragonfly.examples.command.ExitCode;
import io.dragonfly.examples.command.Logging;
import io.dragonfly.examples.command.Version;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The {@code soak} command: what a swarm does while its processes, disks, links and source fail.
 */
@Command(
    name = "soak",
    description =
        "Runs two supernodes and ten peers while they are killed, stopped, cut off and their disks"
            + " changed, and checks each file that arrives.",
    footer = "Exits with 0 if no file was wrong, nothing hung and no process grew; with 1 if not.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    versionProvider = Version.class)
public final class SoakMain implements Callable<Integer> {
  /** Only a directory that bears this mark is emptied: nobody's files are lost by a wrong --dir. */
  private static final String MARK = ".dragonfly-soak";

  private static final long NEEDED_BYTES = 4L << 30;
  private static final int MOST_MINUTES = 7 * 24 * 60;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--minutes",
      paramLabel = "N",
      defaultValue = "5",
      description = "For how long faults happen, in minutes. Default: ${DEFAULT-VALUE}.")
  private double minutes;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "1",
      description = "Chooses the faults and the files. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--dir",
      paramLabel = "D",
      defaultValue = "target/soak",
      description = "Where homes and logs go, 4 GiB; emptied first. Default: ${DEFAULT-VALUE}.")
  private Path dir = Path.of("");

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  private SoakMain() {}

  /** Runs a soak. */
  public static void main(String[] args) {
    System.exit(Commands.run(new SoakMain(), args));
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (!(minutes > 0 && minutes <= MOST_MINUTES)) {
      throw usage("--minutes must be more than 0 and at most " + MOST_MINUTES);
    }
    Logging.start(false, Level.WARN);
    Path prepared = prepare();
    PrintWriter err = spec.commandLine().getErr();
    try (Soak soak = new Soak(prepared, seed)) {
      Commands.onShutdown("soak-shutdown", soak::close);
      SoakReport report =
          soak.run(
              Duration.ofMillis((long) (minutes * 60_000)),
              line -> {
                err.println(line);
                err.flush();
              });
      print(report);
      return report.isClean() ? ExitCode.OK : ExitCode.INTERNAL;
    }
  }

  private void print(SoakReport report) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(report.toJson());
      out.flush();
    } else {
      report.print(out);
    }
  }

  private Path prepare() throws IOException {
    Path empty = dir.toAbsolutePath().normalize();
    if (Files.exists(empty)) {
      if (!Files.exists(empty.resolve(MARK))) {
        throw usage(empty + " is there already and was not made by soak: give another --dir");
      }
      MoreFiles.deleteRecursively(empty, RecursiveDeleteOption.ALLOW_INSECURE);
    }
    Files.createDirectories(empty);
    Files.writeString(empty.resolve(MARK), "");
    long free = Files.getFileStore(empty).getUsableSpace();
    if (free < NEEDED_BYTES) {
      throw usage("%s has less than 4 GiB free: give another --dir".formatted(empty));
    }
    return empty;
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}

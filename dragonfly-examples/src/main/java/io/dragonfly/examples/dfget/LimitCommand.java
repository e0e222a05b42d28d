package io.dragonfly.examples.dfget;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.control.SecurityEvent;
import io.dragonfly.examples.command.ExitCode;
import io.dragonfly.examples.command.Units;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.rate.Limits;
import io.dragonfly.rate.Rate;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The {@code dfget limit} command: shows and changes how fast the background peer may be. */
@Command(
    name = "limit",
    description = "Shows and changes how fast the background peer may be, and its fetches.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class LimitCommand implements Callable<Integer> {
  private static final int LEAST_DIGITS = 4;

  @Spec private CommandSpec spec = CommandSpec.create();

  /** Read by the command that looks for the server. */
  @SuppressWarnings("UnusedVariable")
  @Option(
      names = "--home",
      paramLabel = "D",
      description = "Home of the server. Default: dragonfly/peer in the user's cache directory.")
  private @Nullable String home;

  @Option(
      names = "--totallimit",
      paramLabel = "RATE",
      converter = Units.LimitConverter.class,
      description = "What the server gives as the limit of the host; 0 is none.")
  private Units.@Nullable Limit totalLimit;

  @Option(
      names = {"--locallimit", "-s"},
      paramLabel = "RATE",
      converter = Units.LimitConverter.class,
      description = "The limit of the fetches of TASK; 0 is none.")
  private Units.@Nullable Limit localLimit;

  @Parameters(
      arity = "0..1",
      paramLabel = "TASK",
      description = "Which fetches: the beginning of the task's name.")
  private @Nullable String task;

  private final PeerHost host;

  LimitCommand(PeerHost host) {
    this.host = host;
  }

  @Override
  public Integer call() {
    if ((task == null) != (localLimit == null)) {
      throw usage("TASK and --locallimit go together");
    }
    if (!host.outlivesCalls()) {
      throw usage("no server of this home runs, so there is nothing to limit");
    }
    try (PeerHost.Lease lease = host.lend(nothing())) {
      if (totalLimit != null) {
        lease.client().setTotalRate(totalLimit.rate());
        tell(lease.client(), "--totallimit " + text(totalLimit.rate()));
      }
      if (task != null && localLimit != null) {
        change(lease.running(), task, localLimit.rate());
        tell(lease.client(), "task %s --locallimit %s".formatted(task, text(localLimit.rate())));
      }
      show(lease.client(), lease.running());
    }
    return ExitCode.OK;
  }

  private static void tell(DistributionClient client, String what) {
    client.securityEvent(
        SecurityEvent.done(
            SecurityEvent.Kind.CHANGE_LIMIT,
            "user " + System.getProperty("user.name"),
            "this machine",
            what));
  }

  private static PeerSettings nothing() {
    return new PeerSettings(
        ClientConfig.builder().build(), Optional.<Duration>empty(), Optional.<Duration>empty());
  }

  private void change(RunningFetches running, String beginning, Optional<Rate> rate) {
    if (!beginning.matches("[0-9a-f]{" + LEAST_DIGITS + ",64}")) {
      throw usage("TASK must be 4 to 64 lower-case hexadecimal digits");
    }
    List<RunningFetches.Entry> found =
        running.now().stream().filter(entry -> isOf(entry, beginning)).toList();
    if (found.isEmpty()) {
      throw usage("no fetch of a task %s runs".formatted(beginning));
    }
    for (RunningFetches.Entry entry : found) {
      Usage.check(
          spec,
          () -> {
            entry.setRate(rate);
            return ExitCode.OK;
          });
    }
  }

  private static boolean isOf(RunningFetches.Entry entry, String beginning) {
    return entry.fetch().task().filter(id -> id.hex().startsWith(beginning)).isPresent();
  }

  private void show(DistributionClient client, RunningFetches running) {
    Limits limits = client.limits();
    PrintWriter out = spec.commandLine().getOut();
    out.printf("totallimit %s%n", text(limits.totalRate()));
    out.printf("host       %s%n", text(limits.hostRate()));
    for (RunningFetches.Entry entry : running.now()) {
      FetchRequest request = entry.fetch().request();
      out.printf(
          "task %s locallimit %s %s%s%n",
          entry.fetch().task().map(id -> id.hex().substring(0, 12)).orElse("not yet known"),
          text(entry.rate()),
          request.content().displayUrl(),
          entry.callSystem().map(name -> " for " + name).orElse(""));
    }
    out.flush();
  }

  private static String text(Optional<Rate> rate) {
    return rate.map(limit -> Units.size(limit.bytesPerSecond()) + "/s").orElse("none");
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}

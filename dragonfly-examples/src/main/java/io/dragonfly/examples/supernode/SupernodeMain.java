package io.dragonfly.examples.supernode;

import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.examples.command.Addresses;
import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.command.Commands;
import io.dragonfly.examples.command.Described;
import io.dragonfly.examples.command.ExitCode;
import io.dragonfly.examples.command.LogOptions;
import io.dragonfly.examples.command.OwnCall;
import io.dragonfly.examples.command.ProcessMetrics;
import io.dragonfly.examples.command.Version;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The {@code supernode} command: schedules peers and keeps one copy of what they want. */
@Command(
    name = "supernode",
    description = "Schedules peers, and keeps one copy of what they want.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    versionProvider = Version.class)
@SuppressWarnings("exports") // what the class implements is for the commands alone
public final class SupernodeMain implements Callable<Integer>, Described {
  private static final String ONE_PORT = "all goes over --port";
  private static final String TWO_RATES = "use --source-rate and --upload-rate";
  private static final String SCHEDULER = "the scheduler measures what each peer can give";
  private static final String DISK = "use reserve-bytes and quota-bytes";
  private static final String NO_SETTING = "it has no counterpart, leave it out";

  private static final Map<String, String> REPLACED =
      Map.ofEntries(
          Map.entry("--download-port", ONE_PORT),
          Map.entry("--cdn-pattern", "the supernode always keeps a copy"),
          Map.entry("--max-bandwidth", TWO_RATES),
          Map.entry("--system-bandwidth", TWO_RATES),
          Map.entry("--up-limit", SCHEDULER),
          Map.entry("--down-limit", SCHEDULER),
          Map.entry("--pool-size", NO_SETTING),
          Map.entry("--fail-access-interval", "each registration asks the source anew"),
          Map.entry("--gc-initial-delay", NO_SETTING),
          Map.entry("--gc-meta-interval", NO_SETTING),
          Map.entry("--task-expire-time", "use --task-ttl"),
          Map.entry("--peer-gc-delay", NO_SETTING),
          Map.entry("--profiler", NO_SETTING),
          Map.entry("--debug", "use --verbose"),
          Map.entry("-D", "use --verbose"),
          Map.entry("listenPort", "use port"),
          Map.entry("systemReservedBandwidth", "use source-rate and upload-rate"),
          Map.entry("peerUpLimit", SCHEDULER),
          Map.entry("peerDownLimit", SCHEDULER),
          Map.entry("schedulerCorePoolSize", NO_SETTING),
          Map.entry("enableProfiler", NO_SETTING),
          Map.entry("eliminationLimit", SCHEDULER),
          Map.entry("failureCountLimit", SCHEDULER),
          Map.entry("linkLimit", SCHEDULER),
          Map.entry("gcDiskInterval", DISK),
          Map.entry("youngGCThreshold", DISK),
          Map.entry("fullGCThreshold", DISK),
          Map.entry("IntervalThreshold", DISK),
          Map.entry("logConfig", "logs go to stderr"),
          Map.entry("base", "settings stand at the top level, named like the options"),
          Map.entry("plugins", "plug-ins are found on the class path"),
          Map.entry("storages", "plug-ins are found on the class path"));

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private SupernodeOptions options = new SupernodeOptions();
  @Mixin private LogOptions logging = new LogOptions();

  private SupernodeMain() {}

  /** Runs until the process is told to end. */
  public static void main(String[] args) {
    System.exit(run(new OwnCall(args)));
  }

  /** Runs a supernode in this process for as long as it lasts; returns an exit code. */
  static int run(Call call) {
    return Commands.run(new SupernodeMain(), call);
  }

  @Override
  public boolean hasSettings() {
    return true;
  }

  @Override
  public Map<String, String> replaced() {
    return REPLACED;
  }

  @Override
  public List<Object> subcommands() {
    return List.of(new AdminCommand());
  }

  @Override
  public Integer call() throws InterruptedException {
    SupernodeConfig wanted = settings();
    logging.start();
    CountDownLatch ended = new CountDownLatch(1);
    try (Supernode supernode = new Supernode(wanted)) {
      Commands.onShutdown("dragonfly-supernode-shutdown", supernode::close);
      InetSocketAddress address = supernode.address().orElseThrow();
      PrintWriter out = spec.commandLine().getOut();
      out.println("supernode ready on " + Addresses.text(address));
      out.flush();
      ended.await();
    }
    return ExitCode.OK;
  }

  private SupernodeConfig settings() {
    try {
      return options.toConfig(new ProcessMetrics("supernode")::ofSupernode);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
  }
}

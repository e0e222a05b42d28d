package io.dragonfly.examples.server;

import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.command.Commands;
import io.dragonfly.examples.command.Described;
import io.dragonfly.examples.command.ExitCode;
import io.dragonfly.examples.command.LogOptions;
import io.dragonfly.examples.command.OwnCall;
import io.dragonfly.examples.command.ProcessMetrics;
import io.dragonfly.examples.command.Version;
import io.dragonfly.examples.dfget.DfgetMain;
import io.dragonfly.examples.dfget.DfgetPeerOptions;
import io.dragonfly.examples.dfget.PeerSettings;
import io.dragonfly.examples.thin.DataDirectoryFinder;
import io.dragonfly.examples.thin.Distribution;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The {@code dfget server} command: a peer that outlives the calls it works for. */
@Command(
    name = "dfget server",
    description = "Runs the peer of a home, which calls of dfget with that home use.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    versionProvider = Version.class)
public final class ServerMain implements Callable<Integer>, Described {
  private static final Duration ALIVE_TIME = Duration.ofMinutes(5);
  private static final Duration EXPIRE_TIME = Duration.ofMinutes(3);

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DfgetPeerOptions peer = new DfgetPeerOptions();

  @Mixin private LogOptions logging = new LogOptions();

  private final Call call;

  private ServerMain(Call call) {
    this.call = call;
  }

  /** Runs until nobody has used the server for its alive time, or the process is told to end. */
  public static void main(String[] args) throws IOException, InterruptedException {
    List<String> words = new ArrayList<>(List.of(args));
    Path home = home(words);
    String firstCall = System.getenv(Distribution.FIRST_CALL);
    if (firstCall != null) {
      System.exit(FirstCall.run(home, firstCall.equals(Distribution.BACKGROUND)));
    }
    boolean isSaid =
        words.contains("--home") || words.stream().anyMatch(w -> w.startsWith("--home="));
    if (!isSaid && !words.contains("--print-config")) {
      words.add("--home");
      words.add(home.toString());
    }
    Call call = new OwnCall(words.toArray(String[]::new));
    System.exit(Commands.run(new ServerMain(call), call));
  }

  private static Path home(List<String> words) {
    try {
      return DataDirectoryFinder.of(words, System.getProperty("user.dir", "/")).toPath();
    } catch (IOException e) {
      System.err.println("dfget server: " + e.getMessage());
      System.exit(ExitCode.USAGE);
      throw new IllegalStateException(e); // not reached
    }
  }

  @Override
  public boolean hasSettings() {
    return true;
  }

  @Override
  public Map<String, String> replaced() {
    return DfgetMain.OF_VERSION_1;
  }

  @Override
  public Map<String, String> notInFiles() {
    return DfgetPeerOptions.NOT_IN_FILES;
  }

  @Override
  public Map<String, String> defaults() {
    return DfgetPeerOptions.defaults(call);
  }

  @Override
  public Set<String> settingsOfOthers() {
    return DfgetMain.settings();
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    PeerSettings settings = settings();
    logging.start();
    RunningServer server = ServerStart.start(settings, client -> () -> {}, this::sayReady);
    server.run();
    return ExitCode.OK;
  }

  private PeerSettings settings() {
    try {
      ProcessMetrics metrics = new ProcessMetrics("dfget");
      return withTimes(peer.toSettings(call, metrics::ofClient));
    } catch (IllegalArgumentException e) {
      throw new CommandLine.ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  /** Returns settings with the times that apply where none were said. */
  static PeerSettings withTimes(PeerSettings said) {
    return new PeerSettings(
        said.client(),
        said.aliveTime().or(() -> Optional.of(ALIVE_TIME)),
        said.expireTime().or(() -> Optional.of(EXPIRE_TIME)));
  }

  private void sayReady(RunningServer server) {
    server.sayReady(spec.commandLine().getOut());
  }
}

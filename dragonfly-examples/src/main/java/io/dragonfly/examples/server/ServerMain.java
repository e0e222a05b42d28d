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
import io.dragonfly.examples.thin.Distribution;
import io.dragonfly.examples.thin.HomeDirectory;
import io.dragonfly.examples.thin.Place;
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
  private final boolean detached;

  private ServerMain(Call call, boolean detached) {
    this.call = call;
    this.detached = detached;
  }

  /** Runs until nobody has used the server for its alive time, or the process is told to end. */
  public static void main(String[] args) throws IOException {
    List<String> words = new ArrayList<>(List.of(args));
    Place place = Place.of(words);
    boolean isSaid =
        words.contains("--home") || words.stream().anyMatch(w -> w.startsWith("--home="));
    if (!isSaid && !words.contains("--print-config")) {
      words.add("--home");
      words.add(place.home().getPath());
    }
    Call call = new OwnCall(words.toArray(String[]::new));
    boolean detached = System.getenv(Distribution.DETACHED) != null;
    System.exit(Commands.run(new ServerMain(call, detached), call));
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
    if (detached) {
      Path logs = settings.client().home().orElseThrow().resolve("logs");
      HomeDirectory.create(logs);
      logging.startInFile(logs.resolve("dfget-server.log"));
    } else {
      logging.start();
    }
    RunningServer server =
        ServerStart.start(settings, detached, client -> () -> {}, this::sayReady);
    if (detached) {
      System.out.close(); // who waits for the line must not wait for this process
    }
    server.run();
    return ExitCode.OK;
  }

  private PeerSettings settings() {
    try {
      ProcessMetrics metrics = new ProcessMetrics("dfget");
      PeerSettings said = peer.toSettings(call, metrics::ofClient);
      return new PeerSettings(
          said.client(),
          said.aliveTime().or(() -> Optional.of(ALIVE_TIME)),
          said.expireTime().or(() -> Optional.of(EXPIRE_TIME)));
    } catch (IllegalArgumentException e) {
      throw new CommandLine.ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private void sayReady(RunningServer server) {
    server.sayReady(spec.commandLine().getOut());
  }
}

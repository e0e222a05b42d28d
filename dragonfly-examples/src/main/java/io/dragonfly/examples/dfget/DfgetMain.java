package io.dragonfly.examples.dfget;

import ch.qos.logback.classic.Level;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.FetchCancelledException;
import io.dragonfly.error.OutputException;
import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.command.Commands;
import io.dragonfly.examples.command.Described;
import io.dragonfly.examples.command.ExitCode;
import io.dragonfly.examples.command.LogOptions;
import io.dragonfly.examples.command.Logging;
import io.dragonfly.examples.command.OwnCall;
import io.dragonfly.examples.command.Version;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.fetch.FetchStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * The {@code dfget} command: fetches one file through the swarm, by the peer of whoever runs it.
 */
@Command(
    name = "dfget",
    description = "Fetches a file from peers, a supernode and its source.",
    footer = {
      "",
      "dfget server runs the peer of this host in the foreground (dfget server --help); without"
          + " one, a dfget starts it in the background.",
      "dfget --prepare makes the archives of classes with which it starts fast, and ends."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    versionProvider = Version.class)
public final class DfgetMain implements Callable<Integer>, Described {
  /** What users of Dragonfly 1 may look for, and what they find instead. */
  public static final Map<String, String> OF_VERSION_1 = DfgetOfVersion1.REPLACED;

  private static final Logger log = LoggerFactory.getLogger(DfgetMain.class);
  private static final int CHUNK_BYTES = 64 << 10;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DfgetRequestOptions what = new DfgetRequestOptions();
  @Mixin private DfgetPeerOptions peer = new DfgetPeerOptions();

  @Option(
      names = "--json",
      arity = "0..1",
      fallbackValue = "true",
      paramLabel = "true|false",
      description =
          "Write one JSON object as the last line of stdout, and nothing else there; of stderr if"
              + " stdout is the output.")
  private boolean json;

  @Option(
      names = {"--showbar", "-b"},
      arity = "0..1",
      fallbackValue = "true",
      paramLabel = "true|false",
      description = "Show the progress bar, also where stderr is no terminal.")
  private boolean showBar;

  @Option(
      names = "--console",
      arity = "0..1",
      fallbackValue = "true",
      paramLabel = "true|false",
      description = "Show the peer's log on stderr while this call runs.")
  private boolean console;

  @Mixin private LogOptions logging = new LogOptions();

  private final Call call;
  private final PeerHost host;

  private DfgetMain(Call call, PeerHost host) {
    this.call = call;
    this.host = host;
  }

  /** Fetches one file by a peer in this process, and exits with a code of {@link ExitCode}. */
  public static void main(String[] args) {
    Logging.start(false, Level.WARN);
    Call call = new OwnCall(args);
    System.exit(run(call, new OwnPeer(call, true)));
  }

  /** Does what a call asks for by a peer of this host; returns a code of {@link ExitCode}. */
  public static int run(Call call, PeerHost host) {
    return Commands.run(new DfgetMain(call, host), call);
  }

  /** Returns the names of all settings of the command. */
  public static Set<String> settings() {
    Call none = new OwnCall();
    return Commands.settings(new DfgetMain(none, new OwnPeer(none, false)));
  }

  @Override
  public boolean hasSettings() {
    return true;
  }

  @Override
  public Map<String, String> replaced() {
    return OF_VERSION_1;
  }

  @Override
  public Map<String, String> misplaced() {
    return Map.of("server", "dfget server --home H");
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
  public List<Object> subcommands() {
    return List.of(
        new CacheCommand(call, host),
        new ExplainCommand(call, host),
        new LimitCommand(host),
        new PreheatCommand(call),
        new RenewSecretCommand(call, host));
  }

  @Override
  public Map<String, String> context() {
    String url = what.shownUrl(call.arguments());
    return url.isEmpty() ? Map.of() : Map.of("url", url);
  }

  @Override
  public boolean isStdoutTaken() {
    return what.isForStdout();
  }

  @Override
  @SuppressWarnings("try")
  public Integer call() throws InterruptedException {
    FetchRequest request = usage(() -> what.toRequest(call));
    PeerSettings wanted = usage(() -> peer.toSettings(call));
    DfgetReport report =
        new DfgetReport(
            spec.commandLine(),
            showBar ? new ShownCall(call) : call,
            new DfgetReport.Style(
                json, showBar || !(json || what.isForStdout()), what.isForStdout()));
    host.logWith(logging);
    try (Logging.Following following = logging.follow(call, console);
        PeerHost.Lease lease =
            usage(() -> host.lend(wanted, (other, more) -> peer.toSettings(call, other, more)))) {
      if (request.content().trust().insecure()) {
        report.warnOfInsecure();
      }
      fetch(request, lease, report);
      lease.serveOn();
      return ExitCode.OK;
    } catch (DistributionException e) {
      report.failed();
      throw e;
    }
  }

  private void fetch(FetchRequest request, PeerHost.Lease lease, DfgetReport report)
      throws InterruptedException {
    log.info(
        "{} is fetched to {} for {}",
        request.content().displayUrl(),
        request.output().map(Path::toString).orElse("stdout"),
        what.callSystem().map(name -> "'" + name + "'").orElse("a call"));
    if (!what.isForStdout()) {
      await(
          usage(() -> lease.client().start(request)), lease, report, InputStream.nullInputStream());
      return;
    }
    try (FetchStream stream = usage(() -> lease.client().stream(request))) {
      await(stream.fetch(), lease, report, stream);
    } catch (IOException e) {
      throw new OutputException("The stream could not be closed: " + e.getMessage(), e);
    }
  }

  /** Waits for the end; what the stream has goes to the caller on the way. */
  private void await(Fetch fetch, PeerHost.Lease lease, DfgetReport report, InputStream stream)
      throws InterruptedException {
    call.onGone(() -> stop(fetch, lease));
    try (RunningFetches.Entry running = lease.running().add(fetch, what.callSystem())) {
      copy(stream, fetch, report);
      FetchResult result = await(fetch, report);
      report.succeeded(running.fetch().request(), what.callSystem(), result, fetch.progress());
    }
  }

  /** Ends what runs: the next call goes on from what is verified. */
  private static void stop(Fetch fetch, PeerHost.Lease lease) {
    fetch.cancel();
    lease.close();
  }

  private void copy(InputStream from, Fetch fetch, DfgetReport report) {
    byte[] chunk = new byte[CHUNK_BYTES];
    long looked = System.nanoTime();
    for (int count = read(from, chunk); count >= 0; count = read(from, chunk)) {
      OutputStream out = call.out();
      try {
        out.write(chunk, 0, count);
      } catch (IOException e) {
        throw new OutputException(
            "stdout cannot be written: %s. The bytes so far are correct.".formatted(e.getMessage()),
            e);
      }
      if (System.nanoTime() - looked > ProgressView.LOOK.toNanos()) {
        report.progress(fetch);
        looked = System.nanoTime();
      }
    }
  }

  private static int read(InputStream from, byte[] chunk) {
    try {
      return from.read(chunk);
    } catch (IOException e) {
      if (e.getCause() instanceof DistributionException known) {
        throw known;
      }
      throw new FetchCancelledException("The stream broke off: " + e.getMessage(), e);
    }
  }

  /** Builds something out of options; what they do not allow is a usage error. */
  private <T> T usage(Callable<T> builder) {
    return Usage.check(spec, builder);
  }

  private static FetchResult await(Fetch fetch, DfgetReport report) throws InterruptedException {
    var completion = fetch.completion();
    while (true) {
      try {
        return completion.get(ProgressView.LOOK.toMillis(), TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        report.progress(fetch);
      } catch (ExecutionException e) {
        if (e.getCause() instanceof DistributionException known) {
          throw known;
        }
        throw new IllegalStateException(e.getCause());
      } catch (CancellationException e) {
        throw new FetchCancelledException("The fetch was cancelled.", e);
      }
    }
  }
}

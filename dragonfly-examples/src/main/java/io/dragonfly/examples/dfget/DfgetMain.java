package io.dragonfly.examples.dfget;

import ch.qos.logback.classic.Level;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.FetchCancelledException;
import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.command.Commands;
import io.dragonfly.examples.command.ExitCode;
import io.dragonfly.examples.command.Logging;
import io.dragonfly.examples.command.OwnCall;
import io.dragonfly.examples.command.Version;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine;
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
    mixinStandardHelpOptions = true,
    sortOptions = false,
    versionProvider = Version.class)
public final class DfgetMain implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DfgetRequestOptions what = new DfgetRequestOptions();
  @Mixin private DfgetPeerOptions peer = new DfgetPeerOptions();

  @Option(
      names = "--json",
      description = "Write one JSON object as the last line of stdout, and nothing else there.")
  private boolean json;

  /** Read where the process starts to log, and where failures are reported. */
  @SuppressWarnings("UnusedVariable")
  @Option(names = "--verbose", description = "Log every step, and traces of what went wrong.")
  private boolean verbose;

  private final Call call;
  private final PeerHost host;

  private DfgetMain(Call call, PeerHost host) {
    this.call = call;
    this.host = host;
  }

  /** Fetches one file by a peer in this process, and exits with a code of {@link ExitCode}. */
  public static void main(String[] args) {
    Logging.start(List.of(args).contains("--verbose"), Level.WARN);
    System.exit(run(new OwnCall(args), new OwnPeer()));
  }

  /** Fetches what a call asks for by a peer of this host; returns a code of {@link ExitCode}. */
  public static int run(Call call, PeerHost host) {
    return Commands.run(new DfgetMain(call, host), call);
  }

  @Override
  public Integer call() throws InterruptedException {
    FetchRequest request = usage(() -> what.toRequest(call));
    PeerSettings wanted = usage(() -> peer.toSettings(call));
    DfgetReport report = new DfgetReport(spec.commandLine(), call, json, request);
    try (PeerHost.Lease lease = usage(() -> host.lend(wanted))) {
      Fetch fetch = usage(() -> lease.client().start(request));
      call.onGone(() -> stop(fetch, lease));
      FetchResult result = await(fetch, report);
      report.succeeded(result, fetch.progress());
      lease.serveOn();
      return ExitCode.OK;
    } catch (DistributionException e) {
      report.failed(e);
      throw e;
    }
  }

  /** Ends what runs: the next call goes on from what is verified. */
  private static void stop(Fetch fetch, PeerHost.Lease lease) {
    fetch.cancel();
    lease.close();
  }

  /** Builds something out of options; what they do not allow is a usage error. */
  private <T> T usage(Callable<T> builder) {
    try {
      return builder.call();
    } catch (DistributionException e) {
      throw e;
    } catch (Exception e) {
      throw new CommandLine.ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private static FetchResult await(Fetch fetch, DfgetReport report) throws InterruptedException {
    var completion = fetch.completion();
    while (true) {
      try {
        return completion.get(ProgressView.LOOK.toMillis(), TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        report.progress(fetch.progress());
      } catch (ExecutionException e) {
        if (e.getCause() instanceof DistributionException known) {
          throw known;
        }
        throw new IllegalStateException(e.getCause());
      } catch (java.util.concurrent.CancellationException e) {
        throw new FetchCancelledException("The fetch was cancelled.", e);
      }
    }
  }
}

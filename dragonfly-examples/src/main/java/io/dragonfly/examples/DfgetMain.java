package io.dragonfly.examples;

import ch.qos.logback.classic.Level;
import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.FetchCancelledException;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
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
 * The {@code dfget} command: fetches one file through the swarm. The peer lives in this process: it
 * serves others while the fetch runs, and for {@code --alivetime} after.
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
      names = "--alivetime",
      defaultValue = "0s",
      paramLabel = "TIME",
      converter = Units.TimeConverter.class,
      description = "How long to serve others after the end. Default: ${DEFAULT-VALUE}.")
  private Duration aliveTime = Duration.ZERO;

  @Option(
      names = "--json",
      description = "Write one JSON object as the last line of stdout, and nothing else there.")
  private boolean json;

  @Option(names = "--verbose", description = "Log every step, and traces of what went wrong.")
  private boolean verbose;

  private DfgetMain() {}

  /** Fetches one file and exits with a code of {@link ExitCode}. */
  public static void main(String[] args) {
    System.exit(Commands.run(new DfgetMain(), args));
  }

  @Override
  public Integer call() throws InterruptedException {
    Logging.start(verbose, Level.WARN);
    FetchRequest request = usage(what::toRequest);
    ClientConfig config = usage(peer::toConfig);
    DfgetReport report = new DfgetReport(spec.commandLine(), json, request);
    CountDownLatch told = new CountDownLatch(1);
    try (DistributionClient client = usage(() -> new DistributionClient(config))) {
      Fetch fetch = usage(() -> client.start(request));
      Commands.onShutdown("dfget-shutdown", () -> stop(fetch, client, told));
      FetchResult result = await(fetch, report);
      report.succeeded(result);
      if (!aliveTime.isZero()) {
        told.await(aliveTime.toNanos(), TimeUnit.NANOSECONDS);
      }
      return ExitCode.OK;
    } catch (DistributionException e) {
      report.failed(e);
      throw e;
    }
  }

  /** Ends what runs: the next call goes on from what is verified. */
  private static void stop(Fetch fetch, DistributionClient client, CountDownLatch told) {
    fetch.cancel();
    told.countDown();
    client.close();
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
        return completion.get(1, TimeUnit.SECONDS);
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

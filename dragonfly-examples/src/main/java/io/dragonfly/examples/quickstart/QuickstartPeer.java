package io.dragonfly.examples.quickstart;

import ch.qos.logback.classic.Level;
import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.examples.command.Addresses;
import io.dragonfly.examples.command.Commands;
import io.dragonfly.examples.command.Logging;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchProgress;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * One peer of the quickstart: embeds the library, fetches, and serves the others until its process
 * is told to end. Writes its progress to stdout, in lines that {@link QuickstartChild} reads.
 */
public final class QuickstartPeer {
  private QuickstartPeer() {}

  /** Takes URL, output, supernode address and home. */
  public static void main(String[] args) throws Exception {
    Logging.start(false, Level.INFO);
    ClientConfig config =
        ClientConfig.builder()
            .shareHostLimit(true)
            .supernodes(List.of(Addresses.parseNode(args[2]).address()))
            .ip(InetAddress.getLoopbackAddress())
            .home(Path.of(args[3]))
            .build();
    DistributionClient client = new DistributionClient(config);
    Commands.onShutdown("peer-shutdown", client::close);
    Fetch fetch = client.start(FetchRequest.builder(args[0]).output(Path.of(args[1])).build());
    FetchResult result = follow(fetch);
    System.out.printf(
        "%s%d %d %d %d%n",
        QuickstartChild.DONE,
        result.bytesFromPeers(),
        result.bytesFromSupernode(),
        result.bytesFromSource(),
        result.time().toMillis());
    new CountDownLatch(1).await();
  }

  private static FetchResult follow(Fetch fetch) throws Exception {
    var completion = fetch.completion();
    while (true) {
      try {
        return completion.get(200, TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        FetchProgress progress = fetch.progress();
        System.out.printf(
            "%s%d %d %d%n",
            QuickstartChild.PROGRESS,
            progress.bytesFromPeers(),
            progress.bytesFromSupernode(),
            progress.bytesFromSource());
      }
    }
  }
}

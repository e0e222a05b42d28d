package io.dragonfly.examples.soak;

import ch.qos.logback.classic.Level;
import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.error.DistributionException;
import io.dragonfly.examples.command.Commands;
import io.dragonfly.examples.command.ExitCode;
import io.dragonfly.examples.command.Logging;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.rate.Rate;
import io.dragonfly.spi.Transport;
import io.dragonfly.spi.TransportConfig;
import io.dragonfly.transport.http.HttpTransport;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A process of the soak: a supernode or a peer that embeds the library. Reads orders from stdin, in
 * lines, answers on stdout, and ends with its stdin.
 */
public final class SoakProcess {
  static final String SUPERNODE = "supernode";
  static final String PEER = "peer";
  static final String READY = "ready";
  static final String FETCH = "fetch";
  static final String DONE = "done";
  static final String FAILED = "failed";

  /** What a node says in the place of a process that has ended. */
  static final String GONE = "gone";

  /** So slow that faults come in the middle of files. */
  private static final Rate UPLOAD_RATE = Rate.ofBytes(4 << 20);

  private static final long PEER_BYTES = 160L << 20;
  private static final long SUPERNODE_BYTES = 256L << 20;

  private SoakProcess() {}

  /** Takes what to be, a home, the port of the own link and, for a peer, those of supernodes. */
  public static void main(String[] args) throws IOException {
    Logging.start(false, Level.INFO);
    Path home = Path.of(args[1]);
    Transport transport =
        new LinkedTransport(
            HttpTransport.builder()
                .config(TransportConfig.builder().home(home).build())
                .threads(2)
                .build(),
            Integer.parseInt(args[2]),
            port -> say(READY + " " + port));
    if (args[0].equals(SUPERNODE)) {
      Supernode supernode = supernode(home, transport);
      Commands.onShutdown("soak-shutdown", () -> close(supernode, transport));
      obey(null);
    } else {
      List<InetSocketAddress> supernodes = new ArrayList<>();
      for (int i = 3; i < args.length; i++) {
        supernodes.add(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[i])));
      }
      DistributionClient client = peer(home, transport, supernodes);
      Commands.onShutdown("soak-shutdown", () -> close(client, transport));
      obey(client);
    }
    System.exit(ExitCode.OK);
  }

  private static Supernode supernode(Path home, Transport transport) {
    return new Supernode(
        SupernodeConfig.builder()
            .homeDir(home)
            .advertiseIp(InetAddress.getLoopbackAddress())
            .port(0)
            .uploadRate(UPLOAD_RATE)
            .quotaBytes(SUPERNODE_BYTES)
            .transport(transport)
            .build());
  }

  private static DistributionClient peer(
      Path home, Transport transport, List<InetSocketAddress> supernodes) {
    return new DistributionClient(
        ClientConfig.builder()
            .home(home)
            .ip(InetAddress.getLoopbackAddress())
            .supernodes(supernodes)
            .uploadRate(UPLOAD_RATE)
            .quotaBytes(PEER_BYTES)
            .noProgressTimeout(Duration.ofSeconds(60))
            .transport(transport)
            .build());
  }

  private static void close(AutoCloseable first, Transport transport) {
    try (transport) {
      first.close();
    } catch (Exception e) {
      Logging.lastWords(e);
    }
  }

  private static void obey(@Nullable DistributionClient client) throws IOException {
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = orders.readLine(); line != null; line = orders.readLine()) {
      String[] words = line.split(" ", 4);
      if (client != null && words[0].equals(FETCH)) {
        fetch(client, words[1], words[2], Path.of(words[3]));
      }
    }
  }

  private static void fetch(DistributionClient client, String number, String url, Path output) {
    var unused =
        client
            .start(FetchRequest.builder(url).output(output).build())
            .completion()
            .whenComplete(
                (result, failure) ->
                    say(failure == null ? done(number, result) : failed(number, failure)));
  }

  private static String done(String number, FetchResult result) {
    return "%s %s %d %d %d %d"
        .formatted(
            DONE,
            number,
            result.bytesFromPeers(),
            result.bytesFromSupernode(),
            result.bytesFromSource(),
            result.bytesFromStore());
  }

  private static String failed(String number, Throwable failure) {
    String kind = failure instanceof DistributionException known ? known.kind().name() : "UNTYPED";
    return "%s %s %s %s".formatted(FAILED, number, kind, Commands.oneLine(failure.toString()));
  }

  private static void say(String line) {
    System.out.println(line);
  }
}

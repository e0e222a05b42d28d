package io.dragonfly.examples.server;

import ch.qos.logback.classic.Level;
import com.sun.net.httpserver.HttpServer;
import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.examples.command.ExitCode;
import io.dragonfly.examples.command.Logging;
import io.dragonfly.examples.command.OwnCall;
import io.dragonfly.examples.dfget.DfgetMain;
import io.dragonfly.examples.dfget.PeerSettings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Brings a file to two peers in one process, so that Java learns which classes a peer and a
 * supernode need. They become the archive that makes servers start quickly.
 */
public final class CdsTraining {
  private static final int FILE_BYTES = 3 << 20;

  /** No call of the rehearsal asks for any. */
  private static final PeerSettings SETTINGS =
      new PeerSettings(ClientConfig.builder().build(), Optional.empty(), Optional.empty());

  private CdsTraining() {}

  /** Works in the directory that is the only argument, and exits. */
  public static void main(String[] args) throws IOException {
    Logging.start(false, Level.WARN);
    HttpServer source = source();
    source.start();
    try {
      rehearse(Path.of(args[0]), source.getAddress().getPort());
    } finally {
      source.stop(0); // its thread would keep a process alive whose rehearsal has failed
    }
    System.exit(ExitCode.OK);
  }

  private static void rehearse(Path directory, int port) throws IOException {
    try (Supernode supernode =
        new Supernode(
            SupernodeConfig.builder()
                .homeDir(directory.resolve("supernode"))
                .advertiseIp(InetAddress.getLoopbackAddress())
                .port(0)
                .build())) {
      String url = "http://127.0.0.1:" + port + "/file";
      fetch(directory, supernode.address().orElseThrow(), url);
    }
  }

  private static HttpServer source() throws IOException {
    HttpServer source =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    source.createContext(
        "/",
        exchange -> {
          try (exchange) {
            exchange.getResponseHeaders().set("ETag", "\"a\"");
            exchange.sendResponseHeaders(200, FILE_BYTES);
            exchange.getResponseBody().write(new byte[FILE_BYTES]);
          }
        });
    return source;
  }

  /** The second peer takes from the first one. */
  private static void fetch(Path directory, InetSocketAddress supernode, String url)
      throws IOException {
    try (DistributionClient first = peer(directory.resolve("first"), supernode);
        DistributionClient second = peer(directory.resolve("second"), supernode)) {
      // A file of its own, so that the settings of this host change nothing.
      String settings = Files.createFile(directory.resolve("dfget.yml")).toString();
      for (DistributionClient peer : List.of(first, second)) {
        String output = directory.resolve("out").toString();
        OwnCall call =
            new OwnCall("--url", url, "--output", output, "--json", "--config", settings);
        int code = DfgetMain.run(call, new ServerPeer(peer, SETTINGS));
        if (code != ExitCode.OK) {
          throw new IllegalStateException("the rehearsal ended with exit code " + code);
        }
      }
    }
  }

  private static DistributionClient peer(Path home, InetSocketAddress supernode) {
    return new DistributionClient(
        ClientConfig.builder()
            .home(home)
            .supernodes(List.of(supernode))
            .ip(InetAddress.getLoopbackAddress())
            .build());
  }
}

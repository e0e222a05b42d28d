package outside;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.fetch.FetchResult;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;

/**
 * Fetches a file through an embedded supernode with two clients, and with a client that has no
 * supernode. Ends with an exception if what arrives is not what the source has.
 */
public final class Main {
  private static final byte[] CONTENT = content(8 * 1024 * 1024 + 1);

  private final Path dir;
  private final String url;

  private Main(Path dir, String url) {
    this.dir = dir;
    this.url = url;
  }

  public static void main(String[] args) throws Exception {
    var source = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    source.createContext("/file.bin", Main::answer);
    source.start();
    try {
      var main =
          new Main(
              Path.of(args[0]),
              "http://127.0.0.1:" + source.getAddress().getPort() + "/file.bin");
      main.fetchThroughASupernode();
      main.fetchWithoutASupernode();
    } finally {
      source.stop(0);
    }
  }

  private void fetchThroughASupernode() throws IOException {
    var config = SupernodeConfig.builder().homeDir(dir.resolve("supernode")).build();
    try (var supernode = new Supernode(config)) {
      try (var first = client("first", supernode);
          var second = client("second", supernode)) {
        for (var result : new FetchResult[] {fetch(first, "first"), fetch(second, "second")}) {
          check(result.bytesFromSource() == 0, "a client read the source itself: " + result);
        }
      }
    }
  }

  private void fetchWithoutASupernode() throws IOException {
    var config = ClientConfig.builder().home(dir.resolve("alone")).build();
    try (var client = new DistributionClient(config)) {
      var result = fetch(client, "alone");
      check(result.bytesFromSource() == CONTENT.length, "not all is from the source: " + result);
    }
  }

  private DistributionClient client(String name, Supernode supernode) {
    return new DistributionClient(
        ClientConfig.builder().home(dir.resolve(name)).supernode(supernode).build());
  }

  private FetchResult fetch(DistributionClient client, String name) throws IOException {
    Path output = dir.resolve(name + ".bin");
    FetchResult result = client.fetch(url, output);
    System.out.printf(
        "%s: %d bytes from peers, %d from the supernode, %d from the source%n",
        name, result.bytesFromPeers(), result.bytesFromSupernode(), result.bytesFromSource());
    long sum = result.bytesFromPeers() + result.bytesFromSupernode() + result.bytesFromSource();
    check(sum == CONTENT.length, name + " has counted " + sum + " bytes");
    check(Arrays.equals(Files.readAllBytes(output), CONTENT), name + " has other bytes");
    return result;
  }

  /** Answers a GET, with a range or without, as the JDK's server leaves to its user. */
  private static void answer(HttpExchange exchange) throws IOException {
    var range = exchange.getRequestHeaders().getFirst("Range");
    int first = 0;
    int end = CONTENT.length;
    if (range != null) {
      var bounds = range.substring("bytes=".length()).split("-");
      first = Integer.parseInt(bounds[0]);
      end = bounds.length == 1 ? end : Math.min(end, Integer.parseInt(bounds[1]) + 1);
      var contentRange = "bytes " + first + "-" + (end - 1) + "/" + CONTENT.length;
      exchange.getResponseHeaders().set("Content-Range", contentRange);
    }
    exchange.getResponseHeaders().set("ETag", "\"1\"");
    exchange.sendResponseHeaders(range == null ? 200 : 206, end - first);
    try (var body = exchange.getResponseBody()) {
      body.write(CONTENT, first, end - first);
    }
  }

  private static byte[] content(int length) {
    byte[] content = new byte[length];
    new Random(1).nextBytes(content);
    return content;
  }

  private static void check(boolean right, String otherwise) {
    if (!right) {
      throw new IllegalStateException(otherwise);
    }
  }
}

import com.sun.net.httpserver.HttpServer;
import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.stream.Stream;

/**
 * What pieces cost in plain and over TLS: processor time of a supernode that gives 1 GiB, and of a
 * peer that takes it, each in a JVM of its own, over loopback.
 *
 * <pre>
 * javac -cp "DIST/lib/*" -d CLASSES PieceCost.java
 * java -cp "CLASSES:DIST/lib/*" PieceCost EMPTY_DIRECTORY [PAIRS [MIB]]
 * </pre>
 *
 * It needs four times the file's length on the disk. One fetch of each kind warms up; then plain
 * and TLS take turns.
 */
final class PieceCost {
  private static final double TICKS = 100; // of /proc/PID/stat in a second, on Linux
  private static final byte[] BLOCK = new byte[1 << 20];

  public static void main(String[] args) throws Exception {
    Path directory = Path.of(args[0]);
    if (args.length > 3 && args[1].equals("supernode")) {
      supernode(directory, args[2].equals("plain"), Path.of(args[3]));
    } else if (args.length > 3 && args[1].equals("peer")) {
      peer(directory, args[2].equals("plain"), Path.of(args[3]), args[4], args[5]);
    } else {
      int pairs = args.length > 1 ? Integer.parseInt(args[1]) : 3;
      measure(directory, pairs, (args.length > 2 ? Integer.parseInt(args[2]) : 1024) * (1L << 20));
    }
  }

  private static void supernode(Path home, boolean plain, Path token) throws Exception {
    SupernodeConfig.Builder config =
        SupernodeConfig.builder().homeDir(home).port(0).joinTokenFile(token).plainPieces(plain);
    try (Supernode supernode = new Supernode(config.build())) {
      System.out.println("port " + supernode.address().orElseThrow().getPort());
      while (System.in.read() >= 0) {
        // until the parent ends
      }
    }
  }

  /** Fetches once for each line of its input, each time as a peer that has nothing yet. */
  private static void peer(Path home, boolean plain, Path token, String port, String url)
      throws Exception {
    InetSocketAddress supernode =
        new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(port));
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    while (in.readLine() != null) {
      ClientConfig.Builder config =
          ClientConfig.builder()
              .home(home)
              .supernodes(List.of(supernode))
              .joinTokenFile(token)
              .plainPieces(plain);
      try (DistributionClient client = new DistributionClient(config.build())) {
        FetchResult result =
            client.fetch(FetchRequest.builder(url).output(home.resolve("output")).build());
        System.out.println("took " + result.bytesFromSupernode());
      }
      delete(home);
    }
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      all.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
    }
  }

  private static void measure(Path directory, int pairs, long length) throws Exception {
    Path token = Files.writeString(directory.resolve("token"), "0123456789abcdef".repeat(4));
    HttpServer source = source(length);
    String url = "http://127.0.0.1:" + source.getAddress().getPort() + "/file";
    double[][] cost = new double[4][pairs];
    try (Pair plain = new Pair(directory, true, token, url);
        Pair tls = new Pair(directory, false, token, url)) {
      for (int i = -1; i < pairs; i++) {
        for (int turn = 0; turn < 2; turn++) {
          boolean isPlain = (i + turn) % 2 == 0;
          double[] seconds = (isPlain ? plain : tls).fetch(length);
          System.out.printf(
              Locale.ROOT,
              "%s %s: supernode %.2f, peer %.2f CPU-seconds for each GiB%n",
              i < 0 ? "warm up" : "pair " + i,
              isPlain ? "plain" : "TLS",
              seconds[0],
              seconds[1]);
          if (i >= 0) {
            cost[isPlain ? 0 : 1][i] = seconds[0];
            cost[isPlain ? 2 : 3][i] = seconds[1];
          }
        }
      }
    }
    source.stop(0);
    row("supernode", cost[0], cost[1]);
    row("peer", cost[2], cost[3]);
  }

  private static void row(String who, double[] plain, double[] tls) {
    double[] ratios = new double[plain.length];
    Arrays.setAll(ratios, i -> tls[i] / plain[i]);
    System.out.printf(
        Locale.ROOT,
        "%s, medians: plain %.2f, TLS %.2f CPU-seconds for each GiB; ratio %.2f%n",
        who,
        median(plain),
        median(tls),
        median(ratios));
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  /** A source whose file is the same random MiB again and again. */
  private static HttpServer source(long length) throws IOException {
    new Random(1).nextBytes(BLOCK);
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newCachedThreadPool(PieceCost::daemon));
    server.createContext(
        "/",
        exchange -> {
          String range = exchange.getRequestHeaders().getFirst("Range");
          long first = 0;
          long end = length;
          if (range != null) {
            String[] bounds = range.substring("bytes=".length()).split("-", -1);
            first = Long.parseLong(bounds[0]);
            end = bounds[1].isEmpty() ? length : Math.min(length, Long.parseLong(bounds[1]) + 1);
            exchange
                .getResponseHeaders()
                .set("Content-Range", "bytes %d-%d/%d".formatted(first, end - 1, length));
          }
          exchange.getResponseHeaders().set("ETag", "\"one\"");
          boolean isHead = exchange.getRequestMethod().equals("HEAD");
          exchange.sendResponseHeaders(range == null ? 200 : 206, isHead ? -1 : end - first);
          try (OutputStream out = exchange.getResponseBody()) {
            for (long at = first; at < end && !isHead; ) {
              int from = (int) (at % BLOCK.length);
              int count = (int) Math.min(BLOCK.length - from, end - at);
              out.write(BLOCK, from, count);
              at += count;
            }
          } catch (IOException e) {
            // who asked has enough
          }
        });
    server.start();
    return server;
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "source");
    thread.setDaemon(true);
    return thread;
  }

  /** A supernode and a peer, each in its process. */
  private static final class Pair implements AutoCloseable {
    private final Process supernode;
    private final Process peer;
    private final BufferedReader said;

    Pair(Path directory, boolean plain, Path token, String url) throws IOException {
      String kind = plain ? "plain" : "tls";
      Path base = Files.createDirectories(directory.resolve(kind));
      supernode = start(base.resolve("supernode"), "supernode", kind, token.toString());
      String port = line(supernode.inputReader(StandardCharsets.UTF_8), "port ");
      peer = start(base.resolve("peer"), "peer", kind, token.toString(), port, url);
      said = peer.inputReader(StandardCharsets.UTF_8);
    }

    private static Process start(Path home, String... arguments) throws IOException {
      List<String> command = new ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(List.of("-cp", System.getProperty("java.class.path")));
      command.add("PieceCost");
      command.add(home.toString());
      command.addAll(List.of(arguments));
      return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    private static String line(BufferedReader from, String beginning) throws IOException {
      for (String line = from.readLine(); line != null; line = from.readLine()) {
        if (line.startsWith(beginning)) {
          return line.substring(beginning.length());
        }
      }
      throw new IOException("a process has ended");
    }

    /** Returns the CPU-seconds for each GiB of the supernode and of the peer. */
    double[] fetch(long length) throws IOException {
      double before = seconds(supernode);
      double beforePeer = seconds(peer);
      peer.getOutputStream().write('\n');
      peer.getOutputStream().flush();
      if (Long.parseLong(line(said, "took ")) != length) {
        throw new IOException("not all came from the supernode");
      }
      double gib = length / (double) (1L << 30);
      return new double[] {(seconds(supernode) - before) / gib, (seconds(peer) - beforePeer) / gib};
    }

    private static double seconds(Process process) throws IOException {
      String stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS;
    }

    @Override
    public void close() throws Exception {
      for (Process process : List.of(peer, supernode)) {
        process.getOutputStream().close();
        process.waitFor();
      }
    }
  }
}

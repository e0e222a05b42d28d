import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * A peer that fetches many files at the same time. {@code many.py} and {@code fair.py} start it with
 * the source's URL, the supernode's address, its own and a directory. For each line with a prefix
 * and a number on standard input it fetches that many files. It prints the seconds until it had all,
 * the bytes that came from the supernode, the longest time in seconds in which one of the files got
 * no byte, and the seconds that each file took.
 */
final class ManyFiles {
  private static final int SUPERNODE_PORT = 8002;
  private static final long LOOK_MILLIS = 20;

  private ManyFiles() {}

  public static void main(String[] args) throws Exception {
    Path directory = Path.of(args[3]);
    ClientConfig config =
        ClientConfig.builder()
            .home(directory.resolve("home"))
            .supernodes(List.of(new InetSocketAddress(args[1], SUPERNODE_PORT)))
            .ip(InetAddress.getByName(args[2]))
            .build();
    try (DistributionClient client = new DistributionClient(config);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] words = line.split(" ");
        System.out.println(
            fetchAll(client, args[0] + "/" + words[0], Integer.parseInt(words[1]), directory));
      }
    }
  }

  private static String fetchAll(
      DistributionClient client, String prefix, int count, Path directory) throws Exception {
    long start = System.nanoTime();
    List<Fetch> fetches = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Path output = directory.resolve("file" + i);
      Files.deleteIfExists(output);
      fetches.add(client.start(FetchRequest.builder(prefix + i).output(output).build()));
    }
    double silence = longestSilence(fetches, start);
    double seconds = (System.nanoTime() - start) / 1e9;
    long fromSupernode = 0;
    StringBuilder each = new StringBuilder();
    for (Fetch fetch : fetches) {
      FetchResult result = fetch.completion().get(10, TimeUnit.MINUTES);
      fromSupernode += result.bytesFromSupernode();
      each.append(String.format(Locale.ROOT, " %.3f", result.time().toNanos() / 1e9));
    }
    return String.format(Locale.ROOT, "%.3f %d %.1f%s", seconds, fromSupernode, silence, each);
  }

  /** Waits until all fetches have ended; returns the longest time in which one got no byte. */
  private static double longestSilence(List<Fetch> fetches, long start) throws Exception {
    long[] bytes = new long[fetches.size()];
    long[] since = new long[fetches.size()];
    Arrays.fill(since, start);
    long longest = 0;
    for (boolean isAnyRunning = true; isAnyRunning; ) {
      Thread.sleep(LOOK_MILLIS);
      isAnyRunning = false;
      long now = System.nanoTime();
      for (int i = 0; i < bytes.length; i++) {
        long has = fetches.get(i).progress().bytes();
        boolean isRunning = !fetches.get(i).completion().isDone();
        isAnyRunning |= isRunning;
        longest = Math.max(longest, isRunning ? now - since[i] : 0);
        if (has != bytes[i]) {
          bytes[i] = has;
          since[i] = now;
        }
      }
    }
    return longest / 1e9;
  }
}

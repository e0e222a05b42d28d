import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchRequest;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * A peer that fetches many files at the same time. {@code many.py} starts it with the source's URL,
 * the supernode's address, its own and a directory; for each line with a prefix and a number on
 * standard input it fetches that many files, and prints the seconds until it had all, and the bytes
 * that came from the supernode.
 */
final class ManyFiles {
  private static final int SUPERNODE_PORT = 8002;

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
        long start = System.nanoTime();
        long fromSupernode =
            fetchAll(client, args[0] + "/" + words[0], Integer.parseInt(words[1]), directory);
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf(Locale.ROOT, "%.3f %d%n", seconds, fromSupernode);
      }
    }
  }

  /** Returns the bytes that came from the supernode. */
  private static long fetchAll(DistributionClient client, String prefix, int count, Path directory)
      throws Exception {
    List<Fetch> fetches = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Path output = directory.resolve("file" + i);
      Files.deleteIfExists(output);
      fetches.add(client.start(FetchRequest.builder(prefix + i).output(output).build()));
    }
    long fromSupernode = 0;
    for (Fetch fetch : fetches) {
      fromSupernode += fetch.completion().get(10, TimeUnit.MINUTES).bytesFromSupernode();
    }
    return fromSupernode;
  }
}

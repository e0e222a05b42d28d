import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.fetch.FetchRequest;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/**
 * Small files through the library in a warm JVM, each beside a plain HTTP client in the same JVM.
 * {@code commands.py library DIST} starts it with the source's URL, a directory and the numbers of
 * rounds to warm up and to measure. The source has files 1, 4, 16 and 64, so many KiB long.
 */
final class SmallFiles {
  private final String base;
  private final Path directory;
  private final HttpClient plain = HttpClient.newHttpClient();
  private final DistributionClient client;
  private int calls;

  private SmallFiles(String base, Path directory, DistributionClient client) {
    this.base = base;
    this.directory = directory;
    this.client = client;
  }

  public static void main(String[] args) throws Exception {
    Path directory = Path.of(args[1]);
    ClientConfig config = ClientConfig.builder().home(directory.resolve("library")).build();
    try (DistributionClient client = new DistributionClient(config)) {
      SmallFiles files = new SmallFiles(args[0], directory, client);
      files.measure(1, Integer.parseInt(args[2]), false);
      for (int kib : new int[] {1, 4, 16, 64}) {
        files.measure(kib, Integer.parseInt(args[3]), true);
      }
    }
  }

  /** Takes both ways by turns, so that what else the machine does meets both. */
  private void measure(int kib, int rounds, boolean show) throws Exception {
    double[] library = new double[rounds];
    double[] rival = new double[rounds];
    for (int i = 0; i < rounds; i++) {
      String url = base + "/" + kib + "?call=" + calls++; // a task of its own
      long start = System.nanoTime();
      client.fetch(FetchRequest.builder(url).output(directory.resolve("fetched")).build());
      long between = System.nanoTime();
      HttpRequest request = HttpRequest.newBuilder(URI.create(url)).build();
      plain.send(request, BodyHandlers.ofFile(directory.resolve("plain")));
      library[i] = (between - start) / 1e6;
      rival[i] = (System.nanoTime() - between) / 1e6;
    }
    if (show) {
      row(kib + " KiB with the library", library);
      row(kib + " KiB with a plain client", rival);
    }
  }

  private static void row(String name, double[] millis) {
    Arrays.sort(millis);
    System.out.printf(
        Locale.ROOT,
        "%-36s median %8.2f  p90 %8.2f  worst %8.2f ms%n",
        name,
        millis[millis.length / 2],
        millis[millis.length * 9 / 10],
        millis[millis.length - 1]);
  }
}

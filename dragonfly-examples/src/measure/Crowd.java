import com.sun.net.httpserver.HttpServer;
import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.control.Caller;
import io.dragonfly.control.LeaveResponse;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.PollRequest;
import io.dragonfly.control.AnnounceResponse;
import io.dragonfly.control.AnnounceRequest;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.spi.PieceSink;
import io.dragonfly.spi.ServeRequest;
import io.dragonfly.spi.PieceRequest;
import io.dragonfly.spi.Transport;
import io.dragonfly.spi.TransportConfig;
import io.dragonfly.transport.http.HttpTransport;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/**
 * Honest peers that fetch files from addresses of their own while {@link Intruders} are at the
 * supernode from one other address. {@code crowd.py} starts it with the supernode's address, the
 * number of peers, of intruding connections, and of seconds, a directory, and the process id of the
 * supernode. Prints JSON: fetches that ended well and not, how long control calls took, and the
 * processor time of the supernode, of this process, and what was left of the machine's.
 */
final class Crowd {
  private static final int SUPERNODE_PORT = 8002;
  private static final int FILE_BYTES = 512 << 10;
  private static final int PROBE_MILLIS = 500;
  private static final int WARM_SECONDS = 20;
  private static final int CALM_SECONDS = 10;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final InetSocketAddress supernode;
  private final Path directory;
  private final Queue<Long> nanos = new ConcurrentLinkedQueue<>();
  private final AtomicInteger fetched = new AtomicInteger();
  private final AtomicInteger failed = new AtomicInteger();
  private final AtomicInteger callsFailed = new AtomicInteger();
  private final AtomicReference<String> why = new AtomicReference<>("");
  private final long supernodePid;
  private double[] processorSeconds = new double[4];

  private Crowd(InetSocketAddress supernode, Path directory, long supernodePid) {
    this.supernode = supernode;
    this.directory = directory;
    this.supernodePid = supernodePid;
  }

  public static void main(String[] args) throws Exception {
    Crowd crowd =
        new Crowd(
            new InetSocketAddress(args[0], SUPERNODE_PORT),
            Path.of(args[4]),
            Long.parseLong(args[5]));
    HttpServer source = source();
    String url = "http://10.98.0.1:" + source.getAddress().getPort();
    int peers = Integer.parseInt(args[1]);
    int seconds = Integer.parseInt(args[3]);
    CompletableFuture<Void> peersEnd =
        crowd.run(url + "/file", peers, WARM_SECONDS + CALM_SECONDS + seconds);
    TimeUnit.SECONDS.sleep(WARM_SECONDS); // until all are connected, and what they do is compiled
    crowd.result();
    TimeUnit.SECONDS.sleep(CALM_SECONDS);
    String calm = crowd.result();
    try (Intruders intruders =
        new Intruders(crowd.supernode, InetAddress.getByName("10.98.9.9"), url)) {
      intruders.open(Integer.parseInt(args[2]));
      peersEnd.get(seconds + 120L, TimeUnit.SECONDS);
      System.out.printf(
          "{\"calm\": %s, \"crowded\": %s, \"intruders\": %s}%n",
          calm, crowd.result(), intruders.result());
    }
    System.exit(0); // the threads of the source and of the peers
  }

  /** Every path is a file of its own. */
  private static HttpServer source() throws IOException {
    byte[] content = new byte[FILE_BYTES];
    new Random(1).nextBytes(content);
    HttpServer server = HttpServer.create(new InetSocketAddress("10.98.0.1", 0), 1024);
    server.setExecutor(Executors.newFixedThreadPool(16));
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            String path = exchange.getRequestURI().getPath();
            int length = path.startsWith("/intruder") ? 1 : FILE_BYTES;
            exchange.getResponseHeaders().set("ETag", '"' + path + '"');
            if ("bytes=0-0".equals(exchange.getRequestHeaders().getFirst("Range"))) {
              exchange.getResponseHeaders().set("Content-Range", "bytes 0-0/" + length);
              exchange.sendResponseHeaders(206, 1);
              exchange.getResponseBody().write(content, 0, 1);
            } else {
              exchange.sendResponseHeaders(200, length);
              try (OutputStream out = exchange.getResponseBody()) {
                out.write(content, 0, length);
              }
            }
          }
        });
    server.start();
    return server;
  }

  /** Returns the time, and the seconds of the supernode, of this process, and of idleness. */
  private double[] processorSeconds() throws IOException {
    String idle = Files.readString(Path.of("/proc/stat")).split("\\s+", 7)[4];
    return new double[] {
      System.nanoTime() / 1e9,
      seconds(Path.of("/proc/" + supernodePid + "/stat")),
      seconds(Path.of("/proc/self/stat")),
      Long.parseLong(idle) / 100.0
    };
  }

  private static double seconds(Path stat) throws IOException {
    String[] fields = Files.readString(stat).replaceFirst(".*\\) ", "").split(" ");
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / 100.0;
  }

  private String result() throws IOException {
    double[] before = processorSeconds;
    processorSeconds = processorSeconds();
    double[] spent = new double[before.length];
    Arrays.setAll(spent, i -> processorSeconds[i] - before[i]);
    long[] times = nanos.stream().mapToLong(Long::longValue).sorted().toArray();
    String text =
        ("{\"fetched\": %d, \"failed\": %d, \"why\": \"%s\", \"calls\": %d, \"calls_failed\": %d,"
                + " \"p50_ms\": %.1f, \"p99_ms\": %.1f, \"most_ms\": %.1f, \"seconds\": %.1f,"
                + " \"supernode_cpu_s\": %.1f, \"own_cpu_s\": %.1f, \"idle_s\": %.1f}")
            .formatted(
                fetched.getAndSet(0),
                failed.getAndSet(0),
                why.getAndSet(""),
                times.length,
                callsFailed.getAndSet(0),
                at(times, 0.5),
                at(times, 0.99),
                at(times, 1),
                spent[0],
                spent[1],
                spent[2],
                spent[3]);
    nanos.clear();
    return text;
  }

  private static double at(long[] times, double part) {
    return times.length == 0
        ? 0
        : times[(int) Math.min(times.length - 1, times.length * part)] / 1e6;
  }

  private CompletableFuture<Void> run(String prefix, int peers, int seconds) throws IOException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    ExecutorService threads = Executors.newCachedThreadPool();
    List<CompletableFuture<?>> all = new ArrayList<>();
    for (int i = 0; i < peers; i++) {
      InetAddress ip = InetAddress.getByName("10.98.1." + (i + 1));
      Path home = directory.resolve("peer" + i);
      all.add(CompletableFuture.runAsync(() -> fetchUntil(end, prefix, ip, home), threads));
    }
    return CompletableFuture.allOf(all.toArray(CompletableFuture[]::new));
  }

  /** All peers fetch the same files, one after another, each at its own pace. */
  private void fetchUntil(long end, String prefix, InetAddress ip, Path home) {
    TransportConfig tls = TransportConfig.builder().home(home).build();
    try (Transport transport = new Timed(HttpTransport.builder().threads(1).config(tls).build())) {
      Files.createDirectories(home);
      ClientConfig config =
          ClientConfig.builder()
              .home(home.resolve("peer"))
              .supernodes(List.of(supernode))
              .ip(ip)
              .transport(transport)
              .build();
      SupernodeApi probes = transport.connect(supernode, ip);
      Caller caller = new Caller(PeerSecret.random(RANDOM), new InetSocketAddress(ip, 0), "");
      try (DistributionClient client = new DistributionClient(config)) {
        for (int file = 0; System.nanoTime() < end; file++) {
          client.fetch(FetchRequest.builder(prefix + file).output(home.resolve("out")).build());
          fetched.incrementAndGet();
          for (int probe = 0; probe < 4; probe++) {
            var unused = probes.announce(new AnnounceRequest(caller, List.of()));
            TimeUnit.MILLISECONDS.sleep(PROBE_MILLIS);
          }
        }
      }
    } catch (Exception e) {
      failed.incrementAndGet();
      why.compareAndSet("", String.valueOf(e).replace('"', '\''));
    }
  }

  /** Notes how long each call takes that does not wait for news. */
  private final class Timed implements Transport {
    private final Transport transport;

    Timed(Transport transport) {
      this.transport = transport;
    }

    private <T> CompletableFuture<T> timed(Supplier<CompletableFuture<T>> call) {
      long start = System.nanoTime();
      return call.get()
          .whenComplete(
              (answer, failure) -> {
                nanos.add(System.nanoTime() - start);
                if (failure != null) {
                  callsFailed.incrementAndGet();
                }
              });
    }

    @Override
    public SupernodeApi connect(InetSocketAddress to, InetAddress local) {
      SupernodeApi api = transport.connect(to, local);
      return new SupernodeApi() {
        @Override
        public CompletableFuture<String> identity() {
          return api.identity();
        }

        @Override
        public CompletableFuture<RegisterResponse> register(RegisterRequest request) {
          return timed(() -> api.register(request));
        }

        @Override
        public CompletableFuture<AnnounceResponse> announce(AnnounceRequest request) {
          return timed(() -> api.announce(request));
        }

        @Override
        public CompletableFuture<PollResponse> poll(PollRequest request) {
          return api.poll(request);
        }

        @Override
        public CompletableFuture<LeaveResponse> leave(LeaveRequest request) {
          return timed(() -> api.leave(request));
        }
      };
    }

    @Override
    public Server serve(ServeRequest request) throws IOException {
      return transport.serve(request);
    }

    @Override
    public Take take(PieceRequest request, PieceSink sink) {
      return transport.take(request, sink);
    }

    @Override
    public void close() {
      transport.close();
    }
  }
}

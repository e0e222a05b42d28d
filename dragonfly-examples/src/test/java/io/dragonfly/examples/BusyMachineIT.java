package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.dragonfly.examples.CommandLab.Running;
import io.dragonfly.examples.CommandLab.SupernodeProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Peers that have just been started, on a machine with twice as many busy processes as processors.
 * Every fetch must succeed. {@code -Ddragonfly.busy.rounds=20} repeats each test.
 */
@Tag("slow")
@Tag("alone")
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class BusyMachineIT {
  private static final int ROUNDS = Integer.getInteger("dragonfly.busy.rounds", 2);
  private static final int BUSY = 2 * Runtime.getRuntime().availableProcessors();

  private static final int LENGTH = 12 << 20;

  /** A peer that hangs would need longer. */
  private static final Duration MOST = Duration.ofMinutes(10);

  @TempDir Path dir;
  private final List<byte[]> files = new ArrayList<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private HttpServer source;
  private CommandLab lab;

  static IntStream rounds() {
    return IntStream.rangeClosed(1, ROUNDS);
  }

  @BeforeEach
  void start() throws Exception {
    lab = new CommandLab(dir);
    source = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 100);
    source.setExecutor(threads);
    source.createContext("/", this::answer);
    source.start();
  }

  @AfterEach
  void stop() {
    lab.close();
    source.stop(0);
    threads.shutdownNow();
  }

  @ParameterizedTest
  @MethodSource("rounds")
  void thirtyTwoNewPeersGetAFile(int round) throws Exception {
    fetchOnAll(32, 1);
  }

  @ParameterizedTest
  @MethodSource("rounds")
  void twelveNewPeersGetAFileEach(int round) throws Exception {
    fetchOnAll(12, 12);
  }

  /** Peer {@code i} gets file {@code i} modulo {@code count}. */
  private void fetchOnAll(int peers, int count) throws Exception {
    for (int file = 0; file < count; file++) {
      byte[] bytes = new byte[LENGTH];
      new Random(file).nextBytes(bytes);
      files.add(bytes);
    }
    // Linux shares its processors among sessions. As a service, the supernode has one of its own.
    SupernodeProcess supernode = lab.supernode(ownSession(), "supernode", 0);
    for (int i = 0; i < BUSY; i++) {
      lab.startProgram(inOwnSession("sh", "-c", "while :; do :; done"));
    }
    List<Running> fetches = new ArrayList<>();
    for (int peer = 0; peer < peers; peer++) {
      fetches.add(dfget(supernode, peer, peer % count));
    }
    List<String> failed = new ArrayList<>();
    for (int peer = 0; peer < peers; peer++) {
      if (fetches.get(peer).exitCode(MOST) != 0) {
        failed.add("peer %d: %s".formatted(peer, fetches.get(peer).err()));
      } else {
        assertThat(output(peer)).hasBinaryContent(files.get(peer % count));
      }
    }
    assertThat(failed).isEmpty();
  }

  private Running dfget(SupernodeProcess supernode, int peer, int file) throws IOException {
    return lab.startProgram(
        inOwnSession(
            "env",
            "DRAGONFLY_JAVA_OPTS=-Xmx96m -XX:MaxDirectMemorySize=64m",
            CommandLab.program("dfget").toString(),
            "--node",
            supernode.address(),
            "--ip",
            "127.0.0." + (10 + peer),
            "--home",
            dir.resolve("home" + peer).toString(),
            "--url",
            "http://127.0.0.1:" + source.getAddress().getPort() + "/" + file,
            "--output",
            output(peer).toString()));
  }

  private Path output(int peer) {
    return dir.resolve("out" + peer);
  }

  private static List<String> ownSession() {
    return List.of(Installed.program("setsid").toString());
  }

  private static List<String> inOwnSession(String... program) {
    List<String> line = new ArrayList<>(ownSession());
    line.addAll(List.of(program));
    return line;
  }

  /** Answers with a file, or a range of it. */
  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      int file = Integer.parseInt(exchange.getRequestURI().getPath().substring(1));
      byte[] bytes = files.get(file);
      int start = 0;
      int end = bytes.length;
      String wanted = exchange.getRequestHeaders().getFirst("Range");
      Matcher range = Pattern.compile("bytes=(\\d+)-(\\d*)").matcher(wanted == null ? "" : wanted);
      if (range.matches()) {
        start = Integer.parseInt(range.group(1));
        end = range.group(2).isEmpty() ? end : Math.min(end, Integer.parseInt(range.group(2)) + 1);
        exchange
            .getResponseHeaders()
            .set("Content-Range", "bytes %d-%d/%d".formatted(start, end - 1, bytes.length));
      }
      exchange.getResponseHeaders().set("ETag", "\"" + file + "\"");
      exchange.sendResponseHeaders(range.matches() ? 206 : 200, end - start);
      exchange.getResponseBody().write(bytes, start, end - start);
    }
  }
}

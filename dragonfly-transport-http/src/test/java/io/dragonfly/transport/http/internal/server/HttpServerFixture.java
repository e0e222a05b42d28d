package io.dragonfly.transport.http.internal.server;

import io.dragonfly.control.AnnounceRequest;
import io.dragonfly.control.AnnounceResponse;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.control.LeaveResponse;
import io.dragonfly.control.PollRequest;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.spi.MonitorService;
import io.dragonfly.spi.Network;
import io.dragonfly.spi.ServeRequest;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.ControlExamples;
import io.dragonfly.testkit.FakePieces;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.transport.http.RawConnection;
import io.dragonfly.transport.http.internal.loop.EventLoops;
import io.dragonfly.transport.http.internal.wire.RequestsJson;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;

/** A server of some pieces and of a supernode whose calls all wait, and raw connections to it. */
@ExtendWith(LeakCheck.class)
abstract class HttpServerFixture {
  static final Duration SOON = Duration.ofSeconds(30);
  static final TaskId TASK = new TaskId("ab".repeat(32));
  static final int LENGTH = 1_000_000;
  static final int LARGE = 64 << 20;
  static final TaskId LARGE_TASK = new TaskId("cd".repeat(32));
  static final String SECRET = ControlExamples.caller().secret().reveal();

  final FakePieces pieces = new FakePieces();
  final byte[] content = new byte[LENGTH];
  final List<CompletableFuture<?>> calls = new ArrayList<>();
  private final List<RawConnection> opened = new ArrayList<>();
  private EventLoops loops;
  HttpServer server;

  abstract EventLoops loops();

  @BeforeEach
  void start() throws IOException {
    new Random(3).nextBytes(content);
    pieces.put(TASK, content);
    loops = loops();
    server = serve(ServerLimits.DEFAULT);
  }

  @AfterEach
  void stop() throws IOException {
    for (RawConnection connection : opened) {
      connection.close();
    }
    server.close();
    loops.close();
    pieces.close();
  }

  HttpServer serve(ServerLimits limits) throws IOException {
    return serve(limits, address -> true);
  }

  HttpServer serve(ServerLimits limits, Predicate<InetAddress> isKnown) throws IOException {
    InetSocketAddress bind = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    ServeRequest request =
        new ServeRequest(bind, pieces, from -> new Waiting()).withShare(limits.share(), isKnown);
    return HttpServer.start(loops, request, limits, Optional.empty());
  }

  /** A server behind proxies, whose supernode is told from where it is called. */
  HttpServer serve(List<Network> trustedProxies, Consumer<InetAddress> from) throws IOException {
    InetSocketAddress bind = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    ServeRequest request =
        new ServeRequest(
            bind,
            pieces,
            client -> {
              from.accept(client.address());
              return new Waiting();
            });
    return HttpServer.start(loops, request, ServerLimits.DEFAULT, Optional.empty(), trustedProxies);
  }

  HttpServer serve(MonitorService monitor) throws IOException {
    return serve(monitor, ServerLimits.DEFAULT);
  }

  HttpServer serve(MonitorService monitor, ServerLimits limits) throws IOException {
    InetSocketAddress bind = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    ServeRequest request = ServeRequest.piecesOnly(bind, pieces).withMonitor(monitor);
    return HttpServer.start(loops, request, limits, Optional.empty());
  }

  RawConnection connect() throws IOException {
    return connect(server);
  }

  RawConnection connect(HttpServer to) throws IOException {
    RawConnection connection = RawConnection.to(to.address());
    opened.add(connection);
    return connection;
  }

  RawConnection connect(HttpServer to, InetAddress from) throws IOException {
    RawConnection connection = RawConnection.to(to.address(), from);
    opened.add(connection);
    return connection;
  }

  static String get(TaskId task, String range, String... headers) {
    return "GET /api/v2/tasks/%s/data HTTP/1.1\nHost: h\nRange: %s\nDragonfly-Taker: %s\n%s\n"
        .formatted(task.hex(), range, "02".repeat(16), lines(headers));
  }

  static String post(String path, String body, String... headers) {
    return "POST %s HTTP/1.1\nHost: h\nContent-Length: %d\nDragonfly-Secret: %s\n%s\n%s"
        .formatted(path, body.length(), SECRET, lines(headers), body);
  }

  static String lines(String... headers) {
    return headers.length == 0 ? "" : String.join("\n", headers) + "\n";
  }

  static String offer() {
    return new String(
        RequestsJson.write(ControlExamples.offerRequests().get(1)), StandardCharsets.ISO_8859_1);
  }

  static String next() {
    return new String(
        RequestsJson.write(ControlExamples.nextRequests().get(1)), StandardCharsets.ISO_8859_1);
  }

  /** Offers are answered at once; the other calls wait for the test. */
  private final class Waiting implements SupernodeApi {
    @Override
    public CompletableFuture<RegisterResponse> register(RegisterRequest request) {
      return note(new CompletableFuture<>());
    }

    @Override
    public CompletableFuture<AnnounceResponse> announce(AnnounceRequest request) {
      return note(CompletableFuture.completedFuture(ControlExamples.offerAnswers().get(1)));
    }

    @Override
    public CompletableFuture<PollResponse> poll(PollRequest request) {
      return note(new CompletableFuture<>());
    }

    @Override
    public CompletableFuture<LeaveResponse> leave(LeaveRequest request) {
      throw new IllegalStateException("a defect with a secret in it");
    }

    private <A> CompletableFuture<A> note(CompletableFuture<A> call) {
      synchronized (calls) {
        calls.add(call);
      }
      return call;
    }
  }
}

package io.dragonfly.examples.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.control.AnnounceRequest;
import io.dragonfly.control.AnnounceResponse;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.control.LeaveResponse;
import io.dragonfly.control.PollRequest;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.spi.PieceRequest;
import io.dragonfly.spi.PieceSink;
import io.dragonfly.spi.ServeRequest;
import io.dragonfly.spi.Transport;
import io.dragonfly.testkit.FakeTransport;
import io.dragonfly.testkit.FreePorts;
import io.dragonfly.testkit.LeakCheck;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What the library says when no supernode can be reached, as a command says it to people. */
@ExtendWith(LeakCheck.class)
@Timeout(300)
class SupernodeMessagesTest {
  private static final String WAY_OUT = "or fetch with --pattern source, which needs none.";

  @TempDir private Path dir;

  private static InetSocketAddress nobody() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), FreePorts.next());
  }

  private String said(ClientConfig.Builder config, InetSocketAddress... supernodes) {
    ClientConfig built =
        config
            .home(dir.resolve("home"))
            .limitDir(dir)
            .reserveBytes(0)
            .supernodes(List.of(supernodes))
            .build();
    FetchRequest request =
        FetchRequest.builder("http://127.0.0.1:1/file")
            .supernodePatience(Duration.ofMillis(100))
            .build();
    try (DistributionClient client = new DistributionClient(built)) {
      ExecutionException failed =
          catchThrowableOfType(
              ExecutionException.class,
              () -> client.prefetch(request).completion().get(240, TimeUnit.SECONDS));
      return Failure.of(failed.getCause()).message();
    }
  }

  @Test
  void aRefusedConnectionNamesTheOption() {
    InetSocketAddress supernode = nobody();
    assertThat(said(ClientConfig.builder(), supernode))
        .startsWith("Supernode ")
        .contains(String.valueOf(supernode.getPort()), "nothing listens there")
        .endsWith(WAY_OUT);
  }

  @Test
  void severalThatCannotBeReachedNameTheOption() {
    try (FakeTransport transport = new FakeTransport()) {
      assertThat(said(ClientConfig.builder().transport(transport), nobody(), nobody()))
          .startsWith("None of the supernodes ")
          .endsWith(WAY_OUT);
    }
  }

  @Test
  void aCallThatFailsInAnyOtherWayNamesTheOption() {
    try (FailingTransport transport = new FailingTransport()) {
      assertThat(said(ClientConfig.builder().transport(transport), nobody()))
          .startsWith("Supernode ")
          .contains("the call failed: ")
          .endsWith(WAY_OUT);
    }
  }

  /** Each call to a supernode fails with an exception that no transport should have. */
  private static final class FailingTransport implements Transport {
    private final FakeTransport right = new FakeTransport();

    @Override
    public Server serve(ServeRequest request) throws IOException {
      return right.serve(request);
    }

    @Override
    public SupernodeApi connect(InetSocketAddress supernode, InetAddress local) {
      return new FailingApi();
    }

    @Override
    public Take take(PieceRequest request, PieceSink sink) {
      return right.take(request, sink);
    }

    @Override
    public void close() {
      right.close();
    }
  }

  private static final class FailingApi implements SupernodeApi {
    private static <T> CompletableFuture<T> failed() {
      return CompletableFuture.failedFuture(new IllegalStateException("a defect of a test"));
    }

    @Override
    public CompletableFuture<RegisterResponse> register(RegisterRequest request) {
      return failed();
    }

    @Override
    public CompletableFuture<AnnounceResponse> announce(AnnounceRequest request) {
      return failed();
    }

    @Override
    public CompletableFuture<PollResponse> poll(PollRequest request) {
      return failed();
    }

    @Override
    public CompletableFuture<LeaveResponse> leave(LeaveRequest request) {
      return failed();
    }
  }
}

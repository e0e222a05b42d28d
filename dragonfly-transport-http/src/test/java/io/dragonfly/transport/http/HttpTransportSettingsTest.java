package io.dragonfly.transport.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.spi.PieceService;
import io.dragonfly.spi.RateLimiter;
import io.dragonfly.spi.ServeRequest;
import io.dragonfly.spi.Transport;
import io.dragonfly.spi.TransportConfig;
import io.dragonfly.spi.TransportProvider;
import io.dragonfly.testkit.FakePieces;
import io.dragonfly.testkit.LeakCheck;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ServiceLoader;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(LeakCheck.class)
class HttpTransportSettingsTest {
  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  @Test
  void isFoundByItsName() {
    TransportProvider provider =
        ServiceLoader.load(TransportProvider.class).stream()
            .map(ServiceLoader.Provider::get)
            .filter(each -> each.name().equals("http"))
            .findFirst()
            .orElseThrow();
    try (Transport transport = provider.create(TransportConfig.builder().build())) {
      assertThat(transport).isInstanceOf(HttpTransport.class);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"AUTO", "NIO"})
  void servesWithEachEventLoopThatWorksEverywhere(HttpTransport.EventLoop kind) throws IOException {
    try (FakePieces pieces = new FakePieces();
        Transport transport = HttpTransport.builder().eventLoop(kind).threads(1).build()) {
      assertThat(transport.serve(ServeRequest.piecesOnly(ANY_PORT, pieces)).address().getPort())
          .isPositive();
    }
  }

  @Test
  void needsAThread() {
    HttpTransport.Builder none = HttpTransport.builder().threads(0);
    assertThatThrownBy(none::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("threads is 0, must be > 0");
  }

  @Test
  void anAddressInUseIsNamed() throws IOException {
    try (FakePieces pieces = new FakePieces();
        Transport transport = HttpTransport.builder().build()) {
      InetSocketAddress used = transport.serve(ServeRequest.piecesOnly(ANY_PORT, pieces)).address();
      assertThatThrownBy(() -> transport.serve(ServeRequest.piecesOnly(used, pieces)))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("127.0.0.1:" + used.getPort());
    }
  }

  @Test
  void aTransportMayBeClosedOnItsOwnThread() throws Exception {
    Transport transport = HttpTransport.builder().build();
    CompletableFuture<Void> closed = new CompletableFuture<>();
    PieceService closing =
        new PieceService() {
          @Override
          public CompletableFuture<Given> give(Ask ask) {
            transport.close();
            closed.complete(null);
            return new CompletableFuture<>();
          }

          @Override
          public RateLimiter uploads() {
            throw new IllegalStateException("nothing is given");
          }
        };
    InetSocketAddress address =
        transport.serve(ServeRequest.piecesOnly(ANY_PORT, closing)).address();
    try (RawConnection connection = RawConnection.to(address)) {
      connection.send(
          "GET /api/v2/tasks/%s/data HTTP/1.1\nHost: h\nRange: bytes=0-1\nDragonfly-Taker: %s\n\n"
              .formatted("ab".repeat(32), "02".repeat(16)));
      assertThat(connection.awaitClose()).isLessThanOrEqualTo(0);
    }
    assertThat(closed).succeedsWithin(Duration.ofSeconds(30));
  }
}

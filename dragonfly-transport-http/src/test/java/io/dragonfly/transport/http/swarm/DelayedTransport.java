package io.dragonfly.transport.http.swarm;

import io.dragonfly.control.LeaveAnswer;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.control.NextAnswer;
import io.dragonfly.control.NextRequest;
import io.dragonfly.control.OfferAnswer;
import io.dragonfly.control.OfferRequest;
import io.dragonfly.control.RegisterAnswer;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.spi.PieceSink;
import io.dragonfly.spi.ServeRequest;
import io.dragonfly.spi.TakeRequest;
import io.dragonfly.spi.Transport;
import io.dragonfly.transport.http.HttpTransport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A transport over which each answer of a supernode arrives late. */
final class DelayedTransport implements Transport {
  private final Transport transport = HttpTransport.builder().threads(1).build();
  private final Duration delay;

  DelayedTransport(Duration delay) {
    this.delay = delay;
  }

  @Override
  public Server serve(ServeRequest request) throws IOException {
    return transport.serve(request);
  }

  @Override
  public Take take(TakeRequest request, PieceSink sink) {
    return transport.take(request, sink);
  }

  @Override
  public SupernodeApi connect(InetSocketAddress supernode, InetAddress local) {
    SupernodeApi api = transport.connect(supernode, local);
    return new SupernodeApi() {
      @Override
      public CompletableFuture<String> identity() {
        return api.identity();
      }

      @Override
      public CompletableFuture<RegisterAnswer> register(RegisterRequest request) {
        return later(api.register(request));
      }

      @Override
      public CompletableFuture<OfferAnswer> offer(OfferRequest request) {
        return later(api.offer(request));
      }

      @Override
      public CompletableFuture<NextAnswer> next(NextRequest request) {
        return later(api.next(request));
      }

      @Override
      public CompletableFuture<LeaveAnswer> leave(LeaveRequest request) {
        return later(api.leave(request));
      }
    };
  }

  private <T> CompletableFuture<T> later(CompletableFuture<T> answer) {
    return answer.thenApplyAsync(
        value -> value, CompletableFuture.delayedExecutor(delay.toMillis(), TimeUnit.MILLISECONDS));
  }

  @Override
  public void close() {
    transport.close();
  }
}

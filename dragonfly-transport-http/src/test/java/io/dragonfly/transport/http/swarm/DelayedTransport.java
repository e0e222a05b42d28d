package io.dragonfly.transport.http.swarm;

import io.dragonfly.control.AnnounceRequest;
import io.dragonfly.control.AnnounceResponse;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.control.LeaveResponse;
import io.dragonfly.control.PollRequest;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.spi.PieceRequest;
import io.dragonfly.spi.PieceSink;
import io.dragonfly.spi.ServeRequest;
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
  public Take take(PieceRequest request, PieceSink sink) {
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
      public CompletableFuture<RegisterResponse> register(RegisterRequest request) {
        return later(api.register(request));
      }

      @Override
      public CompletableFuture<AnnounceResponse> announce(AnnounceRequest request) {
        return later(api.announce(request));
      }

      @Override
      public CompletableFuture<PollResponse> poll(PollRequest request) {
        return later(api.poll(request));
      }

      @Override
      public CompletableFuture<LeaveResponse> leave(LeaveRequest request) {
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

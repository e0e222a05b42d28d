package io.dragonfly.contract;

import io.dragonfly.control.AnnounceRequest;
import io.dragonfly.control.AnnounceResponse;
import io.dragonfly.control.JoinRequest;
import io.dragonfly.control.JoinResponse;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.control.LeaveResponse;
import io.dragonfly.control.PollRequest;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.rate.Rate;
import io.dragonfly.spi.CallOrigin;
import io.dragonfly.spi.PieceDownloadException;
import io.dragonfly.spi.PieceRequest;
import io.dragonfly.spi.PieceService;
import io.dragonfly.spi.PieceSink;
import io.dragonfly.spi.RateLimiter;
import io.dragonfly.spi.ServeRequest;
import io.dragonfly.spi.Transport;
import io.dragonfly.testkit.FakeTransport;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** A {@link FakeTransport} with a {@link Defect}. */
final class BrokenTransport implements Transport {
  private final FakeTransport right;
  private final Defect defect;

  BrokenTransport(FakeTransport right, Defect defect) {
    this.right = right;
    this.defect = defect;
  }

  @Override
  public Server serve(ServeRequest request) throws IOException {
    PieceService pieces = new Pieces(request.pieces(), defect);
    Server server;
    try {
      server = right.serve(changed(request.bind(), pieces, request.control()));
    } catch (BindException e) {
      if (!defect.bindsElsewhere()) {
        throw e;
      }
      InetSocketAddress elsewhere = new InetSocketAddress(request.bind().getAddress(), 0);
      server = right.serve(changed(elsewhere, pieces, request.control()));
    }
    return new BrokenServer(server, defect);
  }

  private ServeRequest changed(
      InetSocketAddress bind,
      PieceService pieces,
      Optional<Function<CallOrigin, SupernodeApi>> control) {
    return control.isEmpty()
        ? ServeRequest.piecesOnly(bind, pieces)
        : new ServeRequest(
            bind,
            pieces,
            from -> control.get().apply(CallOrigin.plain(defect.from(from.address()))));
  }

  @Override
  public SupernodeApi connect(InetSocketAddress supernode, InetAddress local) {
    return new Api(right.connect(supernode, local), defect);
  }

  @Override
  public Take take(PieceRequest request, PieceSink sink) {
    Take take = defect.take(right, defect.request(request), new Sink(sink, defect));
    return new BrokenTake(take, defect);
  }

  @Override
  public void close() {
    defect.close(right);
  }

  private record BrokenServer(Server right, Defect defect) implements Server {
    @Override
    public InetSocketAddress address() {
      return right.address();
    }

    @Override
    public void close() {
      defect.close(right);
    }
  }

  private record BrokenTake(Take right, Defect defect) implements Take {
    @Override
    public void pause() {
      defect.pause(right);
    }

    @Override
    public void resume() {
      defect.resume(right);
    }

    @Override
    public void cancel() {
      defect.cancel(right);
    }
  }

  private record Sink(PieceSink right, Defect defect) implements PieceSink {
    @Override
    public void received(ByteBuffer data) {
      defect.received(right, data);
    }

    @Override
    public void completed() {
      right.completed();
    }

    @Override
    public void failed(PieceDownloadException failure) {
      defect.failed(right, failure);
    }
  }

  private record Pieces(PieceService right, Defect defect) implements PieceService {
    @Override
    public CompletableFuture<Given> give(Ask ask) {
      return defect.give(right, ask);
    }

    @Override
    public RateLimiter uploads() {
      return new RateLimiter() {
        @Override
        public long take(long bytes) {
          return defect.limit(right.uploads().take(bytes));
        }

        @Override
        public void setRate(Optional<Rate> rate) {
          right.uploads().setRate(rate);
        }
      };
    }
  }

  private record Api(SupernodeApi right, Defect defect) implements SupernodeApi {
    @Override
    public CompletableFuture<String> identity() {
      return right.identity();
    }

    @Override
    public CompletableFuture<JoinResponse> join(JoinRequest request) {
      return defect.called(() -> right.join(request));
    }

    @Override
    public CompletableFuture<RegisterResponse> register(RegisterRequest request) {
      return defect.called(() -> defect.register(right, request));
    }

    @Override
    public CompletableFuture<AnnounceResponse> announce(AnnounceRequest request) {
      return defect.called(() -> defect.announce(right, request));
    }

    @Override
    public CompletableFuture<PollResponse> poll(PollRequest request) {
      return defect.called(() -> defect.poll(right, request));
    }

    @Override
    public CompletableFuture<LeaveResponse> leave(LeaveRequest request) {
      return defect.called(() -> defect.leave(right, request));
    }
  }
}

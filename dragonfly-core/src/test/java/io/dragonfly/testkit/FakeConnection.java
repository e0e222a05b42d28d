package io.dragonfly.testkit;

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
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** The client side of a supernode that is served by a {@link FakeTransport}. */
final class FakeConnection implements SupernodeApi {
  private final FakeTransport transport;
  private final InetSocketAddress supernode;
  private final InetAddress local;

  FakeConnection(FakeTransport transport, InetSocketAddress supernode, InetAddress local) {
    this.transport = transport;
    this.supernode = supernode;
    this.local = local;
  }

  /** Its address stands for its certificate. */
  @Override
  public CompletableFuture<String> identity() {
    return CompletableFuture.completedFuture("fake " + supernode);
  }

  @Override
  public CompletableFuture<JoinResponse> join(JoinRequest request) {
    return call(api -> api.join(request));
  }

  @Override
  public CompletableFuture<RegisterResponse> register(RegisterRequest request) {
    return call(api -> api.register(request));
  }

  @Override
  public CompletableFuture<AnnounceResponse> announce(AnnounceRequest request) {
    return call(api -> api.announce(request));
  }

  @Override
  public CompletableFuture<PollResponse> poll(PollRequest request) {
    return call(api -> api.poll(request));
  }

  @Override
  public CompletableFuture<LeaveResponse> leave(LeaveRequest request) {
    return call(api -> api.leave(request));
  }

  private <A> CompletableFuture<A> call(Function<SupernodeApi, CompletableFuture<A>> probe) {
    return new FakeSupernodeCall<>(transport, supernode, local, probe).start();
  }
}

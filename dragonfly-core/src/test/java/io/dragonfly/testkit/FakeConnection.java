package io.dragonfly.testkit;

import io.dragonfly.control.JoinAnswer;
import io.dragonfly.control.JoinRequest;
import io.dragonfly.control.LeaveAnswer;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.control.NextAnswer;
import io.dragonfly.control.NextRequest;
import io.dragonfly.control.OfferAnswer;
import io.dragonfly.control.OfferRequest;
import io.dragonfly.control.RegisterAnswer;
import io.dragonfly.control.RegisterRequest;
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
  public CompletableFuture<JoinAnswer> join(JoinRequest request) {
    return call(api -> api.join(request));
  }

  @Override
  public CompletableFuture<RegisterAnswer> register(RegisterRequest request) {
    return call(api -> api.register(request));
  }

  @Override
  public CompletableFuture<OfferAnswer> offer(OfferRequest request) {
    return call(api -> api.offer(request));
  }

  @Override
  public CompletableFuture<NextAnswer> next(NextRequest request) {
    return call(api -> api.next(request));
  }

  @Override
  public CompletableFuture<LeaveAnswer> leave(LeaveRequest request) {
    return call(api -> api.leave(request));
  }

  private <A> CompletableFuture<A> call(Function<SupernodeApi, CompletableFuture<A>> question) {
    return new FakeSupernodeCall<>(transport, supernode, local, question).start();
  }
}

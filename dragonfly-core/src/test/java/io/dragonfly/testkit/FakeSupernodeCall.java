package io.dragonfly.testkit;

import io.dragonfly.control.SupernodeApi;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.spi.CallOrigin;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One control call through a {@link FakeTransport}. Asked and answered on the caller's loop. */
final class FakeSupernodeCall<A> {
  private final FakeTransport transport;
  private final InetSocketAddress supernode;
  private final InetAddress local;
  private final Function<SupernodeApi, CompletableFuture<A>> probe;
  private final CompletableFuture<A> answer = new CompletableFuture<>();
  private final Runnable onBreak = () -> breakOff("it closed the connection");

  FakeSupernodeCall(
      FakeTransport transport,
      InetSocketAddress supernode,
      InetAddress local,
      Function<SupernodeApi, CompletableFuture<A>> probe) {
    this.transport = transport;
    this.supernode = supernode;
    this.local = local;
    this.probe = probe;
  }

  CompletableFuture<A> start() {
    if (transport.started(this)) {
      answer.whenComplete((a, failure) -> transport.ended(this));
      transport.execute(this::ask);
    } else {
      answer.completeExceptionally(unreachable("this transport is closed"));
    }
    return answer;
  }

  private void ask() {
    Optional<FakeServer> found = transport.network().serverAt(supernode);
    if (answer.isDone()) {
      return;
    }
    if (found.isEmpty() || !found.get().connect(onBreak)) {
      answer.completeExceptionally(unreachable("nothing listens there"));
      return;
    }
    FakeServer server = found.get();
    CompletableFuture<A> asked = askOf(server);
    answer.whenComplete(
        (a, failure) -> {
          server.disconnect(onBreak);
          asked.cancel(false);
        });
    asked.whenComplete((got, failure) -> transport.execute(() -> finish(got, failure)));
  }

  private CompletableFuture<A> askOf(FakeServer server) {
    Function<CallOrigin, SupernodeApi> control = server.request().control().orElse(null);
    if (control == null) {
      return CompletableFuture.failedFuture(
          new CallRefusedException(supernode + " is no supernode: check the address"));
    }
    try {
      return probe.apply(control.apply(CallOrigin.plain(FakeNetwork.seenFrom(local))));
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private void finish(@Nullable A got, @Nullable Throwable failure) {
    Throwable cause = failure instanceof CompletionException e ? e.getCause() : failure;
    if (got != null) {
      answer.complete(got);
    } else if (cause instanceof DistributionException typed) {
      answer.completeExceptionally(typed);
    } else {
      answer.completeExceptionally(unreachable("it failed: " + cause));
    }
  }

  void breakOff(String why) {
    transport.execute(() -> answer.completeExceptionally(unreachable(why)));
  }

  private SupernodeUnreachableException unreachable(String why) {
    return new SupernodeUnreachableException(
        "supernode %s cannot be reached: %s".formatted(supernode, why));
  }
}

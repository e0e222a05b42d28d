package io.dragonfly.internal.supernode;

import io.dragonfly.control.LeaveAnswer;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.control.NextAnswer;
import io.dragonfly.control.NextRequest;
import io.dragonfly.control.OfferAnswer;
import io.dragonfly.control.OfferRequest;
import io.dragonfly.control.RegisterAnswer;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.error.SupernodeUnreachableException;
import java.util.concurrent.CompletableFuture;

/** A supernode that does not answer yet. */
public final class Starting implements SupernodeApi {
  private static <T> CompletableFuture<T> notYet() {
    return CompletableFuture.failedFuture(
        new SupernodeUnreachableException("The supernode does not answer yet. Try again."));
  }

  @Override
  public CompletableFuture<RegisterAnswer> register(RegisterRequest request) {
    return notYet();
  }

  @Override
  public CompletableFuture<OfferAnswer> offer(OfferRequest request) {
    return notYet();
  }

  @Override
  public CompletableFuture<NextAnswer> next(NextRequest request) {
    return notYet();
  }

  @Override
  public CompletableFuture<LeaveAnswer> leave(LeaveRequest request) {
    return notYet();
  }
}

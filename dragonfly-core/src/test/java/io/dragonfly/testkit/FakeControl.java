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
import io.dragonfly.spi.CallOrigin;
import java.net.InetAddress;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Function;

/**
 * A supernode that answers nothing by itself: each call is put in line with the address it came
 * from, and the test completes it. Safe for concurrent use.
 */
final class FakeControl implements Function<CallOrigin, SupernodeApi> {
  private final BlockingQueue<Call> calls = new LinkedBlockingQueue<>();

  /**
   * A call that waits for its answer.
   *
   * @param from the address that it came from
   * @param request the message
   * @param answer completes it
   */
  record Call(InetAddress from, Object request, CompletableFuture<Object> answer) {}

  /** Returns the calls that came and were not taken from this line yet. */
  BlockingQueue<Call> calls() {
    return calls;
  }

  @Override
  public SupernodeApi apply(CallOrigin origin) {
    InetAddress from = origin.address();
    return new SupernodeApi() {
      @Override
      public CompletableFuture<JoinAnswer> join(JoinRequest request) {
        return note(from, request);
      }

      @Override
      public CompletableFuture<RegisterAnswer> register(RegisterRequest request) {
        return note(from, request);
      }

      @Override
      public CompletableFuture<OfferAnswer> offer(OfferRequest request) {
        return note(from, request);
      }

      @Override
      public CompletableFuture<NextAnswer> next(NextRequest request) {
        return note(from, request);
      }

      @Override
      public CompletableFuture<LeaveAnswer> leave(LeaveRequest request) {
        return note(from, request);
      }
    };
  }

  @SuppressWarnings("unchecked") // the test answers with what goes with the request
  private <A> CompletableFuture<A> note(InetAddress from, Object request) {
    CompletableFuture<Object> answer = new CompletableFuture<>();
    calls.add(new Call(from, request, answer));
    return (CompletableFuture<A>) answer;
  }
}

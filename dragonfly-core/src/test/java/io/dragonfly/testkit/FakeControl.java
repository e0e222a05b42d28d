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
      public CompletableFuture<JoinResponse> join(JoinRequest request) {
        return note(from, request);
      }

      @Override
      public CompletableFuture<RegisterResponse> register(RegisterRequest request) {
        return note(from, request);
      }

      @Override
      public CompletableFuture<AnnounceResponse> announce(AnnounceRequest request) {
        return note(from, request);
      }

      @Override
      public CompletableFuture<PollResponse> poll(PollRequest request) {
        return note(from, request);
      }

      @Override
      public CompletableFuture<LeaveResponse> leave(LeaveRequest request) {
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

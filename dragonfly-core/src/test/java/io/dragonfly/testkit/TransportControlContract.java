package io.dragonfly.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dragonfly.control.AnnounceRequest;
import io.dragonfly.control.AnnounceResponse;
import io.dragonfly.control.JoinProof;
import io.dragonfly.control.JoinResponse;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.control.LeaveResponse;
import io.dragonfly.control.PollRequest;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.control.TaskUpdate;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.spi.ServeRequest;
import io.dragonfly.spi.Transport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

/** The part of {@link TransportContract} that is about calls to a supernode. */
public abstract class TransportControlContract extends TransportFixture {
  private static final PollRequest POLL = ControlExamples.nextRequests().get(0);
  private static final PollResponse POLLED = ControlExamples.nextAnswers().get(0);

  @Test
  void carriesRegistrations() throws Exception {
    for (RegisterRequest request : ControlExamples.registerRequests()) {
      for (RegisterResponse answer : ControlExamples.registerAnswers()) {
        CompletableFuture<RegisterResponse> call = supernode().register(request);
        assertSame(answered(answer).request(), request);
        assertSame(get(call), answer);
      }
    }
  }

  @Test
  void carriesProofsOfAJoinToken() throws Exception {
    SupernodeApi supernode = supernode();
    CompletableFuture<JoinResponse> joining = supernode.join(ControlExamples.joinRequest());
    assertThat(answered(ControlExamples.joinAnswer()).request())
        .isEqualTo(ControlExamples.joinRequest());
    JoinResponse joined = get(joining);
    assertThat(joined.over("")).isEqualTo(ControlExamples.joinAnswer());

    AnnounceRequest request = ControlExamples.offerRequests().get(0);
    JoinProof proof = ControlExamples.proof(joined.certificate());
    CompletableFuture<AnnounceResponse> call =
        supernode.announce(request.by(request.caller().with(proof)));
    AnnounceRequest arrived =
        (AnnounceRequest) answered(ControlExamples.offerAnswers().get(0)).request();
    get(call);
    assertThat(arrived.caller().proof().orElseThrow().mac()).isEqualTo(proof.mac());
    assertThat(arrived.caller().proof().orElseThrow().peerNonce()).isEqualTo(proof.peerNonce());
    assertThat(arrived.caller().proof().orElseThrow().supernodeNonce())
        .isEqualTo(proof.supernodeNonce());
  }

  @Test
  void carriesOffers() throws Exception {
    for (int i = 0; i < 2; i++) {
      AnnounceRequest request = ControlExamples.offerRequests().get(i);
      AnnounceResponse answer = ControlExamples.offerAnswers().get(i);
      CompletableFuture<AnnounceResponse> call = supernode().announce(request);
      assertSame(answered(answer).request(), request);
      assertSame(get(call), answer);
    }
  }

  @Test
  void carriesReportsAndAssignments() throws Exception {
    for (int i = 0; i < 2; i++) {
      PollRequest request = ControlExamples.nextRequests().get(i);
      PollResponse answer = ControlExamples.nextAnswers().get(i);
      CompletableFuture<PollResponse> call = supernode().poll(request);
      assertSame(answered(answer).request(), request);
      assertSame(get(call), answer);
    }
  }

  @Test
  void carriesLeaves() throws Exception {
    for (LeaveRequest request : ControlExamples.leaveRequests()) {
      CompletableFuture<LeaveResponse> call = supernode().leave(request);
      assertSame(answered(new LeaveResponse()).request(), request);
      assertThat(get(call)).isEqualTo(new LeaveResponse());
    }
  }

  @Test
  void carriesEachFailureWithItsDetails() throws Exception {
    for (DistributionException failure : ControlExamples.failures()) {
      CompletableFuture<?> call = supernode().register(ControlExamples.registerRequests().get(1));
      nextCall().answer().completeExceptionally(failure);
      assertThat(ControlExamples.describe(failureOf(call)))
          .isEqualTo(ControlExamples.describe(failure));
    }
  }

  @Test
  void carriesTheFailureOfATask() throws Exception {
    List<TaskUpdate> ended = new ArrayList<>();
    for (DistributionException failure : ControlExamples.failures()) {
      ended.add(TaskUpdate.failed(ControlExamples.TASK, failure));
    }
    PollResponse answer = new PollResponse(1, ended, POLLED.terms());

    CompletableFuture<PollResponse> call = supernode().poll(POLL);
    nextCall().answer().complete(answer);

    assertSame(get(call), answer);
  }

  @Test
  void tellsTheSupernodeWhereACallComesFrom() throws Exception {
    for (InetAddress local : ownAddresses()) {
      CompletableFuture<PollResponse> call = taking.connect(server.address(), local).poll(POLL);
      FakeControl.Call arrived = answered(POLLED);
      assertThat(arrived.from()).isEqualTo(local);
      get(call);
    }
  }

  @Test
  void aLongPollWaitsWhileOtherCallsPass() throws Exception {
    CompletableFuture<PollResponse> waiting = supernode().poll(POLL);
    FakeControl.Call parked = nextCall();
    for (int i = 0; i < 20; i++) {
      CompletableFuture<AnnounceResponse> offer =
          supernode().announce(ControlExamples.offerRequests().get(0));
      answered(ControlExamples.offerAnswers().get(0));
      get(offer);
    }
    assertThat(waiting).isNotDone();

    parked.answer().complete(POLLED);

    assertSame(get(waiting), POLLED);
  }

  @Test
  void aCancelledCallIsCancelledAtTheSupernode() throws Exception {
    CompletableFuture<PollResponse> call = supernode().poll(POLL);
    FakeControl.Call arrived = nextCall();

    call.cancel(false);

    await().atMost(limit()).until(() -> arrived.answer().isCancelled());
  }

  @Test
  void anUnreachableSupernodeIsNamed() throws Exception {
    InetSocketAddress gone = server.address();
    SupernodeApi api = supernode();
    server.close();

    Throwable failure = failureOf(api.poll(POLL));

    assertThat(failure).isInstanceOf(SupernodeUnreachableException.class);
    assertThat(failure).hasMessageContaining(Integer.toString(gone.getPort()));
    assertThat(failure.getMessage().lines()).hasSize(1);
  }

  @Test
  void whoIsNoSupernodeRefusesCalls() throws Exception {
    Transport.Server peer = serve(pieces);
    SupernodeApi api = taking.connect(peer.address(), LOOPBACK);
    // A peer need not speak the protocol of a supernode at all.
    assertThat(failureOf(api.poll(POLL)))
        .isInstanceOfAny(CallRefusedException.class, SupernodeUnreachableException.class);
  }

  @Test
  void aBrokenSupernodeCountsAsUnreachable() throws Exception {
    CompletableFuture<PollResponse> call = supernode().poll(POLL);
    nextCall().answer().completeExceptionally(new IllegalStateException("a defect"));
    assertThat(failureOf(call)).isInstanceOf(SupernodeUnreachableException.class);
    Transport.Server broken =
        serving.serve(
            new ServeRequest(
                anyPort(),
                pieces,
                from -> {
                  throw new IllegalStateException("a defect");
                }));
    assertThat(failureOf(taking.connect(broken.address(), LOOPBACK).poll(POLL)))
        .isInstanceOf(SupernodeUnreachableException.class);
  }

  @Test
  void aClosedServerEndsTheCallsThatWait() throws Exception {
    CompletableFuture<PollResponse> call = supernode().poll(POLL);
    FakeControl.Call arrived = nextCall();

    server.close();

    assertThat(failureOf(call)).isInstanceOf(SupernodeUnreachableException.class);
    await().atMost(limit()).until(() -> arrived.answer().isDone());
  }

  @Test
  void aClosedTransportEndsItsCalls() throws Exception {
    SupernodeApi api = supernode();
    CompletableFuture<PollResponse> call = api.poll(POLL);
    FakeControl.Call arrived = nextCall();

    taking.close();

    assertThat(failureOf(call)).isInstanceOf(SupernodeUnreachableException.class);
    assertThat(failureOf(api.poll(POLL))).isInstanceOf(SupernodeUnreachableException.class);
    await().atMost(limit()).until(() -> arrived.answer().isDone());
  }

  private FakeControl.Call answered(Object answer) throws InterruptedException {
    FakeControl.Call call = nextCall();
    call.answer().complete(answer);
    return call;
  }

  private <A> A get(CompletableFuture<A> call)
      throws InterruptedException, ExecutionException, TimeoutException {
    return call.get(limit().toMillis(), TimeUnit.MILLISECONDS);
  }

  private Throwable failureOf(CompletableFuture<?> call)
      throws InterruptedException, TimeoutException {
    try {
      throw new AssertionError("the call got an answer: " + get(call));
    } catch (ExecutionException e) {
      return e.getCause();
    }
  }

  private static void assertSame(Object actual, Object expected) {
    assertThat(actual)
        .usingRecursiveComparison()
        .withEqualsForType(
            (a, b) -> ControlExamples.describe(a).equals(ControlExamples.describe(b)),
            DistributionException.class)
        .isEqualTo(expected);
  }

  /** The loopback address, and another one where the system has it. */
  private static List<InetAddress> ownAddresses() throws IOException {
    InetAddress other = InetAddress.getByAddress(new byte[] {127, 0, 0, 2});
    try (ServerSocket probe = new ServerSocket(0, 1, other)) {
      assertThat(probe.isBound()).isTrue();
      return List.of(LOOPBACK, other);
    } catch (IOException e) {
      return List.of(LOOPBACK);
    }
  }
}

package io.dragonfly.internal.transfer.swarm;

import io.dragonfly.control.Caller;
import io.dragonfly.control.JoinAnswer;
import io.dragonfly.control.JoinProof;
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
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.error.DistributionException.Retry;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.internal.access.JoinToken;
import io.dragonfly.internal.loop.Continuations;
import io.dragonfly.internal.loop.EventLoop;
import io.dragonfly.internal.loop.Timers;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A supernode of a fleet with a join token. It is told nothing, not even who calls, before it has
 * proved that it has the token; each call then carries the peer's own proof. The supernode's proof
 * ends after a while, or with its certificate: then this joins again by itself and repeats the call
 * once. Confined to the loop.
 */
public final class JoinedSupernode implements SupernodeApi {
  private static final Logger LOG = LoggerFactory.getLogger(JoinedSupernode.class);
  private static final Duration JOIN_LIMIT = Duration.ofSeconds(8);

  private final String name;
  private final JoinToken token;
  private final SupernodeApi supernode;
  private final EventLoop loop;
  private final SecureRandom random = new SecureRandom();

  /** The supernode's proof, or the call for it that is under way. */
  private @Nullable CompletableFuture<Joined> joined;

  /** What a supernode has proved, and what peers' proofs are made from. */
  private record Joined(JoinRequest request, JoinAnswer answer) {}

  /**
   * A supernode that has proved nothing yet.
   *
   * @param name what users call it
   * @param supernode its calls
   */
  public JoinedSupernode(String name, JoinToken token, SupernodeApi supernode, EventLoop loop) {
    this.name = name;
    this.token = token;
    this.supernode = supernode;
    this.loop = loop;
  }

  @Override
  public CompletableFuture<RegisterAnswer> register(RegisterRequest request) {
    return call(request.caller(), proof -> supernode.register(request.with(proof)));
  }

  @Override
  public CompletableFuture<OfferAnswer> offer(OfferRequest request) {
    return call(request.caller(), proof -> supernode.offer(request.with(proof)));
  }

  @Override
  public CompletableFuture<NextAnswer> next(NextRequest request) {
    return call(request.caller(), proof -> supernode.next(request.with(proof)));
  }

  @Override
  public CompletableFuture<LeaveAnswer> leave(LeaveRequest request) {
    return call(request.caller(), proof -> supernode.leave(request.with(proof)));
  }

  private <A> CompletableFuture<A> call(
      Caller caller, Function<JoinProof, CompletableFuture<A>> asked) {
    Attempt<A> attempt = new Attempt<>(caller, asked);
    attempt.begin();
    return attempt.result;
  }

  /** One call. Whoever cancels its result drops it; the proof is of use to others. */
  private final class Attempt<A> {
    private final Caller caller;
    private final Function<JoinProof, CompletableFuture<A>> asked;
    private final CompletableFuture<A> result = new CompletableFuture<>();
    private boolean isSecond;

    Attempt(Caller caller, Function<JoinProof, CompletableFuture<A>> asked) {
      this.caller = caller;
      this.asked = asked;
    }

    void begin() {
      loop.when(joined(), this::ask, result::completeExceptionally);
    }

    private void ask(Joined now) {
      if (result.isDone()) {
        return;
      }
      CompletableFuture<A> call;
      try {
        call = asked.apply(token.prove(caller.id(), now.request(), now.answer()));
      } catch (RuntimeException e) {
        result.completeExceptionally(e);
        return;
      }
      Continuations.whenDone(result, (answer, failure) -> call.cancel(true));
      loop.when(call, result::complete, failure -> failed(now, failure));
    }

    private void failed(Joined before, Throwable failure) {
      if (!isSecond && failure instanceof CallRefusedException refused && refused.joinsAgain()) {
        isSecond = true;
        LOG.debug("Supernode {} is joined again: {}", name, refused.getMessage());
        forget(before);
        begin();
      } else {
        result.completeExceptionally(failure);
      }
    }
  }

  /** Another call may have joined again already. */
  private void forget(Joined before) {
    if (joined != null && before.equals(joined.getNow(null))) {
      joined = null;
    }
  }

  private CompletableFuture<Joined> joined() {
    CompletableFuture<Joined> known = joined;
    if (known != null && !known.isCompletedExceptionally()) {
      return known;
    }
    CompletableFuture<Joined> future = new CompletableFuture<>();
    joined = future;
    JoinRequest request = JoinToken.request(random);
    CompletableFuture<JoinAnswer> call = supernode.join(request);
    Timers.Timer timer =
        loop.timeout(
            JOIN_LIMIT,
            () ->
                future.completeExceptionally(
                    new SupernodeUnreachableException(
                        "Supernode %s cannot be reached: no answer came within %d s. Check its address and that it runs."
                            .formatted(name, JOIN_LIMIT.toSeconds()))));
    loop.when(
        call,
        answer -> {
          if (token.isProvenBy(answer, request)) {
            future.complete(new Joined(request, answer));
          } else {
            future.completeExceptionally(
                untrusted(
                    "its proof is not of this token: one of the two has another, or somebody has"
                        + " put himself in between",
                    null));
          }
        },
        failure ->
            future.completeExceptionally(
                failure instanceof CallRefusedException
                    ? untrusted(String.valueOf(failure.getMessage()), failure)
                    : failure));
    Continuations.whenDone(
        future,
        (done, failure) -> {
          timer.cancel();
          call.cancel(true);
        });
    return future;
  }

  private SupernodeUnreachableException untrusted(String why, @Nullable Throwable cause) {
    return new SupernodeUnreachableException(
        "Supernode %s is not trusted, since it does not prove the join token: %s. Compare the files that --join-token-file (joinTokenFile) names on both sides."
            .formatted(name, why),
        cause,
        Retry.AFTER_A_CHANGE);
  }
}

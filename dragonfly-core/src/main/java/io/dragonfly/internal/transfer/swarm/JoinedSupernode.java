package io.dragonfly.internal.transfer.swarm;

import io.dragonfly.control.AnnounceRequest;
import io.dragonfly.control.AnnounceResponse;
import io.dragonfly.control.Caller;
import io.dragonfly.control.JoinRequest;
import io.dragonfly.control.JoinResponse;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.control.LeaveResponse;
import io.dragonfly.control.PollRequest;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.error.DistributionException.Retry;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.internal.access.JoinToken;
import io.dragonfly.internal.loop.Continuations;
import io.dragonfly.internal.loop.EventLoop;
import io.dragonfly.internal.loop.Timers;
import io.dragonfly.peer.PeerSecret;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A supernode that is told nothing, not even who calls, before it is known which one it is. Then
 * each call carries the secret that is for this supernode, and no other. In a fleet with a join
 * token the supernode must also prove first that it has the token, and each call carries the peer's
 * own proof. What is known ends with the supernode's certificate, a proof also after a while: then
 * this finds out again by itself and repeats the call once. Confined to the loop.
 */
public final class JoinedSupernode implements SupernodeApi {
  private static final Logger LOG = LoggerFactory.getLogger(JoinedSupernode.class);

  /**
   * As long as the longest call. Calls have their own limits. The first handshake takes a new peer
   * on a busy machine more than 10 s, and one that was given up would have to begin again.
   */
  private static final Duration JOIN_LIMIT = SupernodeCalls.REGISTER_LIMIT;

  private final String name;
  private final Optional<JoinToken> token;
  private final SupernodeApi supernode;
  private final EventLoop loop;
  private final SecureRandom random = new SecureRandom();
  private final List<Runnable> onIdentified = new ArrayList<>();

  /** What is known of the supernode, or the calls for it that are under way. */
  private @Nullable CompletableFuture<Known> known;

  /** What it was known by last. */
  private @Nullable String identity;

  /** A supernode's identity, and, where there is a token, what peers' proofs are made from. */
  private record Known(String identity, Optional<Proven> proven) {}

  private record Proven(JoinRequest request, JoinResponse answer) {}

  /**
   * A supernode of which nothing is known yet.
   *
   * @param name what users call it
   * @param token what it must prove to have, if anything
   * @param supernode its calls
   */
  public JoinedSupernode(
      String name, Optional<JoinToken> token, SupernodeApi supernode, EventLoop loop) {
    this.name = name;
    this.token = token;
    this.supernode = supernode;
    this.loop = loop;
  }

  /**
   * Returns what this supernode gets of a peer's secret; the secret itself before the supernode is
   * known, when nothing has been sent to it.
   */
  PeerSecret secretOf(PeerSecret secret) {
    return identity == null ? secret : secret.forSupernode(identity);
  }

  /** Tells whether it has been known at some time which supernode this is. */
  boolean isIdentified() {
    return identity != null;
  }

  /**
   * Has something run each time that this turns out to be another supernode, before it is called.
   */
  void onIdentified(Runnable action) {
    onIdentified.add(action);
  }

  @Override
  public CompletableFuture<RegisterResponse> register(RegisterRequest request) {
    return call(request.caller(), own -> supernode.register(request.by(own)));
  }

  @Override
  public CompletableFuture<AnnounceResponse> announce(AnnounceRequest request) {
    return call(request.caller(), own -> supernode.announce(request.by(own)));
  }

  @Override
  public CompletableFuture<PollResponse> poll(PollRequest request) {
    return call(request.caller(), own -> supernode.poll(request.by(own)));
  }

  @Override
  public CompletableFuture<LeaveResponse> leave(LeaveRequest request) {
    return call(request.caller(), own -> supernode.leave(request.by(own)));
  }

  private <A> CompletableFuture<A> call(
      Caller caller, Function<Caller, CompletableFuture<A>> asked) {
    Attempt<A> attempt = new Attempt<>(caller, asked);
    attempt.begin();
    return attempt.result;
  }

  /** One call. Whoever cancels its result drops it; what is known is of use to others. */
  private final class Attempt<A> {
    private final Caller caller;
    private final Function<Caller, CompletableFuture<A>> asked;
    private final CompletableFuture<A> result = new CompletableFuture<>();
    private boolean isSecond;

    Attempt(Caller caller, Function<Caller, CompletableFuture<A>> asked) {
      this.caller = caller;
      this.asked = asked;
    }

    void begin() {
      CompletableFuture<Known> now = known();
      if (now.isDone() && !now.isCompletedExceptionally()) {
        ask(now.join());
      } else {
        loop.when(now, this::ask, result::completeExceptionally);
      }
    }

    private void ask(Known now) {
      if (result.isDone()) {
        return;
      }
      CompletableFuture<A> call;
      try {
        call = asked.apply(own(caller, now));
      } catch (RuntimeException e) {
        result.completeExceptionally(e);
        return;
      }
      Continuations.whenDone(result, (answer, failure) -> call.cancel(true));
      Continuations.whenDone(
          call,
          (answer, failure) -> {
            if (failure == null) {
              result.complete(answer);
            } else {
              loop.execute(() -> failed(now, failure));
            }
          });
    }

    private void failed(Known before, Throwable failure) {
      if (isSecond || !(failure instanceof CallRefusedException refused) || !refused.joinsAgain()) {
        result.completeExceptionally(failure);
        return;
      }
      isSecond = true;
      LOG.debug("Supernode {} is looked at again: {}", name, refused.getMessage());
      forget(before);
      if (token.isPresent()) {
        begin();
        return;
      }
      loop.when(
          known(),
          now -> {
            if (now.equals(before)) {
              result.completeExceptionally(failure); // it is the same one, and will say the same
            } else {
              ask(now);
            }
          },
          result::completeExceptionally);
    }
  }

  private Caller own(Caller caller, Known now) {
    Caller own = caller.with(caller.secret().forSupernode(now.identity()));
    return now.proven()
        .map(
            proven ->
                own.with(token.orElseThrow().prove(own.id(), proven.request(), proven.answer())))
        .orElse(own);
  }

  /** Another call may have found out again already. */
  private void forget(Known before) {
    if (known != null && before.equals(known.getNow(null))) {
      known = null;
    }
  }

  private CompletableFuture<Known> known() {
    CompletableFuture<Known> before = known;
    if (before != null && !before.isCompletedExceptionally()) {
      return before;
    }
    CompletableFuture<Known> future = new CompletableFuture<>();
    known = future;
    if (token.isPresent()) {
      join(token.get(), future);
    } else {
      identify(Optional.empty(), future);
    }
    if (!future.isDone()) {
      Timers.Timer timer =
          loop.timeout(
              JOIN_LIMIT,
              () ->
                  future.completeExceptionally(
                      new SupernodeUnreachableException(
                          "Supernode %s cannot be reached: no answer came within %d s. Check its address and that it runs."
                              .formatted(name, JOIN_LIMIT.toSeconds()))));
      Continuations.whenDone(future, (done, failure) -> timer.cancel());
    }
    return future;
  }

  private void join(JoinToken proves, CompletableFuture<Known> future) {
    JoinRequest request = JoinToken.request(random);
    CompletableFuture<JoinResponse> call = supernode.join(request);
    loop.when(
        call,
        answer -> {
          if (proves.isProvenBy(answer, request)) {
            identify(Optional.of(new Proven(request, answer)), future);
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
    Continuations.whenDone(future, (done, failure) -> call.cancel(true));
  }

  private void identify(Optional<Proven> proven, CompletableFuture<Known> future) {
    CompletableFuture<String> call = supernode.identity();
    if (call.isDone() && !call.isCompletedExceptionally()) {
      identified(call.join(), proven, future);
      return;
    }
    loop.when(call, found -> identified(found, proven, future), future::completeExceptionally);
    Continuations.whenDone(future, (done, failure) -> call.cancel(true));
  }

  private void identified(String found, Optional<Proven> proven, CompletableFuture<Known> future) {
    if (!found.equals(identity)) {
      identity = found;
      onIdentified.forEach(Runnable::run);
    }
    future.complete(new Known(found, proven));
  }

  private SupernodeUnreachableException untrusted(String why, @Nullable Throwable cause) {
    return new SupernodeUnreachableException(
        "Supernode %s is not trusted, since it does not prove the join token: %s. Compare the files that --join-token-file (joinTokenFile) names on both sides."
            .formatted(name, why),
        cause,
        Retry.AFTER_A_CHANGE);
  }
}

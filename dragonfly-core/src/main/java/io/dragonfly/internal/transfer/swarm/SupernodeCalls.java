package io.dragonfly.internal.transfer.swarm;

import io.dragonfly.control.AnnounceRequest;
import io.dragonfly.control.AnnounceResponse;
import io.dragonfly.control.Caller;
import io.dragonfly.control.Holding;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.control.LeaveResponse;
import io.dragonfly.control.PollRequest;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.TaskReport;
import io.dragonfly.control.Terms;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.internal.loop.Continuations;
import io.dragonfly.internal.loop.EventLoop;
import io.dragonfly.internal.loop.Timers;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.TaskId;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The calls of one peer to one supernode. Each ends within its limit, on the loop, with an answer
 * or a {@link DistributionException}. Confined to the loop.
 */
final class SupernodeCalls {
  /** A registration may wait for the source, which has 30 s to answer. */
  static final Duration REGISTER_LIMIT = Duration.ofSeconds(45);

  private static final Duration CALL_LIMIT = Duration.ofSeconds(10);

  /** Who has waited so long finds out, again and again, whether there is somebody to answer. */
  private static final Duration DOUBT = Duration.ofSeconds(2);

  private final Supernodes.Named named;
  private final JoinedSupernode api;
  private Caller caller;
  private final EventLoop loop;
  private final SupernodeClock clock;
  private final SupernodeHealth health;
  private @Nullable PeerId supernode;
  private @Nullable PeerSecret own;
  private Consumer<PeerSecret> onSecret = secret -> {};

  /**
   * Calls of one peer.
   *
   * @param api the supernode's calls, which carry what is for it of the caller's secret
   */
  SupernodeCalls(
      Supernodes.Named named,
      JoinedSupernode api,
      Caller caller,
      EventLoop loop,
      SupernodeClock clock,
      SupernodeHealth health) {
    this.named = named;
    this.api = api;
    this.caller = caller;
    api.onIdentified(this::secretChanged);
    this.loop = loop;
    this.clock = clock;
    this.health = health;
  }

  String name() {
    return named.name();
  }

  /** Returns the id that this peer has at this supernode, once it has been called. */
  PeerId self() {
    PeerSecret known = own;
    if (known == null) {
      known = api.secretOf(caller.secret());
      own = known;
    }
    return known.id();
  }

  /**
   * Sets what is done with the secret that this supernode shares with the peer: when it is known,
   * before it is sent, and each time that it changes.
   */
  void onSecret(Consumer<PeerSecret> action) {
    onSecret = action;
    secretChanged();
  }

  /** Calls with another secret of the peer from now on. */
  void renew(PeerSecret secret) {
    caller = caller.with(secret);
    secretChanged();
  }

  private void secretChanged() {
    own = null;
    if (api.isIdentified()) {
      onSecret.accept(api.secretOf(caller.secret()));
    }
  }

  /** Returns the id of the supernode's CDN cache, once it has answered. */
  Optional<PeerId> supernode() {
    return Optional.ofNullable(supernode);
  }

  /** Returns the supernode's CDN cache as a parent, once it has answered. */
  Optional<Peer> cdn() {
    return named.address().isUnresolved()
        ? Optional.empty()
        : supernode().map(id -> new Peer(id, named.address(), ""));
  }

  private void heard(Terms terms) {
    supernode = terms.supernode();
    clock.set(terms);
  }

  CompletableFuture<RegisterResponse> register(
      ContentRequest content,
      Optional<ByteRange> range,
      Optional<String> ticket,
      List<Holding> holdings,
      boolean isPushed,
      Duration patience) {
    RegisterRequest request =
        new RegisterRequest(caller, content, range, ticket, holdings, isPushed);
    CompletableFuture<RegisterResponse> answer =
        limited(() -> api.register(request), REGISTER_LIMIT, given -> heard(given.terms()));
    doubt(answer, patience);
    return answer;
  }

  /** A source may take long to answer, but a supernode that is asked meanwhile may not. */
  private void doubt(CompletableFuture<?> answer, Duration patience) {
    Timers.Timer timer =
        loop.timeout(
            DOUBT,
            () ->
                loop.when(
                    health.ask(),
                    there -> {
                      if (health.isDown(patience)) {
                        answer.completeExceptionally(
                            unreachable("it answers no call any more", null));
                      } else if (!answer.isDone()) {
                        doubt(answer, patience);
                      }
                    },
                    failure -> {}));
    Continuations.whenDone(answer, (given, failure) -> timer.cancel());
  }

  /**
   * Asks whether it is there. The future fails after the limit, but the call goes on: a late answer
   * still shows that the supernode is not down. A busy one would otherwise be asked in vain, and
   * with each new connection have more to do.
   */
  CompletableFuture<AnnounceResponse> ping(Duration limit) {
    long start = loop.activeNanos();
    CompletableFuture<AnnounceResponse> result = new CompletableFuture<>();
    Timers.Timer timer =
        loop.timeout(
            limit,
            () -> {
              String why = "no answer came within " + limit.toSeconds() + " s";
              fail(result, start, unreachable(why, null));
            });
    loop.when(
        offer(List.of()),
        answer -> {
          timer.cancel();
          result.complete(answer);
        },
        failure -> {
          timer.cancel();
          result.completeExceptionally(failure);
        });
    return result;
  }

  CompletableFuture<AnnounceResponse> offer(List<Holding> holdings) {
    return limited(
        () -> api.announce(new AnnounceRequest(caller, holdings)),
        CALL_LIMIT,
        answer -> heard(answer.terms()));
  }

  CompletableFuture<PollResponse> next(
      long answered, List<TaskReport> reports, Duration patience, boolean acceptsPreheats) {
    return limited(
        () -> api.poll(new PollRequest(caller, answered, reports, patience, acceptsPreheats)),
        patience.plus(CALL_LIMIT),
        answer -> heard(answer.terms()));
  }

  CompletableFuture<LeaveResponse> leave(Optional<TaskId> task, Duration limit) {
    return limited(() -> api.leave(new LeaveRequest(caller, task)), limit, answer -> {});
  }

  @FunctionalInterface
  private interface Asked<T> {
    CompletableFuture<T> ask();
  }

  /** Completes on the loop. Whatever else ends the future drops the call. */
  private <T> CompletableFuture<T> limited(Asked<T> asked, Duration limit, Consumer<T> onAnswer) {
    CompletableFuture<T> result = new CompletableFuture<>();
    long start = loop.activeNanos();
    CompletableFuture<T> call;
    try {
      call = asked.ask();
    } catch (RuntimeException e) {
      result.completeExceptionally(unreachable("the call failed: " + e, e));
      return result;
    }
    Timers.Timer timer =
        loop.timeout(
            limit,
            () -> {
              String why = "no answer came within " + limit.toSeconds() + " s";
              fail(result, start, unreachable(why, null));
            });
    loop.when(
        call,
        answer -> {
          try {
            health.heard();
            onAnswer.accept(answer);
          } finally {
            result.complete(answer); // whatever others make of it, it came
          }
        },
        failure ->
            fail(
                result,
                start,
                failure instanceof DistributionException typed
                    ? typed
                    : unreachable("the call failed: " + failure, failure)));
    Continuations.whenDone(
        result,
        (answer, failure) -> {
          timer.cancel();
          call.cancel(true);
        });
    return result;
  }

  private void fail(CompletableFuture<?> result, long startNanos, DistributionException failure) {
    if (result.isDone()) {
      return; // nobody waits, and a call that was dropped says nothing about the supernode
    }
    if (failure instanceof SupernodeUnreachableException silence) {
      health.unanswered(startNanos, silence);
    } else {
      health.heard();
    }
    result.completeExceptionally(failure);
  }

  SupernodeUnreachableException unreachable(String why, @Nullable Throwable cause) {
    return new SupernodeUnreachableException(
        "Supernode %s cannot be reached: %s. Check its address and that it runs, or fetch with the pattern source, which needs none."
            .formatted(name(), why),
        cause);
  }
}

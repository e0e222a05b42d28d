package io.dragonfly.internal.transfer.swarm;

import io.dragonfly.control.Caller;
import io.dragonfly.control.Holding;
import io.dragonfly.control.Queued;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.error.BusyException;
import io.dragonfly.error.DistributionException.Retry;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.internal.access.JoinToken;
import io.dragonfly.internal.loop.Backoff;
import io.dragonfly.internal.loop.Continuations;
import io.dragonfly.internal.loop.EventLoop;
import io.dragonfly.internal.queue.FairQueue;
import io.dragonfly.internal.queue.KeyedLimiter;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Digest;
import io.dragonfly.task.TaskKey;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * All supernodes of a client. Each is there twice: as the peer that gives pieces knows it, and as
 * one that only takes. Confined to the loop.
 */
public final class Supernodes {
  /**
   * So many registrations for contents of one source host are under way at once: each needs a
   * connection, and hundreds of them at once would take so long to be made that they would count as
   * unanswered. Those of another host do not wait behind a source that answers late.
   */
  private static final int AT_ONCE = 16;

  private final List<SupernodeLink> giving;
  private final List<SupernodeLink> takingOnly;
  private final EventLoop loop;
  private final DoubleSupplier random;
  private final KeyedLimiter<String, Attempt> registering =
      new KeyedLimiter<>(Integer.MAX_VALUE, host -> AT_ONCE, FairQueue.byCount(Attempt::host));

  private Supernodes(
      List<SupernodeLink> giving,
      List<SupernodeLink> takingOnly,
      EventLoop loop,
      DoubleSupplier random) {
    this.giving = giving;
    this.takingOnly = takingOnly;
    this.loop = loop;
    this.random = random;
  }

  /**
   * A supernode to be.
   *
   * @param name its address, or what else it is called
   * @param address where it gives pieces; not resolved if its name is not known
   * @param api its calls
   * @param token what it must prove to have before it is told anything, if that is asked for
   * @param known makes of this peer what it is there: the supernode may be reached from another
   *     address of this machine than the others
   */
  public record Named(
      String name,
      InetSocketAddress address,
      SupernodeApi api,
      Optional<JoinToken> token,
      UnaryOperator<Caller> known) {}

  /**
   * The supernodes of a client.
   *
   * @param names the supernodes
   * @param provider this peer as it gives pieces
   * @param child this peer as it only takes: another one, with no address to take from
   * @param random numbers from 0 on and before 1
   */
  public static Supernodes of(
      List<Named> names,
      Caller provider,
      Caller child,
      EventLoop loop,
      SupernodeClock clock,
      DoubleSupplier random) {
    List<SupernodeLink> giving = new ArrayList<>();
    List<SupernodeLink> takingOnly = new ArrayList<>();
    for (Named name : names) {
      SupernodeHealth health = new SupernodeHealth(loop, random);
      JoinedSupernode api = new JoinedSupernode(name.name(), name.token(), name.api(), loop);
      Caller there = name.known().apply(provider);
      SupernodeCalls calls = new SupernodeCalls(name, api, there, loop, clock, health);
      health.probe(calls::ping);
      giving.add(new SupernodeLink(calls, health, loop, random));
      Caller takingThere = name.known().apply(child);
      SupernodeCalls others = new SupernodeCalls(name, api, takingThere, loop, clock, health);
      takingOnly.add(new SupernodeLink(others, health, loop, random));
    }
    // What the store got meanwhile is news to a supernode that comes back.
    giving.forEach(link -> link.health().onBack(link::offerAgain));
    return new Supernodes(List.copyOf(giving), List.copyOf(takingOnly), loop, random);
  }

  /** Leaves all supernodes. Completes on the loop, within a second. */
  public CompletableFuture<Void> close() {
    return CompletableFuture.allOf(
        Stream.concat(giving.stream(), takingOnly.stream())
            .map(SupernodeLink::close)
            .toArray(CompletableFuture[]::new));
  }

  /**
   * A registration.
   *
   * @param link the supernode that answered
   * @param answer what it said
   */
  public record Registered(SupernodeLink link, RegisterResponse answer) {}

  /**
   * A registration under way.
   *
   * @param answer completes as {@link #register} says
   * @param queued tells what it waits for: its turn behind other registrations of this client for
   *     the same source host, or a supernode that is busy; on the loop
   */
  public record Registering(
      CompletableFuture<Registered> answer, Supplier<Optional<Queued>> queued) {}

  /**
   * What is to be registered.
   *
   * @param content what is wanted, with credentials
   * @param range the bytes that are wanted, if not all are
   * @param holdings the versions of it that this peer holds pieces of
   * @param gives whether this peer gives the content to others
   * @param patience how long a supernode that takes calls may answer none at all; who has another
   *     one to ask looks there sooner, but does not give this one up
   * @param push what admits this peer instead of credentials, at the supernode that it came from
   */
  public record Registration(
      ContentRequest content,
      Optional<ByteRange> range,
      List<Holding> holdings,
      boolean gives,
      Duration patience,
      Optional<Pushed> push) {
    /** The patience of who has another way. */
    public static final Duration SHORT = SupernodeHealth.PATIENCE;

    /** One that is asked for with credentials. */
    public Registration(
        ContentRequest content,
        Optional<ByteRange> range,
        List<Holding> holdings,
        boolean gives,
        Duration patience) {
      this(content, range, holdings, gives, patience, Optional.empty());
    }
  }

  /** Tells whether there is none. */
  public boolean isEmpty() {
    return giving.isEmpty();
  }

  /** Returns the supernodes that know this peer as one that gives pieces. */
  public List<SupernodeLink> giving() {
    return giving;
  }

  /**
   * Asks each supernode whether it is there. Completes on the loop, within seconds: with those that
   * are not, by name, and why.
   */
  public CompletableFuture<Map<String, String>> silent() {
    Map<String, String> silent = new LinkedHashMap<>();
    CompletableFuture<?>[] asked =
        giving.stream()
            .map(
                link ->
                    link.ask()
                        .thenAccept(why -> why.ifPresent(text -> silent.put(link.name(), text))))
            .toArray(CompletableFuture[]::new);
    return CompletableFuture.allOf(asked).thenApply(done -> silent);
  }

  /**
   * Registers at the first supernode that answers. The future completes on the loop: with the
   * answer, with a refusal, or with {@link SupernodeUnreachableException} if none answers in time.
   * If it is cancelled, a call that is on its way goes on all the same: the supernode may have let
   * this peer in already, and its answer says what to take back.
   */
  public Registering register(Registration registration) {
    Attempt attempt = new Attempt(registration);
    Continuations.whenDone(
        attempt.result,
        (registered, failure) -> {
          registering.end(attempt);
          registering.startAll(Attempt::begin);
        });
    registering.add(attempt);
    registering.startAll(Attempt::begin);
    return new Registering(attempt.result, () -> queued(attempt));
  }

  /**
   * Returns the supernodes in the order in which they are asked for a content: by rendezvous
   * hashing, so that all peers of it meet at one whatever order they know them in, and those of one
   * that does not answer meet at the same next one. One that did not answer the last time is last.
   */
  private static List<SupernodeLink> inOrder(List<SupernodeLink> links, TaskKey key) {
    return links.size() < 2
        ? links
        : links.stream()
            .sorted(
                Comparator.comparing(SupernodeLink::isLost)
                    .thenComparing(link -> rank(link.name(), key)))
            .toList();
  }

  /** Returns where a supernode comes for a content: the lowest rank is first. */
  static String rank(String supernode, TaskKey key) {
    MessageDigest sha = Digest.newSha256();
    sha.update((key.hex() + " " + supernode).getBytes(StandardCharsets.UTF_8));
    return Digest.of(sha).hex();
  }

  /** Returns the place of a registration among those that wait for others of the same host. */
  private Optional<Queued> queued(Attempt attempt) {
    int before = registering.waitingBefore(attempt);
    if (before >= 0) {
      return Optional.of(
          new Queued(Queued.Reason.SOURCE, before + 1, registering.waiting(attempt.host())));
    }
    return attempt.isBusy() ? Optional.of(Queued.of(Queued.Reason.SUPERNODE)) : Optional.empty();
  }

  private final class Attempt {
    private final Registration registration;
    private final List<SupernodeLink> links;
    private final Backoff backoff;
    private long startNanos;
    private final CompletableFuture<Registered> result = new CompletableFuture<>();
    private int tried;

    /** Why one of them is not trusted, which time does not mend. */
    private @Nullable SupernodeUnreachableException distrust;

    /** Whether another one may answer later. */
    private boolean hopeful;

    /** How long to wait for those that are busy; empty if none of this round is. */
    private Optional<Duration> busyFor = Optional.empty();

    /** Whether one was busy in the last round: until the next one has an outcome, this waits. */
    private boolean busy;

    Attempt(Registration registration) {
      this.registration = registration;
      this.links =
          registration
              .push()
              .map(pushed -> List.of(pushed.link()))
              .orElseGet(
                  () ->
                      inOrder(
                          registration.gives() ? giving : takingOnly,
                          registration.content().key()));
      links.forEach(link -> link.health().nudge());
      this.backoff = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(1), random);
    }

    String host() {
      return String.valueOf(registration.content().url().getRawAuthority());
    }

    void begin() {
      startNanos = loop.activeNanos();
      next();
    }

    private void next() {
      if (result.isDone()) {
        return;
      }
      SupernodeLink link = links.get(tried % links.size());
      tried++;
      if (link.health().isDown(patience())) {
        loop.when(
            link.health().glance(),
            there -> {
              if (there) {
                register(link);
              } else {
                failed(link.down());
              }
            },
            this::failed);
      } else {
        register(link);
      }
    }

    private void register(SupernodeLink link) {
      CompletableFuture<RegisterResponse> call = link.register(registration, patience());
      loop.when(
          call,
          answer -> {
            if (!result.complete(new Registered(link, answer))) {
              link.decline(answer.task().id());
            }
          },
          this::failed);
    }

    /** With another one to ask, nobody waits long for this one: it is looked at again later. */
    private Duration patience() {
      boolean isLast = tried % links.size() == 0;
      return isLast ? registration.patience() : Registration.SHORT;
    }

    private void failed(Throwable failure) {
      if (result.isDone()) {
        return;
      }
      if (failure instanceof BusyException busy) {
        Duration others = busyFor.orElse(Duration.ZERO);
        busyFor = Optional.of(Collections.max(List.of(others, busy.retryAfter())));
      } else if (!(failure instanceof SupernodeUnreachableException silence)) {
        result.completeExceptionally(failure);
        return;
      } else if (silence.retry() == Retry.LATER) {
        hopeful = true;
      } else {
        distrust = silence;
      }
      if (tried % links.size() != 0) {
        next();
        return;
      }
      busy = busyFor.isPresent();
      if (busyFor.isPresent()) {
        // A registration has no limit of its own: the fetch has, and counts this as a wait.
        Duration pause = Collections.max(List.of(busyFor.get(), backoff.next()));
        var unused = loop.after(pause, this::again);
      } else if (hopeful && isWorthWaiting()) {
        var unused = loop.after(backoff.next(), this::again);
      } else {
        result.completeExceptionally(unreachable(failure));
      }
    }

    /** Only what a supernode says now counts: one that was busy may have been lost meanwhile. */
    private void again() {
      hopeful = false;
      busyFor = Optional.empty();
      next();
    }

    private boolean isBusy() {
      return busy;
    }

    private boolean isWorthWaiting() {
      boolean isEarly = loop.activeNanos() - startNanos < SupernodeHealth.PATIENCE.toNanos();
      return links.stream()
          .map(SupernodeLink::health)
          .anyMatch(
              health -> (isEarly && !health.isDown()) || health.mayGoOn(registration.patience()));
    }

    private SupernodeUnreachableException unreachable(Throwable last) {
      if (distrust != null) {
        return distrust; // it says what to do
      }
      if (links.size() == 1) {
        return (SupernodeUnreachableException) last;
      }
      String names = links.stream().map(SupernodeLink::name).collect(Collectors.joining(", "));
      return new SupernodeUnreachableException(
          "None of the supernodes %s can be reached. Check their addresses and that they run, or fetch with the pattern source, which needs none."
              .formatted(names),
          last);
    }
  }
}

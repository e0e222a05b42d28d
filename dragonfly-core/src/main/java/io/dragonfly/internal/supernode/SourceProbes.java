package io.dragonfly.internal.supernode;

import com.google.common.base.Ticker;
import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.control.SupernodeListener;
import io.dragonfly.error.BusyException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.internal.access.AnonymousReads;
import io.dragonfly.internal.cdn.Access;
import io.dragonfly.internal.cdn.DaemonThreads;
import io.dragonfly.internal.cdn.SourceCalls;
import io.dragonfly.internal.cdn.Sources;
import io.dragonfly.internal.loop.Continuations;
import io.dragonfly.spi.Source;
import io.dragonfly.spi.SourceContent;
import io.dragonfly.spi.SourceRequest;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskKey;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks sources, for each registration with its own credentials, whether it may have the content and
 * which version that is. Registrations with the same credentials share a question that is on its
 * way. Who comes first for a content of which nothing is known opens it: his answer is at the same
 * time the CDN cache's read, so the source gives each byte once. A source that has too much to do
 * is asked again in a while; see {@link ProbeRetryPolicy}. Safe for concurrent use.
 */
final class SourceProbes implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(SourceProbes.class);
  private static final int MOST_CACHED = 100_000;

  private final Sources sources;
  private final Versions versions;
  private final Arrivals arrivals;
  private final HostLimiter gates;
  private final SupernodeSettings settings;
  private final LongSupplier nanos;
  private final ScheduledExecutorService timer;
  private final ExecutorService threads;
  private final SupernodeListener listener;

  /** What sources said about contents that a digest names, which cannot become others. */
  private final Cache<Subject, SourceVersion> answers;

  private final AnonymousReads anonymous;

  @GuardedBy("this")
  private final Map<Subject, Flight> flights = new HashMap<>();

  /** Contents that somebody is opening; the future completes when it is known how that ended. */
  @GuardedBy("this")
  private final Map<TaskKey, CompletableFuture<Void>> openings = new HashMap<>();

  @GuardedBy("this")
  private final Set<SourceCalls> calls = new HashSet<>();

  @GuardedBy("this")
  private boolean closed;

  /**
   * What a question is about: a content, and with which credentials.
   *
   * @param confirms whether it only asks if an earlier answer still holds: nothing begins by it
   */
  private record Subject(TaskKey key, String fingerprint, boolean confirms) {}

  /** A question on its way, and the swarm that follows from the answer; none if it confirms. */
  private record Flight(
      Subject subject,
      Access access,
      CompletableFuture<Optional<SwarmTask>> swarm,
      ProbeRetryPolicy again) {
    String host() {
      return access.content().url().getRawAuthority().toLowerCase(Locale.ROOT);
    }
  }

  /** What the source said, and the content if it was opened. */
  private record Answer(SourceVersion version, Optional<SourceContent> opened) {}

  /**
   * Questions to these sources.
   *
   * @param nanos monotonic time
   * @param timer waits before a question is put again; stays its owner's
   * @param threads run the questions; stopped with this
   * @param listener is told of each answer
   */
  SourceProbes(
      Sources sources,
      Versions versions,
      Arrivals arrivals,
      SupernodeSettings settings,
      LongSupplier nanos,
      ScheduledExecutorService timer,
      ExecutorService threads,
      SupernodeListener listener) {
    this.sources = sources;
    this.versions = versions;
    this.arrivals = arrivals;
    this.settings = settings;
    this.nanos = nanos;
    this.timer = timer;
    this.threads = threads;
    this.listener = listener;
    this.gates =
        new HostLimiter(
            SupernodeSettings.MOST_ASKED,
            settings.sourceConcurrency(),
            SupernodeSettings.MOST_WAITING,
            nanos);
    this.anonymous = new AnonymousReads(settings.offlineTtl(), nanos);
    this.answers =
        CacheBuilder.newBuilder()
            .maximumSize(MOST_CACHED)
            .expireAfterWrite(settings.accessTtl())
            .ticker(
                new Ticker() {
                  @Override
                  public long read() {
                    return nanos.getAsLong();
                  }
                })
            .build();
  }

  /** Returns how many questions are on their way. */
  int running() {
    return gates.running();
  }

  /** Returns how many wait until their host has answered others. */
  int waiting() {
    return gates.waiting();
  }

  /** Asks, and returns the swarm of the version that the answer names, once it has started. */
  CompletableFuture<SwarmTask> ask(TaskKey key, Access access) {
    Subject subject = new Subject(key, access.fingerprint(), false);
    SourceVersion cached = answers.getIfPresent(subject);
    if (cached != null && versions.isWrong(version(subject, access, cached).id())) {
      // What was believed turned out not to be so. The source may have been mended since.
      answers.invalidate(subject);
      cached = null;
    }
    if (cached != null) {
      SourceVersion version = cached;
      return arrivals.inBackground(() -> arrivals.arrive(version(subject, access, version)));
    }
    return fly(subject, access).thenApply(Optional::orElseThrow);
  }

  /**
   * Asks whether a content is still given with these credentials, in whichever version. Completes
   * normally if it is, and otherwise as a registration would.
   */
  CompletableFuture<Void> confirm(TaskKey key, Access access) {
    return fly(new Subject(key, access.fingerprint(), true), access).thenApply(none -> null);
  }

  private CompletableFuture<Optional<SwarmTask>> fly(Subject subject, Access access) {
    Flight flight;
    synchronized (this) {
      Flight before = flights.get(subject);
      if (before != null) {
        return before.swarm();
      }
      ProbeRetryPolicy again = new ProbeRetryPolicy(nanos.getAsLong());
      flight = new Flight(subject, access, new CompletableFuture<>(), again);
      flights.put(subject, flight);
    }
    enter(flight);
    return flight.swarm();
  }

  private void enter(Flight flight) {
    if (!gates.enter(flight.host(), () -> start(flight))) {
      end(flight, tooMany(flight));
    }
  }

  private void start(Flight flight) {
    try {
      threads.execute(() -> run(flight));
    } catch (RejectedExecutionException e) {
      end(flight, stopping());
    }
  }

  private void run(Flight flight) {
    boolean opens = !flight.subject().confirms() && startOpening(flight.subject());
    Answer answer;
    try {
      answer = call(flight, opens);
    } catch (IOException | RuntimeException | Error e) {
      // Errors, too, such as a class that a source lacks: callers wait for the result.
      gates.done(flight.host(), Optional.of(e));
      failed(flight, typed(flight, e));
      endOpening(flight, opens);
      return;
    }
    gates.done(flight.host(), Optional.empty());
    listener.asked(Optional.empty());
    Access access = flight.access();
    anonymous.given(access.content(), access.requester(), answer.version());
    if (flight.subject().confirms()) {
      forget(flight);
      flight.swarm().complete(Optional.empty());
    } else if (opens) {
      arrive(flight, answer);
      endOpening(flight, true);
    } else {
      Continuations.whenDone(
          opening(flight.subject().key()), (done, never) -> arriveLater(flight, answer));
    }
  }

  private void failed(Flight flight, DistributionException failure) {
    listener.asked(Optional.of(failure));
    Access access = flight.access();
    Optional<SourceVersion> known =
        anonymous.instead(access.content(), access.requester(), failure);
    if (known.isPresent()) {
      log.info(
          "{} is given without its source, which gave it to everybody: {}",
          access.content().displayUrl(),
          failure.getMessage());
      if (flight.subject().confirms()) {
        forget(flight);
        flight.swarm().complete(Optional.empty());
      } else {
        arriveLater(flight, new Answer(known.get(), Optional.empty()));
      }
      return;
    }
    Optional<Duration> pause = flight.again().pauseAfter(failure, nanos.getAsLong());
    if (pause.isEmpty()) {
      end(flight, failure);
      return;
    }
    log.info("asking again in {} ms: {}", pause.get().toMillis(), failure.getMessage());
    // Who asks the same meanwhile waits for this flight; its place at the gate is another's.
    DaemonThreads.later(timer, pause.get(), () -> enter(flight));
  }

  private Answer call(Flight flight, boolean opens) throws IOException {
    SourceCalls call = new SourceCalls();
    synchronized (this) {
      if (closed) {
        throw stopping();
      }
      calls.add(call);
    }
    try {
      Access access = flight.access();
      Source source = sources.of(access.content());
      SourceRequest request =
          new SourceRequest(access.content(), settings.stallTimeout(), access.requester());
      if (!opens) {
        return new Answer(call.run(() -> source.ask(request)), Optional.empty());
      }
      SourceContent content = call.run(() -> source.open(request));
      return new Answer(content.version(), Optional.of(content));
    } finally {
      synchronized (this) {
        calls.remove(call);
      }
    }
  }

  /** Returns whether this question is to open the content, since nobody knows or opens it. */
  private boolean startOpening(Subject subject) {
    synchronized (this) {
      // First the openings, then the versions: whoever opens adds the version before he is done.
      if (openings.containsKey(subject.key())
          || versions.isKnown(subject.key(), subject.fingerprint())) {
        return false;
      }
      openings.put(subject.key(), new CompletableFuture<>());
      return true;
    }
  }

  private void endOpening(Flight flight, boolean opens) {
    if (opens) {
      CompletableFuture<Void> opening;
      synchronized (this) {
        opening = openings.remove(flight.subject().key());
      }
      if (opening != null) {
        opening.complete(null);
      }
    }
  }

  private synchronized CompletableFuture<Void> opening(TaskKey key) {
    return openings.getOrDefault(key, CompletableFuture.completedFuture(null));
  }

  private void arriveLater(Flight flight, Answer answer) {
    try {
      threads.execute(() -> arrive(flight, answer));
    } catch (RejectedExecutionException e) {
      end(flight, stopping());
    }
  }

  private void arrive(Flight flight, Answer answer) {
    try {
      Task task = version(flight.subject(), flight.access(), answer.version());
      CompletableFuture<SwarmTask> swarm =
          answer.opened().isPresent()
              ? arrivals.arrive(task, flight.access(), answer.opened().get())
              : arrivals.arrive(task);
      Continuations.whenDone(
          swarm,
          (ready, failure) -> {
            believe(flight, answer);
            if (failure != null) {
              end(flight, typed(flight, failure));
            } else {
              forget(flight);
              flight.swarm().complete(Optional.ofNullable(ready));
            }
          });
    } catch (RuntimeException e) {
      answer.opened().ifPresent(Arrivals::close);
      end(flight, typed(flight, e));
    }
  }

  /** Not before what was opened is read: who believes the answer would have it read anew. */
  private void believe(Flight flight, Answer answer) {
    if (flight.access().content().digest().isPresent()) {
      answers.put(flight.subject(), answer.version());
    }
  }

  private Task version(Subject subject, Access access, SourceVersion version) {
    return versions.resolve(
        subject.key(), version, access.content().digest(), subject.fingerprint());
  }

  private void end(Flight flight, DistributionException failure) {
    forget(flight);
    flight.swarm().completeExceptionally(failure);
  }

  private synchronized void forget(Flight flight) {
    flights.remove(flight.subject(), flight);
  }

  private static DistributionException typed(Flight flight, Throwable failure) {
    if (failure instanceof DistributionException typed) {
      return typed;
    }
    if (!(failure instanceof IOException)) {
      log.error("asking a source failed unexpectedly", failure);
    }
    return new SourceFailedException(
        "Asking for %s failed: %s. Try again later."
            .formatted(flight.access().content().displayUrl(), failure.getMessage()),
        failure);
  }

  private static DistributionException tooMany(Flight flight) {
    return new BusyException(
        "Too many requests to the source of %s wait already. Try again later."
            .formatted(flight.access().content().displayUrl()));
  }

  private static DistributionException stopping() {
    return new SupernodeUnreachableException("The supernode is stopping. Ask another.");
  }

  /** Ends the questions that are on their way, and fails those that wait. */
  @Override
  public void close() {
    List<Flight> left;
    List<SourceCalls> running;
    synchronized (this) {
      closed = true;
      left = new ArrayList<>(flights.values());
      running = new ArrayList<>(calls);
    }
    threads.shutdown();
    left.forEach(flight -> end(flight, stopping()));
    running.forEach(SourceCalls::end);
  }
}

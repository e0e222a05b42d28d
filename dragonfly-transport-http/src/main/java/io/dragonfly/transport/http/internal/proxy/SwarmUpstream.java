package io.dragonfly.transport.http.internal.proxy;

import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.ContentNotFoundException;
import io.dragonfly.error.DigestMismatchException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.fetch.FetchMode;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchStream;
import io.dragonfly.task.ByteRange;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings contents through the swarm, and says when that has failed. Safe for concurrent use;
 * callers wait.
 */
final class SwarmUpstream {
  private static final Logger LOG = LoggerFactory.getLogger(SwarmUpstream.class);

  /** They belong to the connection, or say which part of the content is wanted. */
  private static final Set<String> NOT_FOR_THE_SOURCE =
      Set.of("accept-encoding", "content-length", "host", "if-range", "range", "via");

  /** An engine waits, and the registry is another way. */
  private static final Duration SUPERNODE_PATIENCE = Duration.ofSeconds(3);

  private final Function<FetchRequest, FetchStream> streams;
  private final RegistryAuth auth;
  private final ScheduledExecutorService timer;
  private final Duration patience;
  private final Counters counters;

  /**
   * The way.
   *
   * @param timer looks whether the swarm brings something
   * @param patience how long it may bring nothing
   */
  SwarmUpstream(
      Function<FetchRequest, FetchStream> streams,
      RegistryAuth auth,
      ScheduledExecutorService timer,
      Duration patience,
      Counters counters) {
    this.streams = streams;
    this.auth = auth;
    this.timer = timer;
    this.patience = patience;
    this.counters = counters;
  }

  /**
   * Delivers a content, or what is needed of it.
   *
   * @param headers those of the answer, but for its length
   * @return whether all is delivered; if not, it must go on in another way
   */
  boolean deliver(ClientRequest client, Target target, HttpHeaders headers, Delivery delivery)
      throws ClientGoneException, Delivery.CorruptException {
    Exception failure = deliver(client, target, FetchMode.P2P, headers, delivery);
    if (failure == null) {
      return true;
    }
    tell(target, delivery, cause(failure));
    boolean mayGoOn = !delivery.isBegun() || target.digest().isPresent();
    return mayGoOn
        && isFailureOfSwarm(cause(failure))
        && deliver(client, target, FetchMode.SOURCE, headers, delivery) == null;
  }

  /**
   * Tells whether the peer itself may get further with the registry, and keep in its data directory
   * what it reads there. Not if the directory is what fails, or the content, or the registry.
   */
  private static boolean isFailureOfSwarm(Throwable failure) {
    return !(failure instanceof DistributionException typed)
        || switch (typed.kind()) {
          case SUPERNODE_UNREACHABLE, NO_PROGRESS, BUSY, CALL_REFUSED -> true;
          default -> false;
        };
  }

  /**
   * Goes on with the swarm, which was late, from the byte that is needed next.
   *
   * @return whether all is delivered; if not, it must go on in another way
   */
  boolean goOn(ClientRequest client, Target target, Delivery delivery)
      throws ClientGoneException, Delivery.CorruptException {
    LOG.info("{}: through the swarm again from byte {} on", target, delivery.next());
    Optional<String> login =
        auth.logsIn(client, target) ? auth.known(client, target) : Optional.empty();
    Asked asked = new Asked(client, target, FetchMode.P2P);
    Exception failure;
    try {
      FetchStream stream = delivery.takeLate();
      failure = read(stream, opener(asked, login, delivery), new DefaultHttpHeaders(), delivery);
    } catch (ClientGoneException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      failure = e;
    }
    if (failure != null) {
      tell(target, delivery, cause(failure));
    }
    return failure == null;
  }

  /**
   * Delivers, and logs in for that if need be. Without a supernode the peer still has its home, and
   * keeps there what it reads from the registry: the next client, and later the swarm, get it.
   */
  private @Nullable Exception deliver(
      ClientRequest client,
      Target target,
      FetchMode pattern,
      HttpHeaders headers,
      Delivery delivery)
      throws ClientGoneException, Delivery.CorruptException {
    boolean logsIn = auth.logsIn(client, target);
    Optional<String> login = logsIn ? auth.known(client, target) : Optional.empty();
    Asked asked = new Asked(client, target, pattern);
    Exception failure = deliverOnce(asked, login, headers, delivery);
    if (logsIn && failure != null && cause(failure) instanceof AccessRefusedException refused) {
      Optional<String> other = auth.answer(client, target, refused.challenges(), login);
      if (other.isPresent() && !other.equals(login)) {
        failure = deliverOnce(asked, other, headers, delivery);
      }
    }
    return failure;
  }

  /** What is asked for, by whom, and in which way. */
  private record Asked(ClientRequest client, Target target, FetchMode pattern) {}

  private void tell(Target target, Delivery delivery, Throwable failure) {
    if (isAnswerOfRegistry(failure) && !delivery.isBegun()) {
      return; // that is no failure of the swarm: the registry will say so itself
    }
    counters.fallbacks.increment();
    LOG.warn(
        "{}: not through the swarm from byte {} on, but directly: {}",
        target,
        delivery.next(),
        why(failure));
  }

  /** Who pulls an image has no request in which a digest could be changed. */
  private static String why(Throwable failure) {
    return failure instanceof DigestMismatchException
        ? "what came does not have the digest that the URL names. If this comes again, the registry"
            + " has other bytes than it says: push the image anew."
        : String.valueOf(failure.getMessage());
  }

  private static boolean isAnswerOfRegistry(Throwable failure) {
    return failure instanceof AccessRefusedException
        || failure instanceof ContentNotFoundException
        || (failure instanceof SourceFailedException source && source.status().isPresent());
  }

  private static Throwable cause(Exception failure) {
    return failure.getCause() instanceof DistributionException typed ? typed : failure;
  }

  private @Nullable Exception deliverOnce(
      Asked asked, Optional<String> login, HttpHeaders headers, Delivery delivery)
      throws ClientGoneException, Delivery.CorruptException {
    FetchStream stream;
    try {
      stream = streams.apply(request(asked, login, delivery.needed()));
    } catch (RuntimeException e) {
      asked.client().answer().checkThere();
      return e;
    }
    return read(stream, opener(asked, login, delivery), headers, delivery);
  }

  /** Returns what opens the rest of a content from a byte on. */
  private LongFunction<FetchStream> opener(Asked asked, Optional<String> login, Delivery delivery) {
    return position -> {
      ByteRange rest = delivery.needed().orElse(ByteRange.from(0)).startingAt(position);
      return streams.apply(request(asked, login, Optional.of(rest)));
    };
  }

  /** Reads a stream and closes it, unless the swarm is late: then the delivery keeps it. */
  private @Nullable Exception read(
      FetchStream stream, LongFunction<FetchStream> opener, HttpHeaders headers, Delivery delivery)
      throws ClientGoneException, Delivery.CorruptException {
    boolean isKept = false;
    try (Reading reading = new Reading(stream, timer, patience)) {
      delivery.answer().onGone(reading::end);
      try {
        copy(reading, stream, headers, delivery);
        return null;
      } catch (ClientGoneException e) {
        throw e;
      } catch (IOException | RuntimeException e) {
        delivery.answer().checkThere();
        if (!reading.isLate()) {
          return e;
        }
        isKept = isSwarm(stream);
        if (isKept) {
          delivery.keep(stream, opener);
        }
        return new IOException("nothing came for " + patience.toSeconds() + " s");
      }
    } finally {
      if (!isKept) {
        close(stream);
      }
    }
  }

  private static void close(FetchStream stream) {
    try {
      stream.close();
    } catch (IOException e) {
      LOG.debug("Closing a stream failed", e);
    }
  }

  private void copy(Reading reading, FetchStream stream, HttpHeaders headers, Delivery delivery)
      throws IOException, Delivery.CorruptException {
    LongAdder bytes = isSwarm(stream) ? counters.p2pBytes : counters.directBytes;
    reading.copyTo(
        (part, offset, count) -> {
          begin(stream, headers, delivery);
          bytes.add(count);
          delivery.write(part, offset, count);
        });
    begin(stream, headers, delivery);
    delivery.end();
  }

  /** Begins, unless that has been done: only now is the length known for certain. */
  private void begin(FetchStream stream, HttpHeaders headers, Delivery delivery)
      throws IOException, Delivery.CorruptException {
    if (!delivery.isBegun()) {
      begin(stream.fetch().contentLength(), headers, delivery);
      if (isSwarm(stream)) {
        counters.p2pRequests.increment();
      }
    }
  }

  private static boolean isSwarm(FetchStream stream) {
    return stream.fetch().request().pattern() != FetchMode.SOURCE;
  }

  private static void begin(OptionalLong total, HttpHeaders headers, Delivery delivery)
      throws IOException, Delivery.CorruptException {
    Optional<ByteRange> wanted = delivery.needed();
    if (wanted.isEmpty()) {
      delivery.begin(HttpResponseStatus.OK, headers, total, total);
      return;
    }
    if (total.isEmpty()) {
      throw new IOException("its length is not known, and a range of it is wanted");
    }
    ByteRange given = wanted.get().within(total.getAsLong());
    headers.set("Content-Range", ByteRanges.answer(given, total));
    delivery.begin(
        HttpResponseStatus.PARTIAL_CONTENT, headers, OptionalLong.of(given.length()), total);
  }

  private static FetchRequest request(
      Asked asked, Optional<String> login, Optional<ByteRange> range) {
    Target target = asked.target();
    FetchRequest.Builder request = FetchRequest.builder(target.url().uri());
    request.pattern(asked.pattern()).supernodePatience(SUPERNODE_PATIENCE);
    for (Map.Entry<String, String> header : forTheSource(asked.client().headers())) {
      request.header(header.getKey(), header.getValue());
    }
    login.ifPresent(value -> request.header("Authorization", value));
    range.ifPresent(request::range);
    request.insecure(target.trust().insecure());
    target.trust().caCertificates().forEach(request::caCertificate);
    return request.build();
  }

  private static List<Map.Entry<String, String>> forTheSource(HttpHeaders headers) {
    return HopHeaders.endToEnd(headers).stream()
        .filter(header -> !NOT_FOR_THE_SOURCE.contains(header.getKey().toLowerCase(Locale.ROOT)))
        .toList();
  }
}

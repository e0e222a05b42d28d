package io.dragonfly.transport.http.internal.proxy;

import io.dragonfly.spi.AdaptiveQuantum;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Digest;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.OptionalLong;
import okhttp3.Response;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers requests for contents: through the swarm as far as that goes, and directly from there on;
 * a content that its URL names by digest ends early if it is another one. Safe for concurrent use;
 * callers wait.
 */
final class Contents {
  private static final Logger LOG = LoggerFactory.getLogger(Contents.class);
  private static final int MOST_FAILURES = 3;

  private final SwarmUpstream swarm;
  private final DirectUpstream plain;
  private final OfflineAnswers offline;
  private final DirectLimit limit;
  private final Counters counters;

  Contents(
      SwarmUpstream swarm,
      DirectUpstream plain,
      OfflineAnswers offline,
      DirectLimit limit,
      Counters counters) {
    this.swarm = swarm;
    this.plain = plain;
    this.offline = offline;
    this.limit = limit;
    this.counters = counters;
  }

  /**
   * Answers a GET.
   *
   * @param throughSwarm whether the swarm is asked first
   */
  void deliver(ClientRequest client, Target target, boolean throughSwarm) throws IOException {
    ClientRequest asked = client.withoutCoding();
    Optional<ByteRange> range =
        Optional.ofNullable(client.headers().get(HttpHeaderNames.RANGE)).flatMap(ByteRanges::parse);
    Delivery delivery = new Delivery(client.answer(), range, target.digest());
    try {
      boolean done = throughSwarm && deliverThroughSwarm(asked, target, delivery);
      while (!done) {
        done = !deliverDirectly(asked, target, delivery) || swarm.goOn(asked, target, delivery);
      }
    } catch (Delivery.CorruptException e) {
      counters.corruptBodies.increment();
      LOG.warn("{}: the answer is ended early: {}", target, e.getMessage());
      client.answer().abort();
    } finally {
      delivery.close();
    }
  }

  private boolean deliverThroughSwarm(ClientRequest client, Target target, Delivery delivery)
      throws IOException, Delivery.CorruptException {
    HttpHeaders headers = new DefaultHttpHeaders();
    if (target.isManifestByDigest()) {
      // The registry alone knows its type; and it is asked whether this client may have it.
      Optional<HttpHeaders> known = headersOfManifest(client, target);
      if (known.isEmpty()) {
        return false;
      }
      headers = known.get();
    } else {
      headers.set(HttpHeaderNames.CONTENT_TYPE, "application/octet-stream");
      headers.set(HttpHeaderNames.ACCEPT_RANGES, "bytes");
      nameDigest(headers, target);
    }
    if (swarm.deliver(client, target, headers, delivery)) {
      return true;
    }
    if (delivery.isBegun() && target.digest().isEmpty()) {
      throw new Delivery.CorruptException("the rest of it could be of another version");
    }
    return false;
  }

  private Optional<HttpHeaders> headersOfManifest(ClientRequest client, Target target)
      throws IOException {
    try (Response head = plain.ask(client.asHead(), target, Optional.empty(), true)) {
      if (OfflineAnswers.isUnreachable(head)) {
        return offline.headersOf(target);
      }
      offline.forgetRefused(client, target, head);
      if (head.code() != 200 || head.header("Content-Type") == null) {
        return Optional.empty();
      }
      offline.remember(client, target, head);
      HttpHeaders headers = DirectUpstream.headersOf(head);
      nameDigest(headers, target);
      return Optional.of(headers);
    } catch (ClientGoneException e) {
      throw e;
    } catch (IOException e) {
      Optional<HttpHeaders> known = offline.headersOf(target);
      if (known.isEmpty()) {
        throw e;
      }
      return known;
    }
  }

  private static void nameDigest(HttpHeaders headers, Target target) {
    Optional<Digest> digest = target.digest();
    if (digest.isPresent()) {
      headers.set("Docker-Content-Digest", digest.get().toString());
      headers.set(HttpHeaderNames.ETAG, '"' + digest.get().toString() + '"');
      headers.set("Docker-Distribution-Api-Version", "registry/2.0");
    }
  }

  /**
   * Goes on from the byte that is needed next; reads the rest anew if a connection breaks.
   *
   * @return whether the swarm is to go on: it delivers again, or the registry does not deliver
   *     either; if not, the answer is ended
   */
  private boolean deliverDirectly(ClientRequest client, Target target, Delivery delivery)
      throws IOException, Delivery.CorruptException {
    int failures = 0;
    while (true) {
      long before = delivery.next();
      try {
        switch (readOnce(client, target, delivery)) {
          case DONE -> {}
          case SWARM -> {
            return true;
          }
          case BROKEN -> client.answer().abort();
        }
        return false;
      } catch (ClientGoneException e) {
        throw e;
      } catch (IOException e) {
        if (!delivery.isBegun()) {
          throw e;
        }
        client.answer().checkThere();
        if (delivery.mayWaitForSwarm()) {
          return true;
        }
        failures = delivery.next() > before ? 1 : failures + 1;
        LOG.warn("{}: broke off at byte {}: {}", target, delivery.next(), e.getMessage());
        if (failures > MOST_FAILURES || target.digest().isEmpty()) {
          client.answer().abort();
          return false;
        }
      }
    }
  }

  /** How a direct read ended. */
  private enum End {
    DONE,
    /** What was begun cannot go on. */
    BROKEN,
    /** The swarm has the byte that is needed next. */
    SWARM
  }

  private End readOnce(ClientRequest client, Target target, Delivery delivery)
      throws IOException, Delivery.CorruptException {
    Optional<String> rest =
        delivery.isBegun() ? delivery.needed().map(ByteRanges::request) : Optional.empty();
    try (Response response = plain.ask(client, target, rest, true)) {
      offline.forgetRefused(client, target, response);
      long skip = 0;
      if (delivery.isBegun()) {
        if (response.code() == 200) {
          skip = delivery.next();
        } else if (!isFrom(response, delivery.next())) {
          LOG.warn("{}: answered {} for the rest", target, response.code());
          return End.BROKEN;
        }
      } else if (isWhatIsWanted(response, target, delivery)) {
        if (response.code() == 200) {
          delivery.takeWhole();
        }
        begin(response, target, delivery);
      } else if (isUnverifiable(client, response, target)) {
        throw new Delivery.CorruptException(
            "an answer %d is due to nobody".formatted(response.code()));
      } else {
        plain.pass(client, target, response, counters);
        return End.DONE;
      }
      return copy(response.body().byteStream(), skip, delivery);
    }
  }

  /** The bytes that are wanted, or the whole of what can be checked: not everybody knows ranges. */
  private static boolean isWhatIsWanted(Response response, Target target, Delivery delivery) {
    Optional<ByteRange> wanted = delivery.needed();
    return response.code() == 200
        ? wanted.isEmpty() || target.digest().isPresent()
        : wanted.isPresent() && isFrom(response, wanted.get().start());
  }

  /** Success, with bytes that nobody could check: a part unasked, or what somebody has changed. */
  private static boolean isUnverifiable(ClientRequest client, Response response, Target target) {
    boolean isAsked = response.code() == 206 && client.headers().contains(HttpHeaderNames.RANGE);
    return target.digest().isPresent() && response.isSuccessful() && !isAsked;
  }

  private static boolean isFrom(Response response, long start) {
    return response.code() == 206
        && Optional.ofNullable(response.header("Content-Range"))
            .flatMap(ByteRanges::ofAnswer)
            .filter(range -> range.start() == start)
            .isPresent();
  }

  private static void begin(Response response, Target target, Delivery delivery)
      throws ClientGoneException, Delivery.CorruptException {
    HttpHeaders headers = DirectUpstream.headersOf(response);
    if (!headers.contains("Docker-Content-Digest")) {
      target.digest().ifPresent(is -> headers.set("Docker-Content-Digest", is.toString()));
    }
    Optional<String> part = Optional.ofNullable(response.header("Content-Range"));
    delivery.begin(
        HttpResponseStatus.valueOf(response.code()),
        headers,
        length(response, part),
        ByteRanges.totalOf(part));
  }

  private static OptionalLong length(Response response, Optional<String> part) {
    long length = response.body().contentLength();
    if (length >= 0) {
      return OptionalLong.of(length);
    }
    return part.flatMap(ByteRanges::ofAnswer).stream().mapToLong(ByteRange::length).findFirst();
  }

  private End copy(InputStream in, long skip, Delivery delivery)
      throws IOException, Delivery.CorruptException {
    in.skipNBytes(skip);
    byte[] buffer = new byte[ProxyLimits.PORTION_BYTES];
    AdaptiveQuantum portion = new AdaptiveQuantum(buffer.length);
    int count = in.read(buffer, 0, most(portion, delivery));
    while (count >= 0) {
      counters.directBytes.add(count); // before a client can have them
      delivery.write(buffer, 0, count);
      portion.paused(limit.count(count, delivery.answer()));
      if (delivery.isReachedBySwarm()) {
        return End.SWARM;
      }
      count = in.read(buffer, 0, most(portion, delivery));
    }
    delivery.end();
    return End.DONE;
  }

  private static int most(AdaptiveQuantum portion, Delivery delivery) {
    return (int) Math.min(portion.bytes(), delivery.bytesUntilSwarm());
  }
}

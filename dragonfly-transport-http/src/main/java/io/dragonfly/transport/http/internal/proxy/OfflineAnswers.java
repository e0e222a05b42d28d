package io.dragonfly.transport.http.internal.proxy;

import com.google.common.base.Ticker;
import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
import okhttp3.Response;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What registries said lately to requests without credentials about themselves and about what a
 * digest names. Everybody could learn it, so everybody may while the registry cannot be reached.
 * Safe for concurrent use.
 */
final class OfflineAnswers {
  private static final Logger LOG = LoggerFactory.getLogger(OfflineAnswers.class);
  private static final int MOST = 10_000;
  private static final byte[] PING_BODY = "{}".getBytes(StandardCharsets.UTF_8);

  private final Cache<String, HttpHeaders> heads;

  /**
   * No answers yet.
   *
   * @param ttl how long one is remembered; zero remembers none
   */
  OfflineAnswers(Duration ttl, LongSupplier nanoClock) {
    this.heads =
        CacheBuilder.newBuilder()
            .maximumSize(MOST)
            .expireAfterWrite(ttl)
            .ticker(
                new Ticker() {
                  @Override
                  public long read() {
                    return nanoClock.getAsLong();
                  }
                })
            .build();
  }

  /** Tells whether an answer is that of a gateway whose server does not answer. */
  static boolean isUnreachable(Response response) {
    return response.code() == 502 || response.code() == 503 || response.code() == 504;
  }

  /** A registry has answered. What it says to credentials, or elsewhere, is not for everybody. */
  void remember(ClientRequest client, Target target, Response response) {
    forgetRefused(client, target, response);
    boolean isForAll =
        response.code() == 200
            && isRemembered(client, target)
            && client.isAnonymous()
            && response.request().header("Authorization") == null
            && response.request().url().equals(target.url());
    if (isForAll) {
      HttpHeaders headers = DirectUpstream.headersOf(response);
      String length = response.header("Content-Length");
      if (length != null) {
        headers.set(HttpHeaderNames.CONTENT_LENGTH, length);
      }
      heads.put(target.url().toString(), headers);
    }
  }

  /** What a registry refuses to a request without credentials is not for everybody any more. */
  void forgetRefused(ClientRequest client, Target target, Response response) {
    boolean isRefused =
        switch (response.code()) {
          case 401, 403, 404, 410 -> true;
          default -> response.request().header("Authorization") != null; // it wanted this proxy's
        };
    if (isRefused && client.isAnonymous()) {
      heads.invalidate(target.url().toString());
    }
  }

  private static boolean isRemembered(ClientRequest client, Target target) {
    return client.isRead()
        && target.mirror().isPresent()
        && (target.isPing() || target.digest().isPresent());
  }

  /** Returns the headers of what a digest names, but for its length, if they were for everybody. */
  Optional<HttpHeaders> headersOf(Target target) {
    return Optional.ofNullable(heads.getIfPresent(target.url().toString()))
        .map(known -> known.copy().remove(HttpHeaderNames.CONTENT_LENGTH));
  }

  /**
   * Answers in place of a registry that cannot be reached, if what is asked for is known: whether
   * it is a registry, or the headers of what a digest names.
   */
  boolean answer(ClientRequest client, Target target, String why) throws ClientGoneException {
    HttpHeaders known = heads.getIfPresent(target.url().toString());
    boolean isHead = client.method().equals("HEAD");
    if (known == null || !isRemembered(client, target) || !(isHead || target.isPing())) {
      return false;
    }
    LOG.info("{} {}: answered from what it said before: {}", client.method(), target, why);
    HttpHeaders headers = known.copy();
    if (isHead) {
      client.answer().headAlone(HttpResponseStatus.OK, headers);
    } else {
      headers.remove(HttpHeaderNames.CONTENT_LENGTH);
      headers.set(HttpHeaderNames.CONTENT_TYPE, "application/json");
      client.answer().whole(HttpResponseStatus.OK, headers, PING_BODY);
    }
    return true;
  }
}

package io.dragonfly.transport.http.internal.proxy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.task.Digest;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import okhttp3.HttpUrl;
import okhttp3.Request;
import okhttp3.Response;
import okio.BufferedSource;

/**
 * Tokens of registries, after Docker's token protocol. One request is in flight for the same realm,
 * scope and credentials, at most eight for a realm in all. A token is kept until nearly its end,
 * and a refusal for half a minute: one pull asks for the same token several times. Safe for
 * concurrent use; callers wait.
 */
final class Tokens {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MOST_KEPT = 500;
  private static final int MOST_REALMS = 500;

  /** What the protocol says where an answer does not. */
  private static final long DEFAULT_SECONDS = 60;

  private static final Duration TURN = Duration.ofSeconds(60);

  /** A request may wait for a turn, and then for two answers. */
  static final Duration WAIT = TURN.multipliedBy(3);

  /** Whoever was asked this long ago would say the same again. */
  private static final Duration NEW = Duration.ofSeconds(5);

  /** How long a refusal is remembered: most pulls have asked for all they need by then. */
  private static final Duration REFUSED = Duration.ofSeconds(30);

  private final DirectCalls calls;
  private final Counters counters;
  private final LongSupplier nanoClock;
  private final Duration wait;

  @GuardedBy("this")
  private final Map<Key, ProxyResponse> kept = new LinkedHashMap<>(16, 0.75f, true);

  @GuardedBy("this")
  private final Map<Key, CompletableFuture<ProxyResponse>> inFlight = new HashMap<>();

  @GuardedBy("this")
  private final Map<String, Realm> realms = new LinkedHashMap<>(16, 0.75f, true);

  /**
   * Tokens of which none is known.
   *
   * @param nanoClock the time, as of {@link System#nanoTime}
   * @param wait how long a request may wait for another one that asks for the same
   */
  Tokens(DirectCalls calls, Counters counters, LongSupplier nanoClock, Duration wait) {
    this.wait = wait;
    this.calls = calls;
    this.counters = counters;
    this.nanoClock = nanoClock;
  }

  /** Who asks for what. The credentials are there as a digest alone. */
  private record Key(HttpUrl url, String credentials) {}

  /**
   * What a token service answered.
   *
   * @param status its status
   * @param body its body
   * @param challenge its WWW-Authenticate, if it had one
   * @param token the token, if it gave one
   * @param bornNanos when it came
   * @param endNanos until when it is kept
   */
  record ProxyResponse(
      int status,
      String body,
      Optional<String> challenge,
      Optional<String> token,
      long bornNanos,
      long endNanos) {
    /** Hides the token, which is in the body, too. */
    @Override
    public String toString() {
      return "Answer[" + status + ", challenge " + challenge + "]";
    }
  }

  /**
   * A token service that a registry has named.
   *
   * @param url where it is
   * @param registry who has named it
   * @param turns one is taken for each request to it, whichever registry has named it
   */
  record Realm(HttpUrl url, Target registry, Semaphore turns) {}

  /** Returns the time in which tokens end. */
  long now() {
    return nanoClock.getAsLong();
  }

  /**
   * Remembers a token service; returns a name for it. One that two registries name has two names: a
   * registry that names the token service of another must not change whose login is shown there. So
   * has one of a registry that is mirrored under two names, which are in the scopes.
   */
  synchronized String learn(HttpUrl realm, Target registry) {
    String prefix = registry.mirror().map(Target.Mirror::prefix).orElse("");
    String name = hash(realm + " " + registry.origin() + " " + prefix);
    if (realms.get(name) == null) { // marks it as used, too
      Semaphore turns = turns(realm).orElseGet(() -> new Semaphore(ProxyLimits.TOKEN_REQUESTS));
      realms.put(name, new Realm(realm, registry, turns));
    }
    if (realms.size() > MOST_REALMS) {
      realms.remove(realms.keySet().iterator().next());
    }
    return name;
  }

  /** Returns a token service by the name that it was given. */
  synchronized Optional<Realm> realm(String name) {
    return Optional.ofNullable(realms.get(name));
  }

  /** Returns what holds back requests that go to a token service; empty for all other URLs. */
  synchronized Optional<Semaphore> turns(HttpUrl url) {
    return realms.values().stream()
        .filter(realm -> isAt(realm.url(), url))
        .map(Realm::turns)
        .findFirst();
  }

  private static boolean isAt(HttpUrl realm, HttpUrl url) {
    return realm.host().equals(url.host())
        && realm.port() == url.port()
        && realm.encodedPath().equals(url.encodedPath());
  }

  /** Returns the header that brings a token. */
  static String header(String token) {
    return "Bearer " + token;
  }

  /**
   * Keeps a token no longer that its registry does not take any more: it may have been started anew
   * with another key.
   *
   * @param authorization the header that the registry has refused
   */
  synchronized void refused(String authorization) {
    long now = nanoClock.getAsLong();
    kept.values()
        .removeIf(
            answer ->
                now - answer.bornNanos() > NEW.toNanos()
                    && answer.token().map(Tokens::header).equals(Optional.of(authorization)));
  }

  @GuardedBy("this")
  private Optional<ProxyResponse> keptAnswer(Key key) {
    ProxyResponse answer = kept.get(key);
    if (answer != null && answer.endNanos() - nanoClock.getAsLong() <= 0) {
      kept.remove(key);
      return Optional.empty();
    }
    return Optional.ofNullable(answer);
  }

  /**
   * Asks for a token, or waits for the request that asks for the same already.
   *
   * @param target the token service, with the query that says what for
   * @param credentials the Authorization header that it gets to see
   * @throws IOException if the service cannot be asked
   */
  ProxyResponse get(Target target, Optional<String> credentials) throws IOException {
    Key key = key(target.url(), credentials);
    CompletableFuture<ProxyResponse> answer;
    boolean first;
    synchronized (this) {
      Optional<ProxyResponse> known = keptAnswer(key);
      if (known.isPresent()) {
        return known.get();
      }
      first = !inFlight.containsKey(key);
      answer = inFlight.computeIfAbsent(key, k -> new CompletableFuture<>());
    }
    if (first) {
      ask(target, credentials, key, answer);
    }
    return await(answer);
  }

  /** Clients send the same parameters in various orders. */
  private static Key key(HttpUrl url, Optional<String> credentials) {
    HttpUrl.Builder ordered = url.newBuilder().query(null);
    for (String name : new TreeSet<>(url.queryParameterNames())) {
      url.queryParameterValues(name).forEach(value -> ordered.addQueryParameter(name, value));
    }
    return new Key(ordered.build(), credentials.map(Tokens::hash).orElse(""));
  }

  private static String hash(String text) {
    MessageDigest sha = Digest.newSha256();
    sha.update(text.getBytes(StandardCharsets.UTF_8));
    return Digest.of(sha).hex();
  }

  private void ask(
      Target target,
      Optional<String> credentials,
      Key key,
      CompletableFuture<ProxyResponse> result) {
    try {
      ProxyResponse answer = askNow(target, credentials);
      boolean isKept = answer.token().isPresent() || isRefusal(answer.status());
      end(key, isKept ? Optional.of(answer) : Optional.empty());
      result.complete(answer);
    } catch (InterruptedIOException e) {
      end(key, Optional.of(silence())); // this very request would wait for it again
      result.completeExceptionally(e);
    } catch (IOException | RuntimeException e) {
      end(key, Optional.empty());
      result.completeExceptionally(e);
    } finally {
      if (!result.isDone()) { // after an Error, too, the next request must be able to ask
        end(key, Optional.empty());
        result.completeExceptionally(new IOException("the request for it has failed"));
      }
    }
  }

  /** The service would say the same again, unlike one that is late or has too much to do. */
  private static boolean isRefusal(int status) {
    return status >= 400 && status < 500 && status != 408 && status != 429;
  }

  private synchronized void end(Key key, Optional<ProxyResponse> keep) {
    if (keep.isPresent()) {
      kept.put(key, keep.get());
      if (kept.size() > MOST_KEPT) {
        kept.remove(kept.keySet().iterator().next());
      }
    }
    inFlight.remove(key);
  }

  /** What is known for a while of a service that gave no answer in time. */
  private ProxyResponse silence() {
    long now = nanoClock.getAsLong();
    return new ProxyResponse(504, "", Optional.empty(), Optional.empty(), now, now + NEW.toNanos());
  }

  private ProxyResponse askNow(Target target, Optional<String> credentials) throws IOException {
    Semaphore turns =
        turns(target.url()).orElseGet(() -> new Semaphore(ProxyLimits.TOKEN_REQUESTS));
    takeTurn(turns);
    try {
      Optional<Request> post = TokenRequests.post(target.url(), credentials);
      try (Response response = send(target, TokenRequests.get(target.url(), credentials))) {
        if (response.code() != 405 || post.isEmpty()) {
          return read(response);
        }
      }
      try (Response response = send(target, post.get())) {
        return read(response);
      }
    } finally {
      turns.release();
    }
  }

  private Response send(Target target, Request request) throws IOException {
    counters.tokenRequests.increment();
    return calls.createShort(target, request).execute();
  }

  /**
   * Waits until a token service may be asked.
   *
   * @throws IOException if that takes too long
   */
  static void takeTurn(Semaphore turns) throws IOException {
    try {
      if (!turns.tryAcquire(TURN.toNanos(), TimeUnit.NANOSECONDS)) {
        throw new IOException("too many requests for tokens at once");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for a token");
    }
  }

  private ProxyResponse read(Response response) throws IOException {
    BufferedSource source = response.body().source();
    if (source.request(ProxyLimits.TOKEN_BYTES + 1L)) {
      throw new IOException("the token service's answer is too long");
    }
    String body = source.readUtf8();
    long now = nanoClock.getAsLong();
    Optional<String> token = Optional.empty();
    long seconds = DEFAULT_SECONDS;
    if (response.isSuccessful()) {
      JsonNode json = JSON.readTree(body);
      token = text(json, "token").or(() -> text(json, "access_token"));
      seconds = json.path("expires_in").asLong(DEFAULT_SECONDS);
      if (token.isEmpty()) {
        throw new IOException("the token service gave no token");
      }
    }
    // A tenth earlier: it must not end on its way.
    long tokenLife = TimeUnit.SECONDS.toNanos(Math.max(0, Math.min(seconds, 86_400))) / 10 * 9;
    long life = token.isPresent() ? tokenLife : REFUSED.toNanos();
    return new ProxyResponse(
        response.code(),
        body,
        Optional.ofNullable(response.header("WWW-Authenticate")),
        token,
        now,
        now + life);
  }

  /** A token becomes a header: what cannot be in one is none. */
  private static Optional<String> text(JsonNode json, String name) {
    String value = json.path(name).asText("");
    return value.matches("[\\x21-\\x7e]+") ? Optional.of(value) : Optional.empty();
  }

  private ProxyResponse await(CompletableFuture<ProxyResponse> answer) throws IOException {
    try {
      return answer.get(wait.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new IOException("another request for the same token does not end", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for a token");
    } catch (ExecutionException e) {
      throw new IOException("no token: " + e.getMessage(), e);
    }
  }
}

package io.dragonfly.transport.http.internal.proxy;

import io.dragonfly.spi.AdaptiveQuantum;
import io.dragonfly.task.Headers;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;
import okhttp3.Call;
import okhttp3.HttpUrl;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/**
 * Passes requests on to where their URL says, and answers back, as they are. Safe for concurrent
 * use; callers wait.
 */
final class DirectUpstream {
  /** What is sent where a client does not say who it is. */
  static final String USER_AGENT = "dragonfly-java";

  private static final int MOST_REDIRECTS = 10;

  /** OkHttp wants one for them, be it empty. */
  private static final Set<String> MUST_HAVE_A_BODY =
      Set.of("POST", "PUT", "PATCH", "PROPPATCH", "QUERY", "REPORT");

  private final DirectCalls calls;
  private final RegistryAuth auth;
  private final Hosts hosts;
  private final DirectLimit limit;
  private final String via;
  private final Duration bodyLimit;

  /**
   * The way.
   *
   * @param limit holds the bodies of answers back
   * @param via what this proxy is called in Via
   * @param bodyLimit how long a client may bring no byte of its request's body
   */
  DirectUpstream(
      DirectCalls calls,
      RegistryAuth auth,
      Hosts hosts,
      DirectLimit limit,
      String via,
      Duration bodyLimit) {
    this.calls = calls;
    this.auth = auth;
    this.hosts = hosts;
    this.limit = limit;
    this.via = via;
    this.bodyLimit = bodyLimit;
  }

  /**
   * Asks, and returns the answer, which the caller closes. For clients of a mirror that bring no
   * credentials, logs in.
   *
   * @param range asked for instead of what the client asks for, if anything
   * @param follows whether redirects are followed and not handed to the client
   */
  Response ask(ClientRequest client, Target target, Optional<String> range, boolean follows)
      throws IOException {
    boolean logsIn = auth.logsIn(client, target);
    Optional<String> login =
        logsIn && !target.isPing() ? auth.known(client, target) : Optional.empty();
    Response response = askOnce(client, target, login, range);
    if (logsIn && response.code() == 401) {
      Optional<String> other =
          target.isPing()
              ? auth.login(client, target).filter(unused -> isBasic(response))
              : auth.answer(client, target, response.headers("WWW-Authenticate"), login);
      if (other.isPresent() && !other.equals(login)) {
        response.close();
        Response second = askOnce(client, target, other, range);
        return follows ? follow(client, target, second, range) : second;
      }
    }
    return follows ? follow(client, target, response, range) : response;
  }

  private static boolean isBasic(Response response) {
    return Challenges.hasBasic(Challenges.parse(response.headers("WWW-Authenticate")));
  }

  private Response askOnce(
      ClientRequest client, Target target, Optional<String> login, Optional<String> range)
      throws IOException {
    Request.Builder request = request(client, target.url(), range, name -> true);
    login.ifPresent(value -> request.header("Authorization", value));
    return execute(client, target, request.build());
  }

  /** Contents are often elsewhere, and a client that went there would go round the swarm. */
  private Response follow(
      ClientRequest client, Target target, Response first, Optional<String> range)
      throws IOException {
    Response response = first;
    for (int i = 0; isRedirect(response); i++) {
      HttpUrl from = response.request().url();
      String location = response.header("Location");
      HttpUrl to = location == null ? null : from.resolve(location);
      if (to != null && from.isHttps() && !to.isHttps()) {
        return response;
      }
      response.close();
      if (to == null) {
        String where =
            location == null ? "without saying where" : "to what is no http or https URL";
        throw new IOException(
            "%s redirects %s, with %d".formatted(target.display(), where, response.code()));
      }
      if (i == MOST_REDIRECTS) {
        throw new IOException(
            "%s redirects more than %d times".formatted(target.display(), MOST_REDIRECTS));
      }
      boolean isHome = Target.origin(to).equals(target.origin());
      Request.Builder request =
          request(client, to, range, name -> isHome || Headers.isHarmless(name));
      String login = first.request().header("Authorization");
      if (isHome && login != null) {
        request.header("Authorization", login);
      }
      response = execute(client, target.at(to, hosts), request.build());
    }
    return response;
  }

  private static boolean isRedirect(Response response) {
    return switch (response.code()) {
      case 301, 302, 303, 307, 308 -> true;
      default -> false;
    };
  }

  private Response execute(ClientRequest client, Target target, Request request)
      throws IOException {
    try {
      return executeOnce(client, target, request);
    } catch (IOException e) {
      if (!(request.body() instanceof InboundBody body && body.isLate())) {
        throw e;
      }
      // A server that does not know the header waits for the body, too.
      Request without =
          request
              .newBuilder()
              .removeHeader(DirectCalls.EXPECT)
              .method(request.method(), body(client))
              .build();
      return executeOnce(client, target, without);
    }
  }

  private Response executeOnce(ClientRequest client, Target target, Request request)
      throws IOException {
    Call call = calls.create(target, request);
    client.answer().onGone(call::cancel);
    return call.execute();
  }

  private Request.Builder request(
      ClientRequest client, HttpUrl url, Optional<String> range, Predicate<String> passes) {
    okhttp3.Headers.Builder headers = new okhttp3.Headers.Builder();
    for (Map.Entry<String, String> header : HopHeaders.endToEnd(client.headers())) {
      String name = header.getKey().toLowerCase(Locale.ROOT);
      boolean isReplaced = range.isPresent() && (name.equals("range") || name.equals("if-range"));
      if (!ClientRequest.NOT_PASSED_ON.contains(name) && !isReplaced && passes.test(name)) {
        headers.addUnsafeNonAscii(header.getKey(), header.getValue());
      }
    }
    range.ifPresent(value -> headers.add("Range", value));
    if (headers.get("Accept-Encoding") == null) {
      headers.add("Accept-Encoding", "identity"); // OkHttp would ask for gzip and unpack it
    }
    if (headers.get("User-Agent") == null) {
      headers.add("User-Agent", USER_AGENT);
    }
    headers.add("Via", "1.1 " + via);
    RequestBody body = body(client);
    if (body != null && client.body().expectsContinue() && !client.body().isAsked()) {
      headers.add(DirectCalls.EXPECT, "100-continue"); // a refusal then costs no upload
    }
    return new Request.Builder().url(url).headers(headers.build()).method(client.method(), body);
  }

  private @Nullable RequestBody body(ClientRequest client) {
    Inbound body = client.body();
    boolean isEmpty = body.length().orElse(-1) == 0;
    if (client.isRead() || (isEmpty && !MUST_HAVE_A_BODY.contains(client.method()))) {
      return null;
    }
    return new InboundBody(body, bodyLimit);
  }

  /** Returns the headers of an answer that are passed on. */
  static HttpHeaders headersOf(Response response) {
    Set<String> hop = HopHeaders.of(response.headers("Connection"));
    HttpHeaders headers = new DefaultHttpHeaders();
    for (var header : response.headers()) {
      String name = header.getFirst().toLowerCase(Locale.ROOT);
      if (!hop.contains(name) && !name.equals("content-length")) {
        headers.add(header.getFirst(), header.getSecond());
      }
    }
    return headers;
  }

  /** Returns how long a client may bring no byte of its request's body. */
  Duration bodyLimit() {
    return bodyLimit;
  }

  /** Passes an answer on as it is, but for where it says that the registry and its tokens are. */
  void pass(ClientRequest client, Target target, Response response, Counters counters)
      throws IOException {
    HttpHeaders headers = headersOf(response);
    target.mirror().ifPresent(mirror -> MirrorHeaders.rewrite(headers, target, mirror));
    if (response.code() == 401) {
      auth.challenge(client, target, response)
          .ifPresent(ours -> headers.set(HttpHeaderNames.WWW_AUTHENTICATE, ours));
    }
    HttpResponseStatus status = HttpResponseStatus.valueOf(response.code(), response.message());
    String announced = response.header("Content-Length");
    if (client.method().equals("HEAD") || response.code() == 204 || response.code() == 304) {
      if (announced != null && response.code() != 204) {
        headers.set("Content-Length", announced);
      }
      client.answer().headAlone(status, headers);
      return;
    }
    long length = response.body().contentLength();
    client
        .answer()
        .head(status, headers, length < 0 ? OptionalLong.empty() : OptionalLong.of(length));
    byte[] buffer = new byte[ProxyLimits.PORTION_BYTES];
    AdaptiveQuantum portion = new AdaptiveQuantum(buffer.length);
    InputStream in = response.body().byteStream();
    int count = in.read(buffer, 0, portion.bytes());
    while (count >= 0) {
      counters.directBytes.add(count);
      ByteBuf part = client.answer().buffer(count);
      client.answer().body(part.writeBytes(buffer, 0, count));
      portion.paused(limit.count(count, client.answer()));
      count = in.read(buffer, 0, portion.bytes());
    }
    client.answer().end();
  }

  /** Returns the values of Via that name this proxy: then a request has come back. */
  boolean isFromHere(List<String> values) {
    return values.stream().anyMatch(value -> value.contains(via));
  }
}

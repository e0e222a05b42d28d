package io.dragonfly.transport.http.internal.proxy;

import io.dragonfly.task.Digest;
import io.dragonfly.testkit.FreePorts;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import mockwebserver3.SocketEffect;
import okio.Buffer;
import org.jspecify.annotations.Nullable;

/** A registry, as far as pulls need one, that can be told to misbehave. */
final class FakeRegistry implements AutoCloseable {
  static final String MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";

  final MockWebServer server = new MockWebServer();
  final List<RecordedRequest> requests = new CopyOnWriteArrayList<>();
  final AtomicInteger tokens = new AtomicInteger();

  private final Map<String, byte[]> contents = new ConcurrentHashMap<>();
  private final Map<String, Function<RecordedRequest, @Nullable MockResponse>> answers =
      new ConcurrentHashMap<>();

  /** What a request must bring, and what it is told otherwise. */
  volatile String authorization = "";

  volatile String challenge = "";
  volatile int cutAt = -1;
  volatile String redirect = "";

  FakeRegistry() throws IOException {
    server.setDispatcher(
        new Dispatcher() {
          @Override
          public MockResponse dispatch(RecordedRequest request) {
            requests.add(request);
            return answer(request);
          }
        });
    server.start(InetAddress.getLoopbackAddress(), FreePorts.next());
  }

  String authority() {
    return "127.0.0.1:" + server.getPort();
  }

  String url(String path) {
    return "http://" + authority() + path;
  }

  /** Puts a blob there; returns its path. */
  String blob(byte[] bytes) {
    return put("/v2/lab/app/blobs/" + digest(bytes), bytes);
  }

  String put(String path, byte[] bytes) {
    contents.put(path, bytes);
    return path;
  }

  /** Puts a manifest there, under a tag and its digest; returns the path with the digest. */
  String manifest(String tag, byte[] bytes) {
    contents.put("/v2/lab/app/manifests/" + tag, bytes);
    return put("/v2/lab/app/manifests/" + digest(bytes), bytes);
  }

  /** Answers a path in another way, unless the function returns null. */
  void on(String path, Function<RecordedRequest, @Nullable MockResponse> answer) {
    answers.put(path, answer);
  }

  /** Returns the paths of all that is here, and that of the registry itself. */
  List<String> paths() {
    List<String> all = new ArrayList<>(contents.keySet());
    all.add("/v2/");
    return all;
  }

  long asked(String method, String path) {
    return requests.stream()
        .filter(r -> r.getMethod().equals(method) && r.getUrl().encodedPath().equals(path))
        .count();
  }

  RecordedRequest last() {
    return requests.get(requests.size() - 1);
  }

  private MockResponse answer(RecordedRequest request) {
    String path = request.getUrl().encodedPath();
    boolean isHead = request.getMethod().equals("HEAD");
    Function<RecordedRequest, @Nullable MockResponse> special = answers.get(path);
    MockResponse answer = special == null ? null : special.apply(request);
    if (answer != null) {
      return answer;
    }
    if (!authorization.isEmpty()
        && path.startsWith("/v2/")
        && !authorization.equals(request.getHeaders().get("Authorization"))) {
      return new MockResponse.Builder()
          .code(401)
          .addHeader("WWW-Authenticate", challenge)
          .body(isHead ? "" : "{\"errors\":[{\"code\":\"UNAUTHORIZED\"}]}")
          .build();
    }
    if (path.equals("/v2/")) {
      return new MockResponse.Builder().body("{}").build();
    }
    byte[] content = contents.get(path);
    if (content == null) {
      return new MockResponse.Builder()
          .code(404)
          .addHeader("Content-Type", "application/json")
          .body(isHead ? "" : "{\"errors\":[{\"code\":\"BLOB_UNKNOWN\"}]}")
          .build();
    }
    if (!redirect.isEmpty() && path.contains("/blobs/")) {
      return new MockResponse.Builder().code(307).addHeader("Location", redirect + path).build();
    }
    return content(request, path, content);
  }

  private MockResponse content(RecordedRequest request, String path, byte[] content) {
    MockResponse.Builder answer =
        new MockResponse.Builder()
            .addHeader("Docker-Content-Digest", digest(content).toString())
            .addHeader(
                "Content-Type",
                path.contains("/manifests/") ? MANIFEST_TYPE : "application/octet-stream")
            .addHeader("ETag", "\"" + digest(content) + "\"");
    String range = request.getHeaders().get("Range");
    int from = 0;
    int to = content.length;
    if (range != null && range.startsWith("bytes=")) {
      String[] ends = range.substring(6).split("-", 2);
      from = Integer.parseInt(ends[0]);
      to = ends[1].isEmpty() ? to : Math.min(to, Integer.parseInt(ends[1]) + 1);
      if (from >= content.length) {
        return answer.code(416).addHeader("Content-Range", "bytes */" + content.length).build();
      }
      answer
          .code(206)
          .addHeader("Content-Range", "bytes %d-%d/%d".formatted(from, to - 1, content.length));
    }
    if (request.getMethod().equals("HEAD")) {
      return answer.addHeader("Content-Length", Integer.toString(content.length)).build();
    }
    answer.body(new Buffer().write(content, from, to - from));
    int cut = cutAt;
    if (cut >= 0 && from < cut && path.contains("/blobs/")) {
      answer.onResponseBody(new SocketEffect.CloseSocket());
    }
    return answer.build();
  }

  /** Wants tokens from now on, which this server gives to everybody. */
  void wantTokens(String token) {
    authorization = "Bearer " + token;
    challenge =
        "Bearer realm=\"%s\",service=\"lab\",scope=\"repository:lab/app:pull\""
            .formatted(url("/token"));
    on(
        "/token",
        request -> {
          tokens.incrementAndGet();
          return new MockResponse.Builder()
              .body("{\"token\":\"%s\",\"expires_in\":300}".formatted(token))
              .build();
        });
  }

  static Digest digest(byte[] content) {
    MessageDigest sha = Digest.newSha256();
    sha.update(content);
    return Digest.of(sha);
  }

  static byte[] bytes(int length, int seed) {
    byte[] bytes = new byte[length];
    new java.util.Random(seed).nextBytes(bytes);
    return bytes;
  }

  static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    server.close();
  }
}

package io.dragonfly.transport.http.swarm;

import com.google.common.util.concurrent.Uninterruptibles;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockResponseBody;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import okio.BufferedSink;

/** The source of a {@link Swarm}: a web server with ranges that counts what it sends. */
final class SwarmSource extends Dispatcher implements AutoCloseable {
  private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d*)");

  private final MockWebServer server = new MockWebServer();
  private final Map<String, TestFile> files = new ConcurrentHashMap<>();
  private final AtomicLong bytesServed = new AtomicLong();
  private final AtomicLong requests = new AtomicLong();
  private final AtomicInteger refusals = new AtomicInteger();
  private volatile CountDownLatch secondHalves = new CountDownLatch(0);

  SwarmSource() throws IOException {
    server.setDispatcher(this);
    server.start();
  }

  TestFile publish(TestFile file) {
    files.put("/" + file.name(), file);
    return file;
  }

  String url(TestFile file) {
    return "http://127.0.0.1:" + server.getPort() + "/" + file.name();
  }

  /** Returns the body bytes of all answers so far. */
  long bytesServed() {
    return bytesServed.get();
  }

  long requests() {
    return requests.get();
  }

  /** So many requests from now on are refused: the source has too much to do. */
  void refuse(int times) {
    refusals.set(times);
  }

  @Override
  public MockResponse dispatch(RecordedRequest request) {
    requests.incrementAndGet();
    int refused = refusals.getAndUpdate(left -> Math.max(0, left - 1));
    if (refused > 0) {
      return new MockResponse.Builder()
          .code(refused % 2 == 0 ? 503 : 429)
          .addHeader("Retry-After", "1")
          .build();
    }
    TestFile file = files.get(request.getTarget());
    if (file == null) {
      return new MockResponse.Builder().code(404).build();
    }
    if (file.authorization().isPresent()
        && !file.authorization().get().equals(request.getHeaders().get("Authorization"))) {
      return new MockResponse.Builder()
          .code(401)
          .addHeader("WWW-Authenticate", "Basic realm=\"staff\"")
          .build();
    }
    return file.chunked() ? chunked(file) : ranged(file, request.getHeaders().get("Range"));
  }

  private MockResponse chunked(TestFile file) {
    bytesServed.addAndGet(file.length());
    okio.Buffer body = new okio.Buffer().write(file.bytes());
    return new MockResponse.Builder().chunkedBody(body, 64 << 10).build();
  }

  private MockResponse ranged(TestFile file, String range) {
    MockResponse.Builder response =
        new MockResponse.Builder().addHeader("ETag", "\"" + file.name() + file.length() + "\"");
    Matcher matcher = RANGE.matcher(range == null ? "" : range);
    int start = 0;
    int end = (int) file.length();
    if (matcher.matches()) {
      start = Integer.parseInt(matcher.group(1));
      end =
          matcher.group(2).isEmpty() ? end : Math.min(end, Integer.parseInt(matcher.group(2)) + 1);
      if (start >= file.length()) {
        return response.code(416).addHeader("Content-Range", "bytes */" + file.length()).build();
      }
      response
          .code(206)
          .addHeader("Content-Range", "bytes " + start + "-" + (end - 1) + "/" + file.length());
    }
    if (file.bytesPerSecond() > 0) {
      response.throttleBody(file.bytesPerSecond() / 20, 50, TimeUnit.MILLISECONDS);
    }
    return response.body(new Body(file.bytes(), start, end)).build();
  }

  /** Part of a file that counts what is sent of it. */
  private final class Body implements MockResponseBody {
    private final byte[] bytes;
    private final int start;
    private final int end;

    Body(byte[] bytes, int start, int end) {
      this.bytes = bytes;
      this.start = start;
      this.end = end;
    }

    @Override
    public long getContentLength() {
      return end - start;
    }

    @Override
    public void writeTo(BufferedSink sink) throws IOException {
      for (int at = start; at < end; ) {
        int count = Math.min(64 << 10, end - at);
        sink.write(bytes, at, count);
        sink.emitCompleteSegments();
        bytesServed.addAndGet(count);
        at += count;
        if (at < end && at - start >= (end - start) / 2) {
          sink.flush();
          var unused = Uninterruptibles.awaitUninterruptibly(secondHalves, 60, TimeUnit.SECONDS);
        }
      }
    }
  }

  /** Sends only the first half of each body until this is counted down. */
  CountDownLatch holdSecondHalves() {
    CountDownLatch held = new CountDownLatch(1);
    secondHalves = held;
    return held;
  }

  @Override
  public void close() {
    secondHalves.countDown();
    super.close();
    server.close();
  }
}

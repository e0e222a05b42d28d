package io.dragonfly.transport.http.internal.source;

import io.dragonfly.task.ByteRange;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.RecordedRequest;
import mockwebserver3.SocketEffect;
import okio.Buffer;

/** Files on a web server that knows ETags, ranges and If-Range, as a good one does. */
final class PublishedFiles extends Dispatcher {
  private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d*)");

  private final Map<String, PublishedFile> files = new ConcurrentHashMap<>();

  /** One file; what goes wrong with its answers is up to {@code spoil}. */
  private record PublishedFile(
      byte[] bytes, String tag, String authorization, UnaryOperator<MockResponse.Builder> spoil) {}

  void put(String path, byte[] bytes) {
    put(path, bytes, "", UnaryOperator.identity());
  }

  void put(
      String path, byte[] bytes, String authorization, UnaryOperator<MockResponse.Builder> spoil) {
    String tag = "\"" + Integer.toHexString(Arrays.hashCode(bytes)) + "\"";
    files.put(path, new PublishedFile(bytes, tag, authorization, spoil));
  }

  @Override
  public MockResponse dispatch(RecordedRequest request) {
    PublishedFile file = files.get(request.getUrl().encodedPath());
    if (file == null) {
      return new MockResponse.Builder().code(404).build();
    }
    String given = request.getHeaders().get("Authorization");
    if (!file.authorization.isEmpty() && !file.authorization.equals(given)) {
      return new MockResponse.Builder()
          .code(401)
          .addHeader("WWW-Authenticate", "Basic realm=\"test\"")
          .build();
    }
    return file.spoil.apply(answer(request, file)).build();
  }

  private static MockResponse.Builder answer(RecordedRequest request, PublishedFile file) {
    MockResponse.Builder answer = new MockResponse.Builder().addHeader("ETag", file.tag);
    String range = request.getHeaders().get("Range");
    String ifRange = request.getHeaders().get("If-Range");
    if (range == null || (ifRange != null && !ifRange.equals(file.tag))) {
      return answer.body(new Buffer().write(file.bytes));
    }
    Matcher matcher = RANGE.matcher(range);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(range);
    }
    int start = Integer.parseInt(matcher.group(1));
    String last = matcher.group(2);
    int end =
        last.isEmpty()
            ? file.bytes.length
            : Math.min(Integer.parseInt(last) + 1, file.bytes.length);
    if (start >= end) {
      return answer.code(416).setHeader("Content-Range", "bytes */" + file.bytes.length);
    }
    return answer
        .code(206)
        .setHeader("Content-Range", "bytes " + ByteRange.of(start, end) + "/" + file.bytes.length)
        .body(new Buffer().write(file.bytes, start, end - start));
  }

  /** Announces the whole, brings the beginning, and hangs up. */
  static MockResponse.Builder cut(MockResponse.Builder answer, byte[] bytes, int end) {
    return silent(answer, bytes, end).onResponseEnd(new SocketEffect.CloseSocket());
  }

  /** Announces the whole, brings the beginning, and no more. */
  static MockResponse.Builder silent(MockResponse.Builder answer, byte[] bytes, int end) {
    return answer.body(new Buffer().write(bytes, 0, end)).setHeader("Content-Length", bytes.length);
  }
}

package io.dragonfly.transport.http.internal.server;

import io.dragonfly.transport.http.internal.wire.OneLine;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import java.util.List;
import java.util.Optional;

/** What is checked of every request before anybody looks at its path. */
final class RequestHead {
  private static final String BEARER = "Bearer ";

  private RequestHead() {}

  /**
   * Refuses what is not HTTP/1, and what two readers could take for two different requests.
   *
   * @throws ServerRefusal with which the connection must end, since nobody knows where the next
   *     request begins
   */
  static void check(HttpRequest request) throws ServerRefusal {
    if (request.decoderResult().isFailure()) {
      throw ServerRefusal.badRequest(
          "not a valid request: "
              + OneLine.of(String.valueOf(request.decoderResult().cause().getMessage())));
    }
    HttpVersion version = request.protocolVersion();
    if (!version.equals(HttpVersion.HTTP_1_1) && !version.equals(HttpVersion.HTTP_1_0)) {
      throw new ServerRefusal(HttpResponseStatus.HTTP_VERSION_NOT_SUPPORTED, "use HTTP/1.1");
    }
    if (request.headers().contains(HttpHeaderNames.TRANSFER_ENCODING)) {
      throw new ServerRefusal(
          HttpResponseStatus.LENGTH_REQUIRED, "send a Content-Length, no Transfer-Encoding");
    }
    if (request.headers().getAll(HttpHeaderNames.CONTENT_LENGTH).size() > 1) {
      throw ServerRefusal.badRequest("more than one Content-Length");
    }
    int hosts = request.headers().getAll(HttpHeaderNames.HOST).size();
    if (hosts > 1 || (hosts == 0 && version.equals(HttpVersion.HTTP_1_1))) {
      throw ServerRefusal.badRequest("a request has one Host header");
    }
  }

  /** Returns the length of the body, 0 if the request does not say. */
  static long bodyLength(HttpRequest request) {
    return HttpUtil.getContentLength(request, 0L);
  }

  /** Refuses every method but one. */
  static void checkMethod(HttpRequest request, HttpMethod allowed) throws ServerRefusal {
    if (!request.method().equals(allowed)) {
      throw ServerRefusal.wrongMethod(allowed);
    }
  }

  /** Returns the token that a request shows; empty if none. A secret. */
  static String bearer(HttpRequest request) throws ServerRefusal {
    String shown = header(request, HttpHeaderNames.AUTHORIZATION.toString()).orElse("");
    return shown.startsWith(BEARER) ? shown.substring(BEARER.length()) : "";
  }

  /**
   * Returns the value of a header.
   *
   * @throws ServerRefusal if there is more than one of the name
   */
  static Optional<String> header(HttpRequest request, String name) throws ServerRefusal {
    List<String> values = request.headers().getAll(name);
    if (values.size() > 1) {
      throw ServerRefusal.badRequest("more than one " + name);
    }
    return values.stream().findFirst();
  }
}

package io.dragonfly.transport.http.internal.proxy;

import io.dragonfly.control.SecurityEvent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.util.List;

/** What the head of a request must be before anybody works on it. */
final class RequestChecks {
  private RequestChecks() {}

  /** Refuses what is not HTTP/1, and what two readers could take for two different requests. */
  static void checkHead(HttpRequest request) throws ProxyRefusal {
    if (request.decoderResult().isFailure()) {
      throw ProxyRefusal.badRequest("this is no valid request, or its head is too long");
    }
    HttpVersion version = request.protocolVersion();
    if (!version.equals(HttpVersion.HTTP_1_1) && !version.equals(HttpVersion.HTTP_1_0)) {
      throw new ProxyRefusal(HttpResponseStatus.HTTP_VERSION_NOT_SUPPORTED, "use HTTP/1.1");
    }
    List<String> codings = request.headers().getAll(HttpHeaderNames.TRANSFER_ENCODING);
    boolean isChunked = codings.size() == 1 && codings.get(0).trim().equalsIgnoreCase("chunked");
    if (!codings.isEmpty() && !isChunked) {
      throw new ProxyRefusal(HttpResponseStatus.NOT_IMPLEMENTED, "use no coding but chunked");
    }
    int hosts = request.headers().getAll(HttpHeaderNames.HOST).size();
    if (hosts > 1 || (hosts == 0 && version.equals(HttpVersion.HTTP_1_1))) {
      throw ProxyRefusal.badRequest("a request has one Host header");
    }
  }

  /**
   * Refuses a request to the proxy itself by a name that is not its own: a web page can point its
   * name to any address that its reader reaches, and a script of it would read what clients of this
   * proxy may. An address as the name is refused on loopback addresses alone, where only theirs are
   * used: elsewhere it cannot be pointed anywhere, and behind a NAT it is none of this machine.
   *
   * @param at the address of this machine that the request came to
   */
  static void checkName(HttpRequest request, Hosts hosts, InetAddress at) throws ProxyRefusal {
    String host = request.headers().get(HttpHeaderNames.HOST);
    boolean isOwn =
        host == null || hosts.isOwnName(host) || (!at.isLoopbackAddress() && isAddress(host));
    if (request.uri().startsWith("/") && !isOwn) {
      throw new ProxyRefusal(
              HttpResponseStatus.MISDIRECTED_REQUEST,
              "'%s' is no name of this proxy: use localhost, 127.0.0.1, [::1] or the address of its host, or add it to the allowed hosts"
                  .formatted(SecurityEvent.place(host)))
          .as(SecurityEvent.Kind.HOST_REFUSED);
    }
  }

  private static boolean isAddress(String header) {
    return Authority.parse(header, 80)
        .filter(
            named ->
                NetUtil.isValidIpV4Address(named.host())
                    || NetUtil.isValidIpV6Address(named.host()))
        .isPresent();
  }

  /** Returns where a CONNECT leads. What follows it is of the tunnel: it cannot have a body. */
  static Authority tunnel(HttpRequest request) throws ProxyRefusal {
    boolean hasBody =
        request.headers().contains(HttpHeaderNames.TRANSFER_ENCODING)
            || !request.headers().get(HttpHeaderNames.CONTENT_LENGTH, "0").equals("0");
    if (hasBody) {
      throw ProxyRefusal.badRequest("CONNECT has no body");
    }
    return Authority.parse(request.uri(), -1)
        .orElseThrow(() -> ProxyRefusal.badRequest("CONNECT names HOST:PORT"));
  }
}

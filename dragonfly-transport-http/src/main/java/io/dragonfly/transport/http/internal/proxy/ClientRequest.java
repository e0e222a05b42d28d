package io.dragonfly.transport.http.internal.proxy;

import io.dragonfly.spi.Requester;
import io.dragonfly.task.Headers;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * A client's request, with where its answer goes.
 *
 * @param method its method
 * @param headers its headers, those of the connection included
 * @param body its body, which may still be coming
 * @param requester where the client is
 * @param answer where the answer goes
 */
record ClientRequest(
    String method, HttpHeaders headers, Inbound body, Requester requester, ProxyResponse answer) {
  /** The proxy's own request has others. */
  static final Set<String> NOT_PASSED_ON = Set.of("content-length", "host");

  /** Returns the same for the bytes as they are: compressed ones have another digest. */
  ClientRequest withoutCoding() {
    return new ClientRequest(
        method, headers.copy().remove(HttpHeaderNames.ACCEPT_ENCODING), body, requester, answer);
  }

  /** Returns the same with a body that was read before. */
  ClientRequest withBody(Inbound read) {
    return new ClientRequest(method, headers, read, requester, answer);
  }

  /** Returns a question for the headers alone. */
  ClientRequest asHead() {
    HttpHeaders other = headers.copy().remove(HttpHeaderNames.RANGE);
    return new ClientRequest("HEAD", other, body, requester, answer);
  }

  /** Tells whether the client is on this machine. */
  boolean local() {
    return requester == Requester.THIS_MACHINE;
  }

  /** Tells whether it brings its own login at a registry. */
  boolean hasCredentials() {
    return headers.contains("Authorization");
  }

  /** Tells whether nothing that is passed on can say who asks. */
  boolean isAnonymous() {
    return HopHeaders.endToEnd(headers).stream()
        .map(Map.Entry::getKey)
        .allMatch(
            name ->
                NOT_PASSED_ON.contains(name.toLowerCase(Locale.ROOT)) || Headers.isHarmless(name));
  }

  /** Hides the values of the headers: there are secrets among them. */
  @Override
  public String toString() {
    return "ClientRequest[" + method + ", headers " + headers.names() + "]";
  }

  /** Tells whether it only reads. */
  boolean isRead() {
    return method.equals("GET") || method.equals("HEAD");
  }
}

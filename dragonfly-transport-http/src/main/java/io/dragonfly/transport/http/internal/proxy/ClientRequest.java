package io.dragonfly.transport.http.internal.proxy;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;

/**
 * A client's request, with where its answer goes.
 *
 * @param method its method
 * @param headers its headers, those of the connection included
 * @param body its body, which may still be coming
 * @param local whether the client is on this machine
 * @param answer where the answer goes
 */
record ClientRequest(
    String method, HttpHeaders headers, Inbound body, boolean local, Answer answer) {
  /** Returns the same for the bytes as they are: compressed ones have another digest. */
  ClientRequest withoutCoding() {
    return new ClientRequest(
        method, headers.copy().remove(HttpHeaderNames.ACCEPT_ENCODING), body, local, answer);
  }

  /** Returns a question for the headers alone. */
  ClientRequest asHead() {
    HttpHeaders other = headers.copy().remove(HttpHeaderNames.RANGE);
    return new ClientRequest("HEAD", other, body, local, answer);
  }

  boolean hasCredentials() {
    return headers.contains("Authorization");
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

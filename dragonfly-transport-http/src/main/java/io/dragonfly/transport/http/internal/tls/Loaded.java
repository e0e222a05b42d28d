package io.dragonfly.transport.http.internal.tls;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Credentials, and what has been made of them so far. Safe for concurrent use. */
final class Loaded {
  private final Credentials credentials;

  @GuardedBy("this")
  private @Nullable SslContext server;

  @GuardedBy("this")
  private @Nullable SslContext client;

  @GuardedBy("this")
  private CallTls.@Nullable Sockets sockets;

  @GuardedBy("this")
  private @Nullable String fingerprint;

  Loaded(Credentials credentials) {
    this.credentials = credentials;
  }

  Credentials credentials() {
    return credentials;
  }

  /** Returns the fingerprint of the own certificate, of which there must be one. */
  synchronized String fingerprint() {
    String made = fingerprint;
    if (made == null) {
      made = Fingerprint.of(credentials.identity().orElseThrow().chain().get(0));
      fingerprint = made;
    }
    return made;
  }

  synchronized SslContext server() throws IOException {
    SslContext made = server;
    if (made == null) {
      made = credentials.forServer();
      server = made;
    }
    return made;
  }

  /** Returns what a client connects with to those who are known by an address. */
  SslContext client() throws IOException {
    return client(true);
  }

  /** Returns what a client connects with to those who are known by their certificate. */
  SslContext pinnedClient() throws IOException {
    return client(false);
  }

  private synchronized SslContext client(boolean checksNames) throws IOException {
    SslContext made = client;
    if (made == null) {
      made = credentials.forClient(checksNames);
      client = made;
    }
    return made;
  }

  /** Returns how calls are made to who is known by its name. */
  CallTls.Sockets sockets() throws IOException {
    return sockets(true, CallTls.Acquaintance.NONE);
  }

  /** Returns how calls are made to who is known by its certificate. */
  CallTls.Sockets sockets(CallTls.Acquaintance acquaintance) throws IOException {
    return sockets(false, acquaintance);
  }

  private synchronized CallTls.Sockets sockets(
      boolean checksNames, CallTls.Acquaintance acquaintance) throws IOException {
    CallTls.Sockets made = sockets;
    if (made == null) {
      made =
          new CallTls.Sockets(
              credentials.forSockets().getSocketFactory(),
              credentials.trust().orElseThrow(),
              checksNames,
              acquaintance);
      sockets = made;
    }
    return made;
  }
}

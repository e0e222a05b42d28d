package io.dragonfly.transport.http.internal.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.transport.http.internal.tls.CallTls;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import org.jspecify.annotations.Nullable;

/**
 * OkHttp for the calls to one supernode, over TLS where that is wanted. Safe for concurrent use.
 */
final class CallHttp {
  private final OkHttpClient plain;
  private final InetSocketAddress supernode;
  private final Optional<CallTls> tls;

  @GuardedBy("this")
  private CallTls.@Nullable Sockets sockets;

  @GuardedBy("this")
  private @Nullable OkHttpClient protectedHttp;

  CallHttp(OkHttpClient plain, InetSocketAddress supernode, Optional<CallTls> tls) {
    this.plain = plain;
    this.supernode = supernode;
    this.tls = tls;
  }

  /**
   * Returns what calls are made with now.
   *
   * @throws IOException if TLS cannot be set up
   */
  OkHttpClient current() throws IOException {
    return tls.isPresent() ? over(tls.get().current()) : plain;
  }

  private synchronized OkHttpClient over(CallTls.Sockets now) {
    OkHttpClient known = protectedHttp;
    if (known == null || !now.equals(sockets)) {
      known = build(now);
      protectedHttp = known;
      sockets = now;
    }
    return known;
  }

  private OkHttpClient build(CallTls.Sockets now) {
    OkHttpClient.Builder builder = plain.newBuilder().sslSocketFactory(now.factory(), now.trust());
    if (!now.checksNames()) {
      builder.hostnameVerifier((host, session) -> true); // the certificate itself is known
    }
    if (!supernode.isUnresolved()) {
      builder.dns(host -> List.of(supernode.getAddress())); // it has been looked up
    }
    return builder.build();
  }

  /** Returns the root of all paths. */
  HttpUrl base() {
    // Where names are checked it is the one that the user gave. Else a literal, if the name has
    // been resolved, so that it is not done again.
    String host =
        tls.isPresent() || supernode.isUnresolved()
            ? supernode.getHostString()
            : supernode.getAddress().getHostAddress();
    return new HttpUrl.Builder()
        .scheme(tls.isPresent() ? "https" : "http")
        .host(host)
        .port(supernode.getPort())
        .build();
  }
}

package io.dragonfly.transport.http.internal.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.transport.http.internal.tls.CallTls;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.WeakHashMap;
import javax.net.ssl.SSLSocket;
import okhttp3.Connection;
import okhttp3.HttpUrl;
import okhttp3.Interceptor;
import okhttp3.OkHttpClient;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/** OkHttp for the calls to one supernode, which go over TLS. Safe for concurrent use. */
final class CallHttp {
  private final OkHttpClient plain;
  private final InetSocketAddress supernode;
  private final CallTls tls;

  @GuardedBy("this")
  private CallTls.@Nullable Sockets sockets;

  @GuardedBy("this")
  private @Nullable OkHttpClient protectedHttp;

  CallHttp(OkHttpClient plain, InetSocketAddress supernode, CallTls tls) {
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
    return over(tls.current());
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
      builder.addNetworkInterceptor(new FirstCall(now.acquaintance()));
    }
    if (!supernode.isUnresolved()) {
      builder.dns(host -> List.of(supernode.getAddress())); // it has been looked up
    }
    return builder.build();
  }

  /** Says of each connection, before its first call, that its handshake is over. */
  private static final class FirstCall implements Interceptor {
    private final CallTls.Acquaintance acquaintance;

    private final Set<Connection> known =
        Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

    FirstCall(CallTls.Acquaintance acquaintance) {
      this.acquaintance = acquaintance;
    }

    @Override
    public Response intercept(Chain chain) throws IOException {
      Connection connection = Objects.requireNonNull(chain.connection());
      if (!known.contains(connection)) {
        // OkHttp's own handshake has only what a known authority has signed.
        SSLSocket socket = (SSLSocket) connection.socket();
        acquaintance.made(socket.getSession().getPeerCertificates()[0]);
        known.add(connection);
      }
      return chain.proceed(chain.request());
    }
  }

  /** Returns the root of all paths. */
  HttpUrl base() {
    // Where names are checked it is the one that the user gave.
    return new HttpUrl.Builder()
        .scheme("https")
        .host(supernode.getHostString())
        .port(supernode.getPort())
        .build();
  }
}

package io.dragonfly.transport.http.internal.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.transport.http.internal.tls.CallTls;
import io.dragonfly.transport.http.internal.tls.Fingerprint;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.cert.Certificate;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.WeakHashMap;
import javax.net.ssl.SSLPeerUnverifiedException;
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
    }
    builder.addNetworkInterceptor(new FirstCall(now.acquaintance()));
    if (!supernode.isUnresolved()) {
      builder.dns(host -> List.of(supernode.getAddress())); // it has been looked up
    }
    return builder.build();
  }

  /**
   * What a call has to do with the certificate that the supernode shows: it asks for a proof that
   * is about it, or has a proof that is good with that one alone. A call without this tag has
   * nothing to do with proofs.
   */
  static final class Binding {
    private final Optional<String> expected;
    private volatile String shown = "";

    private Binding(Optional<String> expected) {
      this.expected = expected;
    }

    /** A call for a proof, which may go to anybody. */
    static Binding open() {
      return new Binding(Optional.empty());
    }

    /** A call that goes to nobody but who shows this certificate; empty for no TLS. */
    static Binding to(String certificate) {
      return new Binding(Optional.of(certificate));
    }

    /** Returns the certificate that was shown last; empty without TLS. */
    String shown() {
      return shown;
    }

    private void check(String certificate) throws OtherCertificateException {
      shown = certificate;
      if (expected.isPresent() && !expected.get().equals(certificate)) {
        throw new OtherCertificateException();
      }
    }
  }

  /** The supernode shows another certificate than the one that its proof is about. */
  static final class OtherCertificateException extends SSLPeerUnverifiedException {
    private static final long serialVersionUID = 1L;

    private OtherCertificateException() {
      super("the supernode shows another certificate than the one that it has proved");
    }
  }

  /** Looks at each connection before a call goes over it: its handshake is over. */
  private static final class FirstCall implements Interceptor {
    private final CallTls.Acquaintance acquaintance;
    private final Map<Connection, String> shown = Collections.synchronizedMap(new WeakHashMap<>());
    private final Set<Connection> known =
        Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

    FirstCall(CallTls.Acquaintance acquaintance) {
      this.acquaintance = acquaintance;
    }

    @Override
    public Response intercept(Chain chain) throws IOException {
      Connection connection = Objects.requireNonNull(chain.connection());
      Binding binding = chain.request().tag(Binding.class);
      if (binding != null) {
        String fingerprint = shown.get(connection);
        if (fingerprint == null) {
          fingerprint = Fingerprint.of(certificate(connection));
          shown.put(connection, fingerprint);
        }
        binding.check(fingerprint);
      } else if (!known.contains(connection)) {
        acquaintance.made(certificate(connection));
        known.add(connection);
      }
      return chain.proceed(chain.request());
    }

    private static Certificate certificate(Connection connection) throws IOException {
      // OkHttp's own handshake has only what a known authority has signed.
      SSLSocket socket = (SSLSocket) connection.socket();
      return socket.getSession().getPeerCertificates()[0];
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

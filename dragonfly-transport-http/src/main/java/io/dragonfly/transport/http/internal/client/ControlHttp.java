package io.dragonfly.transport.http.internal.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.control.Caller;
import io.dragonfly.control.JoinProof;
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
final class ControlHttp {
  private final OkHttpClient plain;
  private final InetSocketAddress supernode;
  private final CallTls tls;

  private volatile String identity = "";

  @GuardedBy("this")
  private CallTls.@Nullable Sockets sockets;

  @GuardedBy("this")
  private @Nullable OkHttpClient protectedHttp;

  ControlHttp(OkHttpClient plain, InetSocketAddress supernode, CallTls tls) {
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

  /** Returns the identity of who was there last; empty if nobody has been yet. */
  String identity() {
    return identity;
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
    builder.addNetworkInterceptor(new FirstCall(now));
    if (!supernode.isUnresolved()) {
      builder.dns(host -> List.of(supernode.getAddress())); // it has been looked up
    }
    return builder.build();
  }

  /**
   * Who a supernode is.
   *
   * @param certificate the fingerprint of what it shows
   * @param identity what secrets are made for, see {@link
   *     io.dragonfly.control.SupernodeApi#identity}
   */
  private record Shown(String certificate, String identity) {}

  /**
   * What a call has to do with the certificate that the supernode shows: it asks who that is and
   * tells nothing, or it is for one supernode, and perhaps has a proof that is good with one
   * certificate alone.
   */
  static final class Binding {
    private final boolean isOpen;
    private final Optional<String> certificate;
    private final Optional<String> identity;
    private volatile String shown = "";

    private Binding(boolean isOpen, Optional<String> certificate, Optional<String> identity) {
      this.isOpen = isOpen;
      this.certificate = certificate;
      this.identity = identity;
    }

    /** A call that asks for a proof, or only who is there; it may go to anybody. */
    static Binding open() {
      return new Binding(true, Optional.empty(), Optional.empty());
    }

    /** A call that goes to nobody but whom the caller's secret and its proof are for. */
    static Binding to(Caller caller) {
      return new Binding(
          false, caller.proof().map(JoinProof::certificate), caller.secret().supernode());
    }

    /** Returns the certificate that was shown last; empty if none was. */
    String shown() {
      return shown;
    }

    private void check(Shown now) throws OtherCertificateException {
      shown = now.certificate();
      if (!certificate.orElse(now.certificate()).equals(now.certificate())) {
        throw new OtherCertificateException("the one that it has proved");
      } else if (!identity.orElse(now.identity()).equals(now.identity())) {
        throw new OtherCertificateException("the one that this peer's secret is for");
      }
    }
  }

  /** The supernode shows another certificate than the one that the call is for. */
  static final class OtherCertificateException extends SSLPeerUnverifiedException {
    private static final long serialVersionUID = 1L;

    private OtherCertificateException(String which) {
      super("the supernode shows another certificate than " + which);
    }
  }

  /** Looks at each connection before a call goes over it: its handshake is over. */
  private final class FirstCall implements Interceptor {
    private final CallTls.Sockets sockets;
    private final Map<Connection, Shown> shown = Collections.synchronizedMap(new WeakHashMap<>());
    private final Set<Connection> known =
        Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

    FirstCall(CallTls.Sockets sockets) {
      this.sockets = sockets;
    }

    @Override
    public Response intercept(Chain chain) throws IOException {
      Connection connection = Objects.requireNonNull(chain.connection());
      Binding binding = Objects.requireNonNull(chain.request().tag(Binding.class));
      Shown now = shown.get(connection);
      if (now == null) {
        now = shownOn(connection);
        shown.put(connection, now);
      }
      identity = now.identity(); // also of who gets no call: that one is asked for next
      binding.check(now);
      boolean isProven = binding.certificate.isPresent();
      if (!binding.isOpen && !isProven && !known.contains(connection)) {
        sockets.acquaintance().made(certificate(connection));
        known.add(connection);
      }
      return chain.proceed(chain.request());
    }

    /** Where an authority vouches for supernodes, all of them are one to the peer. */
    private Shown shownOn(Connection connection) throws IOException {
      String certificate = Fingerprint.of(certificate(connection));
      if (!sockets.checksNames()) {
        return new Shown(certificate, certificate);
      }
      // OkHttp puts the chain in order, up to the authority that is trusted.
      List<Certificate> chain = Objects.requireNonNull(connection.handshake()).peerCertificates();
      return new Shown(
          certificate,
          chain.isEmpty() ? certificate : Fingerprint.ofAuthority(chain.get(chain.size() - 1)));
    }

    private Certificate certificate(Connection connection) throws IOException {
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

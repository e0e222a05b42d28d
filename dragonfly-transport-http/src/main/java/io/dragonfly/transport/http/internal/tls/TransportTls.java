package io.dragonfly.transport.http.internal.tls;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.spi.TransportConfig;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * What one transport protects its connections with. There are three ways:
 *
 * <ul>
 *   <li>nothing is set: control calls go over TLS, on this machine, too, and a supernode is known
 *       by the certificate that it showed first; pieces are plain, since their digests come from
 *       the supernode
 *   <li>a fingerprint, or the certificates that supernodes are signed by, are set: it is known by
 *       these
 *   <li>a certificate of one's own is set as well: everything is, and both sides are checked
 * </ul>
 *
 * <p>Safe for concurrent use.
 */
public final class TransportTls {
  private static final String KNOWN = "known_supernodes";

  /** In a session: the last check of its client's certificate. */
  private static final String CHECKED = "io.dragonfly.checked";

  /** A certificate ends, and a revocation list grows too old, without a file that changes. */
  private static final long CHECK_AGAIN_NANOS = Duration.ofSeconds(60).toNanos();

  private record Checked(Loaded by, long nanos) {}

  /** A call with a proof goes to the certificate alone that the proof is about; no other may go. */
  private static final CallTls.Acquaintance PROVEN_ALONE =
      shown -> {
        throw new SSLException("it has not proved the join token, and this call has no proof");
      };

  private final TransportConfig config;
  private final Optional<TlsFiles> files;
  private final KnownSupernodes known;
  private final LongSupplier nanos;

  @GuardedBy("this")
  private @Nullable Loaded own;

  private TransportTls(TransportConfig config, Optional<TlsFiles> files, LongSupplier nanos) {
    this.config = config;
    this.files = files;
    this.nanos = nanos;
    this.known = new KnownSupernodes(config.home().map(home -> home.resolve(KNOWN)));
  }

  /**
   * Reads the files that the settings name.
   *
   * @throws IllegalArgumentException if they cannot be used; the message names one
   */
  public static TransportTls of(TransportConfig config, LongSupplier nanos) {
    boolean named = config.tlsCert().isPresent() || config.tlsCa().isPresent();
    try {
      return new TransportTls(
          config, named ? Optional.of(new TlsFiles(config, nanos)) : Optional.empty(), nanos);
    } catch (IOException e) {
      throw new IllegalArgumentException(String.valueOf(e.getMessage()), e);
    }
  }

  /**
   * Returns how a server protects its connections, if it can.
   *
   * @param supernode whether it takes control calls
   */
  public Optional<ServerTls> forServer(boolean supernode) {
    return config.isMutual() || supernode ? Optional.of(new Server()) : Optional.empty();
  }

  /**
   * Returns what a connection to a parent is protected with, if pieces are not plain.
   *
   * @throws IOException if TLS cannot be set up
   */
  public Optional<SslContext> forPieces() throws IOException {
    return config.isMutual()
        ? Optional.of(files.orElseThrow().current().client())
        : Optional.empty();
  }

  /**
   * Returns how calls to a supernode are protected. A loopback address proves nothing: any user of
   * this machine may listen there while the supernode does not run.
   */
  public CallTls forCalls(InetSocketAddress supernode) {
    if (config.tlsCa().isPresent()) {
      return () -> files.orElseThrow().current().sockets();
    }
    List<String> fingerprints = config.supernodeFingerprints();
    if (!fingerprints.isEmpty()) {
      return pinned(shown -> checkGiven(shown, fingerprints), CallTls.Acquaintance.NONE);
    }
    if (config.isJoining()) {
      return pinned(shown -> {}, PROVEN_ALONE);
    }
    String name = supernode.getHostString() + ":" + supernode.getPort();
    return pinned(shown -> known.check(name, shown), certificate -> remember(name, certificate));
  }

  private void remember(String name, Certificate certificate) throws SSLException {
    try {
      known.remember(name, Fingerprint.of(certificate));
    } catch (UntrustedException e) {
      throw new SSLException(e.getMessage(), e);
    }
  }

  private static void checkGiven(String shown, List<String> fingerprints)
      throws UntrustedException {
    if (!fingerprints.contains(shown)) {
      throw new UntrustedException(
          ("its certificate has the fingerprint %s, and not one that supernodeFingerprint"
                  + " (--supernode-fingerprint) gives: compare it with what the supernode logs when"
                  + " it starts")
              .formatted(shown),
          null);
    }
  }

  private static CallTls pinned(PinnedTrust.Check check, CallTls.Acquaintance acquaintance) {
    X509TrustManager trust = new PinnedTrust(check);
    Loaded loaded = new Loaded(new Credentials(Optional.empty(), Optional.of(trust)));
    return () -> loaded.sockets(acquaintance);
  }

  /** The port of a supernode, or of a peer where all is protected. */
  private final class Server implements ServerTls {
    @Override
    public boolean isRequired() {
      return config.isMutual();
    }

    @Override
    public SslContext context() throws IOException {
      return loaded().server();
    }

    @Override
    public Optional<Set<Role>> roles(SSLSession session) throws IOException, UntrustedException {
      if (!config.isMutual()) {
        return Optional.empty();
      }
      Certificate[] shown = session.getPeerCertificates();
      X509Certificate[] chain = Arrays.copyOf(shown, shown.length, X509Certificate[].class);
      Loaded now = loaded();
      if (!(session.getValue(CHECKED) instanceof Checked last)
          || last.by() != now
          || nanos.getAsLong() - last.nanos() >= CHECK_AGAIN_NANOS) {
        try {
          now.credentials()
              .trust()
              .orElseThrow()
              .checkClientTrusted(chain, chain[0].getPublicKey().getAlgorithm());
        } catch (CertificateException e) {
          throw new UntrustedException(
              "your certificate is not trusted any more: " + e.getMessage(), e);
        }
        session.putValue(CHECKED, new Checked(now, nanos.getAsLong()));
      }
      return Optional.of(Role.of(chain[0]));
    }

    @Override
    public String fingerprint() throws IOException {
      return Fingerprint.of(loaded().credentials().identity().orElseThrow().chain().get(0));
    }

    private Loaded loaded() throws IOException {
      return files.isPresent() ? files.get().current() : own();
    }
  }

  private synchronized Loaded own() throws IOException {
    Loaded made = own;
    if (made == null) {
      Optional<Path> home = config.home();
      made = new Loaded(new Credentials(Optional.of(OwnCertificate.in(home)), Optional.empty()));
      own = made;
    }
    return made;
  }
}

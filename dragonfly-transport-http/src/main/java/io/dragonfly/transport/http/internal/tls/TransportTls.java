package io.dragonfly.transport.http.internal.tls;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.spi.TransportConfig;
import io.dragonfly.transport.http.internal.loop.DaemonThreads;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.net.InetAddress;
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
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
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
 * <p>In a fleet with a join token pieces go over TLS as well: each server shows a certificate of
 * its own making, and the supernode tells takers its fingerprint.
 *
 * <p>Safe for concurrent use.
 */
public final class TransportTls implements AutoCloseable {
  private static final String KNOWN = "known_supernodes";

  /** In a session: the last check of its client's certificate. */
  private static final String CHECKED = "io.dragonfly.checked";

  /** A certificate ends, and a revocation list grows too old, without a file that changes. */
  private static final long CHECK_AGAIN_NANOS = Duration.ofSeconds(60).toNanos();

  /** How often the files are looked at: four questions to the file system cost next to nothing. */
  private static final Duration LOOK = Duration.ofSeconds(1);

  /** A look that waits for a disk keeps nobody from closing. */
  private static final Duration LAST_LOOK = Duration.ofSeconds(1);

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
  private final Loaded parents =
      new Loaded(
          new Credentials(
              Optional.empty(), Optional.of(new PinnedTrust(TransportTls::checkParent))));

  private final DaemonThreads threads = new DaemonThreads("dragonfly-tls-files");

  @GuardedBy("this")
  private @Nullable Loaded own;

  @GuardedBy("this")
  private @Nullable ScheduledExecutorService timer;

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
          config, named ? Optional.of(new TlsFiles(config)) : Optional.empty(), nanos);
    } catch (IOException e) {
      throw new IllegalArgumentException(String.valueOf(e.getMessage()), e);
    }
  }

  /**
   * Looks at the files that the settings name each second, on a thread of its own, until this is
   * closed: they change while nobody connects, too, and an event loop must not wait for a disk.
   * Does nothing if no file is named.
   */
  public synchronized void watch() {
    if (files.isPresent() && timer == null) {
      ScheduledExecutorService made = Executors.newSingleThreadScheduledExecutor(threads);
      var unused =
          made.scheduleWithFixedDelay(
              this::look, LOOK.toNanos(), LOOK.toNanos(), TimeUnit.NANOSECONDS);
      timer = made;
    }
  }

  /** Looks now whether the files have changed. Waits for the disk. */
  public void look() {
    files.ifPresent(TlsFiles::look);
  }

  /** Looks at the files no more. */
  @Override
  public synchronized void close() {
    if (timer != null) {
      timer.shutdown(); // a look that is interrupted would warn of files that are right
      var unused = threads.await(LAST_LOOK);
    }
  }

  /**
   * Returns how a server protects its connections, if it can.
   *
   * @param supernode whether it takes control calls
   * @throws IllegalArgumentException if clients of a supernode are to prove who they are, and it
   *     has no certificate to do the same
   */
  public Optional<ServerTls> forServer(boolean supernode) {
    if (supernode && config.tlsCa().isPresent() && config.tlsCert().isEmpty()) {
      throw new IllegalArgumentException(
          "tlsCa is set without tlsCert: a supernode whose clients prove who they are needs both");
    }
    return config.isMutual() || supernode || config.protectsPieces()
        ? Optional.of(new Server(supernode))
        : Optional.empty();
  }

  /**
   * What a connection to a parent is protected with.
   *
   * @param context makes the handler
   * @param name what the handler is told that it connects to: an address that must be in the
   *     certificate, or the fingerprint that it must have. Sessions are resumed with who has the
   *     same name and port
   */
  public record ToParent(SslContext context, String name) {}

  /**
   * Returns what a connection to a parent is protected with, if its pieces are not plain.
   *
   * @param certificate the fingerprint that its certificate must have, as the supernode has told
   *     it; empty if it has told none
   * @throws IOException if TLS cannot be set up
   */
  public Optional<ToParent> forPieces(InetAddress parent, String certificate) throws IOException {
    if (config.isMutual()) {
      SslContext context = files.orElseThrow().current().client();
      return Optional.of(new ToParent(context, parent.getHostAddress()));
    }
    return certificate.isEmpty()
        ? Optional.empty()
        : Optional.of(new ToParent(parents.pinnedClient(), certificate));
  }

  private static void checkParent(String shown, String told) throws UntrustedException {
    if (!shown.equals(told)) {
      throw new UntrustedException(
          ("the parent shows the certificate %s, and not the one that it told the supernode of:"
                  + " somebody has put himself in between, or it was set up anew just now")
              .formatted(shown),
          null);
    }
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
      return pinned((shown, any) -> checkGiven(shown, fingerprints), CallTls.Acquaintance.NONE);
    }
    if (config.isJoining()) {
      return pinned((shown, any) -> {}, PROVEN_ALONE);
    }
    String name = supernode.getHostString() + ":" + supernode.getPort();
    return pinned(
        (shown, any) -> known.check(name, shown), certificate -> remember(name, certificate));
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

  /** The port of a supernode, or of a peer whose pieces are protected. */
  private final class Server implements ServerTls {
    private final boolean supernode;

    Server(boolean supernode) {
      this.supernode = supernode;
    }

    @Override
    public boolean protectsPieces() {
      return isRequired() || config.protectsPieces();
    }

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
      return loaded().fingerprint();
    }

    /** A peer shows the certificate that it is given only where others check who has signed it. */
    private Loaded loaded() throws IOException {
      boolean isGiven = config.isMutual() || (supernode && files.isPresent());
      return isGiven ? files.orElseThrow().current() : own();
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

package io.dragonfly.spi;

import io.dragonfly.control.SecurityEvent;
import io.dragonfly.control.SupernodeApi;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/** What to serve and where. Immutable. */
public final class ServeRequest {
  /** The part of each total that one client address may use, unless set: a twentieth. */
  public static final double DEFAULT_SHARE = 0.05;

  private final InetSocketAddress bind;
  private final PieceService pieces;
  private final Function<CallOrigin, SupernodeApi> control;
  private final Optional<AdminService> admin;
  private final Optional<MonitorService> monitor;
  private final double sharePerAddress;
  private final Predicate<InetAddress> known;
  private final Consumer<SecurityEvent> security;

  /**
   * Serves pieces and control calls.
   *
   * @param bind where to listen; port 0 lets the system choose
   * @param pieces gives the pieces
   * @param control gives the supernode as it is for a caller from somewhere: whether that caller
   *     may be who it says is decided there
   */
  public ServeRequest(
      InetSocketAddress bind, PieceService pieces, Function<CallOrigin, SupernodeApi> control) {
    this(
        bind,
        pieces,
        control,
        Optional.empty(),
        Optional.empty(),
        DEFAULT_SHARE,
        any -> true,
        event -> {});
  }

  private ServeRequest(
      InetSocketAddress bind,
      PieceService pieces,
      Function<CallOrigin, SupernodeApi> control,
      Optional<AdminService> admin,
      Optional<MonitorService> monitor,
      double sharePerAddress,
      Predicate<InetAddress> known,
      Consumer<SecurityEvent> security) {
    this.bind = bind;
    this.pieces = pieces;
    this.control = control;
    this.admin = admin;
    this.monitor = monitor;
    this.sharePerAddress = sharePerAddress;
    this.known = known;
    this.security = security;
  }

  /** Returns the same and calls of operators. */
  public ServeRequest withAdmin(AdminService service) {
    return new ServeRequest(
        bind, pieces, control, Optional.of(service), monitor, sharePerAddress, known, security);
  }

  /** Returns the same and calls of machines that ask how the process is. */
  public ServeRequest withMonitor(MonitorService service) {
    return new ServeRequest(
        bind, pieces, control, admin, Optional.of(service), sharePerAddress, known, security);
  }

  /**
   * Returns the same for other shares of client addresses.
   *
   * @param share the part of connections and of memory for requests that one client address may
   *     use: more than 0, at most 1
   * @param isKnown tells whether a peer at an address takes part now. An address where none does
   *     gets less memory for requests, since nobody knows who calls before a request is read
   */
  public ServeRequest withShare(double share, Predicate<InetAddress> isKnown) {
    return new ServeRequest(bind, pieces, control, admin, monitor, share, isKnown, security);
  }

  /**
   * Returns the same for a server that tells of operators' calls and of what it refuses itself.
   *
   * @param listener called on the server's threads; must not block
   */
  public ServeRequest withSecurity(Consumer<SecurityEvent> listener) {
    return new ServeRequest(
        bind, pieces, control, admin, monitor, sharePerAddress, known, listener);
  }

  /** Serves pieces alone; control calls are refused. */
  public static ServeRequest piecesOnly(InetSocketAddress bind, PieceService pieces) {
    return new ServeRequest(bind, pieces, NO_CONTROL);
  }

  private static final Function<CallOrigin, SupernodeApi> NO_CONTROL =
      from -> {
        throw new IllegalStateException("this is no supernode");
      };

  /** Returns the part of connections and of memory for requests that one address may use. */
  public double sharePerAddress() {
    return sharePerAddress;
  }

  /** Tells whether a peer at an address takes part now. */
  public boolean isKnown(InetAddress address) {
    return known.test(address);
  }

  /** Returns what is told of operators' calls and of refusals. */
  public Consumer<SecurityEvent> security() {
    return security;
  }

  /** Returns where to listen. */
  public InetSocketAddress bind() {
    return bind;
  }

  /** Returns what gives the pieces. */
  public PieceService pieces() {
    return pieces;
  }

  /** Returns what lets operators in, if they are served. */
  public Optional<AdminService> admin() {
    return admin;
  }

  /** Returns what tells how the process is, if that is served. */
  public Optional<MonitorService> monitor() {
    return monitor;
  }

  /** Returns what gives the supernode as it is for a caller from somewhere, if there is one. */
  public Optional<Function<CallOrigin, SupernodeApi>> control() {
    return control == NO_CONTROL ? Optional.empty() : Optional.of(control);
  }
}

package io.dragonfly.spi;

import io.dragonfly.control.SupernodeApi;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.function.Function;

/** What to serve and where. Immutable. */
public final class ServeRequest {
  private final InetSocketAddress bind;
  private final PieceService pieces;
  private final Function<CallOrigin, SupernodeApi> control;
  private final Optional<AdminService> admin;
  private final Optional<MonitorService> monitor;

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
    this(bind, pieces, control, Optional.empty(), Optional.empty());
  }

  private ServeRequest(
      InetSocketAddress bind,
      PieceService pieces,
      Function<CallOrigin, SupernodeApi> control,
      Optional<AdminService> admin,
      Optional<MonitorService> monitor) {
    this.bind = bind;
    this.pieces = pieces;
    this.control = control;
    this.admin = admin;
    this.monitor = monitor;
  }

  /** Returns the same and calls of operators. */
  public ServeRequest withAdmin(AdminService service) {
    return new ServeRequest(bind, pieces, control, Optional.of(service), monitor);
  }

  /** Returns the same and calls of machines that ask how the process is. */
  public ServeRequest withMonitor(MonitorService service) {
    return new ServeRequest(bind, pieces, control, admin, Optional.of(service));
  }

  /** Serves pieces alone; control calls are refused. */
  public static ServeRequest piecesOnly(InetSocketAddress bind, PieceService pieces) {
    return new ServeRequest(bind, pieces, NO_CONTROL);
  }

  private static final Function<CallOrigin, SupernodeApi> NO_CONTROL =
      from -> {
        throw new IllegalStateException("this is no supernode");
      };

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

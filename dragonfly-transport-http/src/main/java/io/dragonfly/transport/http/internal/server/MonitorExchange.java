package io.dragonfly.transport.http.internal.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.dragonfly.control.SecurityEvent;
import io.dragonfly.spi.AdminService;
import io.dragonfly.spi.MonitorService;
import io.dragonfly.transport.http.internal.tls.Role;
import io.dragonfly.transport.http.internal.wire.AdminWire;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.net.InetAddress;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A machine asks how the process is, or reads its metrics. Confined to its connection's event loop.
 */
final class MonitorExchange extends AwaitedExchange {
  private static final Logger LOG = LoggerFactory.getLogger(MonitorExchange.class);

  private final MonitorService service;
  private final String path;
  private final String token;
  private final Optional<AdminService> operators;

  private MonitorExchange(
      ServerConnection connection, Serving serving, MonitorService service, HttpRequest request)
      throws ServerRefusal {
    super(connection);
    this.service = service;
    this.operators = serving.request().admin();
    this.path = path(request);
    // The codec leaves out the body where a HEAD is answered.
    if (!request.method().equals(HttpMethod.HEAD)) {
      RequestHead.checkMethod(request, HttpMethod.GET);
    }
    if (RequestHead.bodyLength(request) > 0) {
      throw ServerRefusal.badRequest("these calls have no body");
    }
    // A token that others could read on the way is none.
    this.token = connection.takesSecrets() ? RequestHead.bearer(request) : "";
  }

  /** Returns the exchange for a request, if machines are answered and it is theirs. */
  static Optional<ServerExchange> of(
      ServerConnection connection, Serving serving, HttpRequest request) throws ServerRefusal {
    Optional<MonitorService> service = serving.request().monitor();
    String path = path(request);
    boolean isOurs = isOpen(path) || path.equals(AdminWire.METRICS);
    return isOurs && service.isPresent()
        ? Optional.of(new MonitorExchange(connection, serving, service.get(), request))
        : Optional.empty();
  }

  /** Returns the path; who collects metrics may be set to send a query, too. */
  private static String path(HttpRequest request) {
    int query = request.uri().indexOf('?');
    return query < 0 ? request.uri() : request.uri().substring(0, query);
  }

  /** Tells whether anybody may ask for it, in any way. */
  static boolean isOpen(String path) {
    return path.equals(AdminWire.HEALTH) || path.equals(AdminWire.READINESS);
  }

  @Override
  public void content(ByteBuf part) {
    // The request says that it has none.
  }

  @Override
  public void requested() {
    switch (path) {
      case AdminWire.HEALTH -> connection().answer(HttpResponseStatus.OK, AdminWire.state("alive"));
      case AdminWire.READINESS -> {
        boolean isReady = service.isReady();
        connection()
            .answer(
                isReady ? HttpResponseStatus.OK : HttpResponseStatus.SERVICE_UNAVAILABLE,
                AdminWire.state(isReady ? "ready" : "not ready"));
      }
      default -> metrics();
    }
  }

  /**
   * Tells whether the caller may read the metrics. Where all show certificates, these say it, and
   * where the caller is says nothing.
   *
   * @throws ServerRefusal if its certificate says that it may not
   */
  private boolean mayReadMetrics() throws ServerRefusal {
    InetAddress client = connection().client();
    if (connection().roles().isEmpty()) {
      return service.mayReadMetrics(client, token);
    }
    boolean isOperator = operators.flatMap(each -> each.admit(client, token)).isPresent();
    if (!isOperator) {
      connection().require(Role.SCRAPER, Role.OPERATOR);
    }
    return true;
  }

  private void metrics() {
    boolean mayRead;
    try {
      mayRead = mayReadMetrics();
    } catch (ServerRefusal refusal) {
      connection().refuse(refusal);
      return;
    }
    if (!mayRead) {
      ServerRefusal refusal =
          new ServerRefusal(
                  HttpResponseStatus.UNAUTHORIZED,
                  "metrics are read on this machine, from --metrics-network, and with the token of"
                      + " a supernode's operators over TLS")
              .as(SecurityEvent.Kind.OPERATOR_REFUSED);
      refusal.headers().set(HttpHeaderNames.WWW_AUTHENTICATE, "Bearer realm=\"dragonfly metrics\"");
      connection().refuse(refusal);
      return;
    }
    Optional<CompletableFuture<String>> page = service.metrics();
    if (page.isEmpty()) {
      connection().refuse(HttpResponseStatus.NOT_FOUND, "this process keeps no metrics");
      return;
    }
    await(page.get(), this::finish, this::fail);
  }

  private void finish(String text) {
    connection().answer(HttpResponseStatus.OK, AdminWire.METRICS_TYPE, text.getBytes(UTF_8));
  }

  private void fail(Throwable failure) {
    LOG.warn("The metrics could not be made", failure);
    connection().refuse(HttpResponseStatus.INTERNAL_SERVER_ERROR, "metrics failed, see the log");
  }
}

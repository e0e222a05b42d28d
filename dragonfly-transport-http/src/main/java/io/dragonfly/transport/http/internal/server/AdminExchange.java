package io.dragonfly.transport.http.internal.server;

import io.dragonfly.control.AdminApi;
import io.dragonfly.control.AdminApi.CachedTask;
import io.dragonfly.control.AdminApi.Deletion;
import io.dragonfly.error.DistributionException;
import io.dragonfly.spi.AdminService;
import io.dragonfly.task.TaskId;
import io.dragonfly.transport.http.internal.wire.AdminWire;
import io.dragonfly.transport.http.internal.wire.FailureJson;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A call of an operator, or of a machine that asks how the process is. Confined to its connection's
 * event loop.
 */
final class AdminExchange implements Exchange {
  private static final Logger LOG = LoggerFactory.getLogger(AdminExchange.class);
  private static final String BEARER = "Bearer ";

  private final ServerConnection connection;
  private final AdminService service;
  private final HttpMethod method;
  private final String path;
  private final String token;
  private boolean abandoned;

  private AdminExchange(ServerConnection connection, AdminService service, HttpRequest request)
      throws Refusal {
    this.connection = connection;
    this.service = service;
    this.method = request.method();
    this.path = request.uri();
    if (!isOpen(path) && !connection.isPrivate()) {
      throw new Refusal(
          HttpResponseStatus.FORBIDDEN,
          "operators call from other machines over TLS alone, since the token is a secret");
    }
    if (RequestHead.bodyLength(request) > 0) {
      throw Refusal.badRequest("these calls have no body");
    }
    String shown = RequestHead.header(request, HttpHeaderNames.AUTHORIZATION.toString()).orElse("");
    this.token = shown.startsWith(BEARER) ? shown.substring(BEARER.length()) : "";
  }

  /** An answer that will be there. */
  private static final class Reply {
    private final HttpResponseStatus status;
    private final byte[] json;

    Reply(HttpResponseStatus status, byte[] json) {
      this.status = status;
      this.json = json;
    }

    static Reply ok(byte[] json) {
      return new Reply(HttpResponseStatus.OK, json);
    }

    static Reply notFound() {
      return new Reply(
          HttpResponseStatus.NOT_FOUND, FailureJson.answer("there is no such task here"));
    }
  }

  /** Returns the exchange for a request, if operators are served and it is theirs. */
  static Optional<Exchange> of(ServerConnection connection, Serving serving, HttpRequest request)
      throws Refusal {
    String path = request.uri();
    boolean isOurs = path.startsWith(AdminWire.ROOT) || isOpen(path);
    Optional<AdminService> service = serving.request().admin();
    return isOurs && service.isPresent()
        ? Optional.of(new AdminExchange(connection, service.get(), request))
        : Optional.empty();
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
    try {
      if (path.equals(AdminWire.HEALTH)) {
        require(HttpMethod.GET);
        connection.answer(HttpResponseStatus.OK, AdminWire.state("alive"));
      } else if (path.equals(AdminWire.READINESS)) {
        require(HttpMethod.GET);
        connection.answer(
            service.isReady() ? HttpResponseStatus.OK : HttpResponseStatus.SERVICE_UNAVAILABLE,
            AdminWire.state(service.isReady() ? "ready" : "not ready"));
      } else {
        AdminApi admin =
            service.admit(connection.client(), token).orElseThrow(AdminExchange::unauthorized);
        var unused =
            ask(admin, path.substring(AdminWire.ROOT.length()).split("/", -1))
                .whenComplete((reply, failure) -> onLoop(() -> finish(reply, failure)));
      }
    } catch (Refusal refusal) {
      connection.refuse(refusal);
    }
  }

  private static Refusal unauthorized() {
    Refusal refusal =
        new Refusal(
            HttpResponseStatus.UNAUTHORIZED,
            "show the token of the supernode's home, on its own machine, or that of its"
                + " --admin-token-file");
    refusal.headers().set(HttpHeaderNames.WWW_AUTHENTICATE, "Bearer realm=\"dragonfly admin\"");
    return refusal;
  }

  private void require(HttpMethod allowed) throws Refusal {
    if (!method.equals(allowed)) {
      throw Refusal.wrongMethod(allowed);
    }
  }

  private CompletableFuture<Reply> ask(AdminApi admin, String[] parts) throws Refusal {
    if (parts.length == 1) {
      require(HttpMethod.GET);
      return list(admin, parts[0]);
    }
    if (!parts[0].equals("tasks") || parts.length > 3) {
      throw nothingHere();
    }
    TaskId task = id(parts[1]);
    if (parts.length == 2 && method.equals(HttpMethod.DELETE)) {
      return admin.delete(task).thenApply(AdminExchange::deleted);
    }
    if (parts.length == 2) {
      require(HttpMethod.GET);
      return admin.tasks().thenApply(tasks -> one(tasks, task));
    }
    require(HttpMethod.POST);
    return switch (parts[2]) {
      case "pin" -> admin.pin(task, true).thenApply(found -> done(found, "pinned"));
      case "unpin" -> admin.pin(task, false).thenApply(found -> done(found, "unpinned"));
      case "verify" ->
          admin
              .verify(task)
              .thenApply(
                  found ->
                      found
                          .map(v -> Reply.ok(AdminWire.verification(v)))
                          .orElseGet(Reply::notFound));
      default -> throw nothingHere();
    };
  }

  private CompletableFuture<Reply> list(AdminApi admin, String what) throws Refusal {
    return switch (what) {
      case "status" ->
          admin.status().thenApply(s -> Reply.ok(AdminWire.status(s, service.isReady())));
      case "tasks" -> admin.tasks().thenApply(tasks -> Reply.ok(AdminWire.tasks(tasks)));
      case "versions" -> admin.tasks().thenApply(tasks -> Reply.ok(AdminWire.versions(tasks)));
      case "peers" -> admin.peers().thenApply(peers -> Reply.ok(AdminWire.peers(peers)));
      default -> throw nothingHere();
    };
  }

  private static Refusal nothingHere() {
    return new Refusal(HttpResponseStatus.NOT_FOUND, "there is nothing at this path");
  }

  private static TaskId id(String text) throws Refusal {
    try {
      return new TaskId(text);
    } catch (IllegalArgumentException e) {
      throw Refusal.badRequest("a task's id has 64 lower-case hexadecimal digits");
    }
  }

  private static Reply one(List<CachedTask> tasks, TaskId id) {
    return tasks.stream()
        .filter(cached -> cached.task().id().equals(id))
        .findFirst()
        .map(cached -> Reply.ok(AdminWire.task(cached)))
        .orElseGet(Reply::notFound);
  }

  private static Reply deleted(Deletion deletion) {
    return switch (deletion) {
      case DELETED -> Reply.ok(AdminWire.state("deleted"));
      case UNKNOWN -> Reply.notFound();
      case IN_USE ->
          new Reply(
              HttpResponseStatus.CONFLICT,
              FailureJson.answer("a peer wants the task: try again when it has it"));
    };
  }

  private static Reply done(boolean found, String word) {
    return found ? Reply.ok(AdminWire.state(word)) : Reply.notFound();
  }

  private void onLoop(Runnable task) {
    try {
      connection.channel().eventLoop().execute(task);
    } catch (RejectedExecutionException e) {
      LOG.debug("an answer came after the transport was closed");
    }
  }

  private void finish(@Nullable Reply reply, @Nullable Throwable failure) {
    if (abandoned) {
      return;
    }
    if (reply != null) {
      connection.answer(reply.status, reply.json);
      return;
    }
    Throwable cause = failure instanceof CompletionException e ? e.getCause() : failure;
    if (cause instanceof DistributionException typed) {
      connection.answer(
          HttpResponseStatus.valueOf(FailureJson.status(typed)), FailureJson.answer(typed));
    } else {
      LOG.warn("{} {} failed: {}", method, path, String.valueOf(cause));
      connection.refuse(
          HttpResponseStatus.INTERNAL_SERVER_ERROR, "the supernode failed, see its log");
    }
  }

  @Override
  public void abandon() {
    abandoned = true;
  }

  @Override
  public long progress() {
    return NOTHING_TO_SEND;
  }
}

package io.dragonfly.transport.http.internal.server;

import io.dragonfly.control.AdminApi;
import io.dragonfly.control.AdminApi.CachedTask;
import io.dragonfly.control.AdminApi.Deletion;
import io.dragonfly.control.SecurityEvent;
import io.dragonfly.spi.AdminService;
import io.dragonfly.task.TaskId;
import io.dragonfly.transport.http.internal.wire.AdminWire;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A call of an operator about what is kept. Confined to its connection's event loop. */
final class AdminExchange extends OperatorExchange {
  AdminExchange(ServerConnection connection, AdminService service, HttpRequest request)
      throws ServerRefusal {
    super(connection, service, request);
    if (RequestHead.bodyLength(request) > 0) {
      throw ServerRefusal.badRequest("these calls have no body");
    }
  }

  @Override
  public void content(ByteBuf part) {
    // The request says that it has none.
  }

  @Override
  void answer() throws ServerRefusal {
    await(ask(admit(), path().substring(AdminWire.ROOT.length()).split("/", -1)));
  }

  private CompletableFuture<Reply> ask(AdminApi admin, String[] parts) throws ServerRefusal {
    if (parts.length == 1) {
      require(HttpMethod.GET);
      return list(admin, parts[0]);
    }
    if (!parts[0].equals("tasks") || parts.length > 3) {
      throw nothingHere();
    }
    TaskId task = id(parts[1]);
    if (parts.length == 2 && method().equals(HttpMethod.DELETE)) {
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

  private CompletableFuture<Reply> list(AdminApi admin, String what) throws ServerRefusal {
    return switch (what) {
      case "status" ->
          admin.status().thenApply(s -> Reply.ok(AdminWire.status(s, service().isReady())));
      case "tasks" -> admin.tasks().thenApply(tasks -> Reply.ok(AdminWire.tasks(tasks)));
      case "versions" -> admin.tasks().thenApply(tasks -> Reply.ok(AdminWire.versions(tasks)));
      case "peers" -> admin.peers().thenApply(peers -> Reply.ok(AdminWire.peers(peers)));
      default -> throw nothingHere();
    };
  }

  @Override
  SecurityEvent.Kind kind() {
    if (method().equals(HttpMethod.DELETE)) {
      return SecurityEvent.Kind.DELETE_TASK;
    }
    String verb = path().substring(path().lastIndexOf('/') + 1);
    return !method().equals(HttpMethod.POST)
        ? SecurityEvent.Kind.OPERATOR_CALL
        : switch (verb) {
          case "pin" -> SecurityEvent.Kind.PIN_TASK;
          case "unpin" -> SecurityEvent.Kind.UNPIN_TASK;
          case "verify" -> SecurityEvent.Kind.VERIFY_TASK;
          default -> SecurityEvent.Kind.OPERATOR_CALL;
        };
  }

  @Override
  String details() {
    return "";
  }

  private static TaskId id(String text) throws ServerRefusal {
    try {
      return new TaskId(text);
    } catch (IllegalArgumentException e) {
      throw ServerRefusal.badRequest("a task's id has 64 lower-case hexadecimal digits");
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
          Reply.failed(
              HttpResponseStatus.CONFLICT, "a peer wants the task: try again when it has it");
    };
  }

  private static Reply done(boolean found, String word) {
    return found ? Reply.ok(AdminWire.state(word)) : Reply.notFound();
  }
}

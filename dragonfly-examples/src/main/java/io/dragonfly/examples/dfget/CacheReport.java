package io.dragonfly.examples.dfget;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dragonfly.examples.command.Units;
import io.dragonfly.home.CachedTask;
import io.dragonfly.home.Removal;
import io.dragonfly.home.Verification;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** What {@code dfget cache} tells, as text and as JSON. */
final class CacheReport {
  private static final String ROW = "%-12s  %-8s  %11s  %10s  %-19s  %s%n";
  private static final int MOST_NUMBERS = 20;

  private CacheReport() {}

  static DateTimeFormatter time() {
    return DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT)
        .withZone(ZoneId.systemDefault());
  }

  static String text(List<CachedTask> tasks) {
    if (tasks.isEmpty()) {
      return "";
    }
    StringBuilder text =
        new StringBuilder(ROW.formatted("TASK", "STATE", "PIECES", "LENGTH", "LAST FETCH", "URL"));
    for (CachedTask task : tasks) {
      text.append(
          ROW.formatted(
              task.task().id().brief(),
              state(task).replace('_', ' '),
              task.pieces() + "/" + number(task),
              length(task),
              task.lastFetch().map(time()::format).orElse("-"),
              task.url().orElse("-")));
    }
    return text.toString();
  }

  private static String number(CachedTask task) {
    return task.piecesInAll().isPresent() ? Integer.toString(task.piecesInAll().getAsInt()) : "?";
  }

  private static String length(CachedTask task) {
    return task.task().layout().length().isPresent()
        ? Units.size(task.task().layout().length().getAsLong())
        : "?";
  }

  private static String state(CachedTask task) {
    return task.inUse() ? "in_use" : task.isComplete() ? "complete" : "partial";
  }

  static String json(List<CachedTask> tasks) {
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    ArrayNode list = object.putArray("tasks");
    for (CachedTask task : tasks) {
      ObjectNode one = list.addObject();
      one.put("task", task.task().id().hex());
      one.put("state", state(task));
      one.put("pieces", task.pieces());
      task.piecesInAll().ifPresent(all -> one.put("piecesInAll", all));
      task.task().layout().length().ifPresent(length -> one.put("length", length));
      task.lastFetch().ifPresent(at -> one.put("lastFetch", at.toString()));
      task.url().ifPresent(url -> one.put("url", url));
    }
    return object.toString();
  }

  static String text(Verification verification) {
    String bad =
        verification.bad().stream()
            .limit(MOST_NUMBERS)
            .map(String::valueOf)
            .collect(Collectors.joining(", "));
    return verification.bad().isEmpty()
        ? "%s  %d pieces are good".formatted(verification.task().brief(), verification.checked())
        : "%s  %d of %d pieces are bad and given up: %s%s"
            .formatted(
                verification.task().brief(),
                verification.bad().size(),
                verification.checked(),
                bad,
                verification.bad().size() > MOST_NUMBERS ? ", …" : "");
  }

  /** What came of removing tasks. */
  static final class Removals {
    private final ArrayNode tasks = JsonNodeFactory.instance.arrayNode();
    private int removed;
    private long bytes;
    private boolean inUse;

    void add(CachedTask task, Removal removal) {
      tasks
          .addObject()
          .put("task", task.task().id().hex())
          .put("result", removal.name().toLowerCase(Locale.ROOT));
      inUse |= removal == Removal.IN_USE;
      if (removal == Removal.REMOVED) {
        removed++;
        bytes += task.heldBytes();
      }
    }

    boolean isAnyInUse() {
      return inUse;
    }

    String text() {
      return "removed %d %s, %s"
          .formatted(removed, removed == 1 ? "task" : "tasks", Units.size(bytes));
    }

    String json() {
      ObjectNode object = JsonNodeFactory.instance.objectNode();
      object.set("tasks", tasks);
      object.put("bytes", bytes);
      return object.toString();
    }
  }

  /** What came of verifying tasks. */
  static final class Verifications {
    private final ArrayNode tasks = JsonNodeFactory.instance.arrayNode();
    private boolean bad;

    void add(Verification verification) {
      ObjectNode one = tasks.addObject();
      one.put("task", verification.task().hex());
      one.put("checked", verification.checked());
      ArrayNode pieces = one.putArray("bad");
      verification.bad().forEach(pieces::add);
      bad |= !verification.bad().isEmpty();
    }

    boolean isAnyBad() {
      return bad;
    }

    String json() {
      ObjectNode object = JsonNodeFactory.instance.objectNode();
      object.set("tasks", tasks);
      return object.toString();
    }
  }
}

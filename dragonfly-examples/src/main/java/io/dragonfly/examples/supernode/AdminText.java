package io.dragonfly.examples.supernode;

import com.fasterxml.jackson.databind.JsonNode;
import io.dragonfly.examples.command.Units;

/** What an operator reads of the supernode's answers. */
final class AdminText {
  private static final int BRIEF = 12;
  private static final String TASK_ROW = "%-12s  %-8s  %11s  %14s  %4s  %4s  %-20s  %s%n";
  private static final String VERSION_ROW = "%-12s  %-12s  %-8s  %14s  %-20s  %s%n";
  private static final String PEER_ROW = "%-12s  %-40s  %5s  %7s  %8s  %-10s  %s%n";

  private AdminText() {}

  static String tasks(JsonNode answer) {
    StringBuilder text =
        new StringBuilder(
            TASK_ROW.formatted(
                "TASK", "STATE", "PIECES", "LENGTH", "WANT", "HOLD", "LAST USE", "URL"));
    for (JsonNode task : answer.path("tasks")) {
      text.append(
          TASK_ROW.formatted(
              task.path("task").asText().substring(0, BRIEF),
              state(task),
              task.path("pieces").asText() + "/" + task.path("piecesInAll").asText("?"),
              task.path("length").asText("?"),
              task.path("wanting").asText(),
              task.path("holding").asText(),
              brief(task.path("lastUse")),
              task.path("url").asText("-")));
    }
    return text + leftOut(answer);
  }

  static String status(JsonNode answer) {
    String quota =
        answer.has("quotaBytes")
            ? " of " + Units.size(answer.path("quotaBytes").asLong())
            : ", with no quota but the disk";
    return "%s since %s%n%d tasks with %s%s%n%d peers"
        .formatted(
            answer.path("status").asText(),
            brief(answer.path("since")),
            answer.path("tasks").asLong(),
            Units.size(answer.path("bytes").asLong()),
            quota,
            answer.path("peers").asLong());
  }

  /** One row for each version, those of one content below each other. */
  static String versions(JsonNode answer) {
    StringBuilder text =
        new StringBuilder(
            VERSION_ROW.formatted("CONTENT", "TASK", "STATE", "LENGTH", "LAST USE", "URL"));
    for (JsonNode content : answer.path("contents")) {
      String key = content.path("key").asText().substring(0, BRIEF);
      for (JsonNode task : content.path("versions")) {
        text.append(
            VERSION_ROW.formatted(
                key,
                task.path("task").asText().substring(0, BRIEF),
                state(task),
                task.path("length").asText("?"),
                brief(task.path("lastUse")),
                task.path("url").asText("-")));
        key = "";
      }
    }
    return text + leftOut(answer);
  }

  private static String brief(JsonNode time) {
    return time.asText().replaceFirst("\\.\\d+Z", "Z");
  }

  private static String state(JsonNode task) {
    if (task.path("reading").asBoolean()) {
      return "reading";
    }
    if (task.path("pinned").asBoolean()) {
      return "pinned";
    }
    return task.path("pieces").asInt() == task.path("piecesInAll").asInt(-1)
        ? "complete"
        : "partial";
  }

  static String peers(JsonNode answer) {
    StringBuilder text =
        new StringBuilder(
            PEER_ROW.formatted("PEER", "ADDRESS", "TASKS", "WANTING", "SILENT", "ZONE", "STATE"));
    for (JsonNode peer : answer.path("peers")) {
      text.append(
          PEER_ROW.formatted(
              peer.path("peer").asText().substring(0, BRIEF),
              peer.path("ip").asText() + " " + peer.path("port").asText(),
              peer.path("tasks").asText(),
              peer.path("wanting").asText(),
              peer.path("silentMillis").asLong() / 1000 + " s",
              peer.path("zone").asText().isEmpty() ? "-" : peer.path("zone").asText(),
              isolation(peer.path("isolation"))));
    }
    return text + leftOut(answer);
  }

  private static String isolation(JsonNode isolation) {
    if (isolation.path("leftMillis").asLong() > 0) {
      return "isolated for %d s more: %s"
          .formatted(
              (isolation.path("leftMillis").asLong() + 999) / 1000,
              isolation.path("reason").asText());
    }
    if (isolation.path("doubted").asBoolean()) {
      return "not believed";
    }
    return isolation.path("times").asInt() > 0
        ? "was isolated %d times".formatted(isolation.path("times").asInt())
        : "-";
  }

  private static String leftOut(JsonNode answer) {
    return answer.has("leftOut") ? "and %s more".formatted(answer.path("leftOut").asText()) : "";
  }

  static String done(JsonNode answer) {
    if (answer.has("status")) {
      return answer.path("status").asText();
    }
    int bad = answer.path("bad").size();
    return bad == 0
        ? "%s pieces are good".formatted(answer.path("checked").asText())
        : "%d of %s pieces were bad and are read again when they are wanted"
            .formatted(bad, answer.path("checked").asText());
  }
}

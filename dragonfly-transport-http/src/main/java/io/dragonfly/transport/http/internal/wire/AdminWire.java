package io.dragonfly.transport.http.internal.wire;

import io.dragonfly.control.AdminApi.CachedTask;
import io.dragonfly.control.AdminApi.Isolation;
import io.dragonfly.control.AdminApi.KnownPeer;
import io.dragonfly.control.AdminApi.Status;
import io.dragonfly.control.AdminApi.Verification;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskKey;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The paths of operators' calls, and their answers as JSON. */
public final class AdminWire {
  /** Where a machine asks whether the process lives. */
  public static final String HEALTH = "/healthz";

  /** Where a machine asks whether the process can be sent work. */
  public static final String READINESS = "/readyz";

  /** Where a machine reads the metrics. */
  public static final String METRICS = "/metrics";

  /** The type of the metrics: the text format of Prometheus. */
  public static final String METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

  /** What the paths of all other calls begin with, but for preheats. */
  public static final String ROOT = "/api/v2/admin/";

  /** The preheats; one of them is below. */
  public static final String PREHEATS = "/api/v2/preheats";

  /** More tasks or peers are not listed, but counted. */
  private static final int MOST_LISTED = 5000;

  private AdminWire() {}

  /** Returns a state in one word. */
  public static byte[] state(String word) {
    return JsonOut.object(out -> out.text("status", word));
  }

  /** Returns how the supernode is. */
  public static byte[] status(Status status, boolean ready) {
    return JsonOut.object(
        out -> {
          out.text("status", ready ? "ready" : "not ready");
          out.text("since", status.since().toString());
          out.number("tasks", status.tasks());
          out.number("bytes", status.bytes());
          if (status.quotaBytes().isPresent()) {
            out.number("quotaBytes", status.quotaBytes().get());
          }
          out.number("peers", status.peers());
        });
  }

  /** Returns a list of tasks. */
  public static byte[] tasks(List<CachedTask> tasks) {
    return JsonOut.object(
        out -> {
          List<CachedTask> some = tasks.subList(0, Math.min(MOST_LISTED, tasks.size()));
          out.list("tasks", some, (o, task) -> o.element(e -> write(e, task)));
          leftOut(out, tasks.size() - some.size());
        });
  }

  /** Returns one task. */
  public static byte[] task(CachedTask task) {
    return JsonOut.object(out -> write(out, task));
  }

  private static void write(JsonOut out, CachedTask cached) throws IOException {
    Task task = cached.task();
    PieceLayout layout = task.layout();
    out.text("task", task.id().hex());
    out.text("key", task.key().hex());
    out.text("url", cached.url());
    out.number("length", layout.length());
    out.number("pieces", cached.pieces());
    if (layout.isLengthKnown()) {
      out.number("piecesInAll", layout.pieces());
    }
    out.text("validator", task.version().validator());
    out.text("digest", task.digest().map(Object::toString));
    out.text("lastUse", cached.lastUse().toString());
    out.flag("pinned", cached.pinned());
    out.flag("reading", cached.reading());
    out.number("wanting", cached.wanting());
    out.number("holding", cached.holding());
  }

  /** Returns the versions of each content that has one. */
  public static byte[] versions(List<CachedTask> tasks) {
    Map<TaskKey, List<CachedTask>> byKey =
        tasks.stream()
            .limit(MOST_LISTED)
            .collect(
                Collectors.groupingBy(
                    cached -> cached.task().key(), LinkedHashMap::new, Collectors.toList()));
    return JsonOut.object(
        out -> {
          out.list(
              "contents",
              List.copyOf(byKey.entrySet()),
              (o, content) ->
                  o.element(
                      e -> {
                        e.text("key", content.getKey().hex());
                        e.list(
                            "versions", content.getValue(), (v, c) -> v.element(x -> write(x, c)));
                      }));
          leftOut(out, Math.max(0, tasks.size() - MOST_LISTED));
        });
  }

  /** Returns a list of peers. */
  public static byte[] peers(List<KnownPeer> peers) {
    return JsonOut.object(
        out -> {
          List<KnownPeer> some = peers.subList(0, Math.min(MOST_LISTED, peers.size()));
          out.list("peers", some, (o, peer) -> o.element(e -> write(e, peer)));
          leftOut(out, peers.size() - some.size());
        });
  }

  private static void write(JsonOut out, KnownPeer known) throws IOException {
    out.text("peer", known.peer().id().hex());
    out.text("ip", Addresses.literal(known.peer().address().getAddress()));
    out.number("port", known.peer().address().getPort());
    out.text("zone", known.peer().zone());
    out.number("tasks", known.tasks());
    out.number("wanting", known.wanting());
    out.number("silentMillis", known.silent().toMillis());
    if (known.isolation().isPresent()) {
      Isolation isolation = known.isolation().get();
      out.object(
          "isolation",
          o -> {
            o.number("leftMillis", isolation.left().toMillis());
            o.number("times", isolation.times());
            o.flag("doubted", isolation.doubted());
            o.text("reason", isolation.reason());
          });
    }
  }

  private static void leftOut(JsonOut out, int count) throws IOException {
    if (count > 0) {
      out.number("leftOut", count);
    }
  }

  /** Returns what came of a verification. */
  public static byte[] verification(Verification verification) {
    return JsonOut.object(
        out -> {
          out.text("task", verification.task().hex());
          out.number("checked", verification.checked());
          out.list("bad", verification.bad(), JsonOut::element);
        });
  }
}

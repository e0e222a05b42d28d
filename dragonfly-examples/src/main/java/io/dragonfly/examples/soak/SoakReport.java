package io.dragonfly.examples.soak;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dragonfly.examples.command.Units;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What came of a soak. */
final class SoakReport {
  private static final List<String> ROLES = List.of(SoakProcess.PEER, SoakProcess.SUPERNODE);

  private final long seed;
  private final Duration time;
  private final Counts counts;
  private final Watch watch;
  private final long sourceBytes;
  private final List<String> defects;
  private final long traces;

  /** Takes the counts as they are now, and the logs, in which no trace should be. */
  SoakReport(
      long seed, Duration time, Counts counts, Watch watch, long sourceBytes, List<Path> logs)
      throws IOException {
    this.seed = seed;
    this.time = time;
    this.counts = counts;
    this.watch = watch;
    this.sourceBytes = sourceBytes;
    this.defects = new ArrayList<>(counts.defects());
    defects.addAll(watch.growing());
    long found = 0;
    for (Path log : logs) {
      try (var lines = Files.lines(log)) {
        found += lines.filter(line -> line.startsWith("\tat ")).count();
      }
    }
    traces = found;
    if (counts.get("right") == 0) {
      defects.add("not one file arrived");
    }
  }

  /** Tells whether nothing happened that must not. */
  boolean isClean() {
    return defects.isEmpty();
  }

  void print(PrintWriter out) {
    row(out, "seed", seed);
    row(out, "minutes", String.format(Locale.ROOT, "%.1f", time.toSeconds() / 60.0));
    row(out, "files right", counts.get("right"));
    row(out, "files wrong", counts.get("wrong"));
    row(out, "hung", counts.get("hung"));
    row(out, "ended with their peer", counts.get("cut_short"));
    counts.below("failed.").forEach((kind, number) -> row(out, "failed: " + kind, number));
    counts.below("bytes.").forEach((provider, n) -> row(out, "from " + provider, Units.size(n)));
    row(out, "sent by the source", Units.size(sourceBytes));
    counts.below("fault.").forEach((kind, number) -> row(out, "fault: " + kind, number));
    row(out, "faults passed over", counts.get("passed_over"));
    row(out, "bytes changed on disks", counts.get("bytes_changed"));
    if (watch.isBlind()) {
      row(out, "memory, threads, handles", "not seen: this system has no /proc");
    } else {
      for (String role : ROLES) {
        Watch.Sample most = watch.most(role);
        row(
            out,
            "most of one " + role,
            "%s, %d threads, %d handles"
                .formatted(Units.size(most.rssBytes()), most.threads(), most.handles()));
      }
      row(out, "processes seen for 2 min", watch.judged());
    }
    row(out, "lines of traces in logs", traces);
    row(out, "defects", defects.size());
    defects.forEach(defect -> out.println("  " + defect));
    out.println(isClean() ? "clean" : "NOT CLEAN");
    out.flush();
  }

  private static void row(PrintWriter out, String name, Object value) {
    out.printf("%-28s %s%n", name, value);
  }

  ObjectNode toJson() {
    ObjectNode json = new ObjectMapper().createObjectNode();
    json.put("seed", seed)
        .put("seconds", time.toMillis() / 1e3)
        .put("right", counts.get("right"))
        .put("wrong", counts.get("wrong"))
        .put("hung", counts.get("hung"))
        .put("cut_short", counts.get("cut_short"));
    put(json.putObject("failed"), counts.below("failed."));
    put(json.putObject("bytes"), counts.below("bytes."));
    json.put("source_bytes", sourceBytes);
    put(json.putObject("faults"), counts.below("fault."));
    json.put("faults_passed_over", counts.get("passed_over"));
    json.put("bytes_changed", counts.get("bytes_changed"));
    if (!watch.isBlind()) {
      for (String role : ROLES) {
        Watch.Sample most = watch.most(role);
        json.putObject("most_" + role)
            .put("rss_bytes", most.rssBytes())
            .put("threads", most.threads())
            .put("handles", most.handles());
      }
      json.put("processes_judged", watch.judged());
    }
    json.put("trace_lines", traces);
    defects.forEach(json.putArray("defects")::add);
    return json.put("clean", isClean());
  }

  private static void put(ObjectNode into, Map<String, Long> numbers) {
    numbers.forEach((name, number) -> into.put(name.replace(' ', '_'), number));
  }
}

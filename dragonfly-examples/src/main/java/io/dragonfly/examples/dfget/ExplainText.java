package io.dragonfly.examples.dfget;

import io.dragonfly.control.Outcome;
import io.dragonfly.examples.command.Units;
import io.dragonfly.examples.terminal.Glyphs;
import io.dragonfly.fetch.FetchProgress;
import io.dragonfly.home.FetchRecord;
import io.dragonfly.home.FetchStep;
import io.dragonfly.home.ParentRecord;
import io.dragonfly.home.Provider;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** How a fetch went, for people. */
final class ExplainText {
  private final FetchRecord record;
  private final Glyphs glyphs;
  private final StringBuilder text = new StringBuilder();

  ExplainText(FetchRecord record, Glyphs glyphs) {
    this.record = record;
    this.glyphs = glyphs;
  }

  @Override
  public String toString() {
    text.setLength(0);
    head();
    parents();
    failures();
    steps();
    return text.toString();
  }

  private void line(String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values)).append(System.lineSeparator());
  }

  private void head() {
    FetchProgress bytes = record.bytes();
    line("task %s", record.task().hex());
    line("url  %s", record.url());
    record.output().ifPresent(output -> line("file %s%s", output.path(), note(output)));
    String end = record.failure().isPresent() ? "failed after" : "fetched in";
    line(
        "%s %s at %s: %s, %s",
        end,
        seconds(record.time()),
        CacheReport.time().format(record.start()),
        Units.size(bytes.bytes()),
        Units.rate(bytes.bytes(), record.time()));
    if (!bytes.queuedTime().isZero()) {
      line("queued for %s of that time", seconds(bytes.queuedTime()));
    }
    record
        .failure()
        .ifPresent(
            failure ->
                line("%s: %s", failure.kind().name().toLowerCase(Locale.ROOT), failure.message()));
    line(
        "%s from peers, %s from the supernode, %s from the source, %s were here",
        Units.size(bytes.bytesFromPeers()),
        Units.size(bytes.bytesFromSupernode()),
        Units.size(bytes.bytesFromSource()),
        Units.size(bytes.bytesFromStore()));
  }

  private String note(FetchRecord.Output output) {
    return record.failure().isPresent() ? ", which was not written" : OutputState.of(output).note();
  }

  private void parents() {
    if (record.parents().isEmpty()) {
      if (record.bytes().bytesFromSupernode() > 0) {
        line("%nThe content came with the supernode's answer.");
      }
      return;
    }
    int width = record.parents().stream().mapToInt(p -> name(p.parent()).length()).max().orElse(0);
    int zone = record.parents().stream().mapToInt(p -> p.parent().zone().length()).max().orElse(0);
    String row = "%-" + width + "s  %-" + Math.max(4, zone) + "s  %7s  %10s  %12s  %s";
    line("");
    line(row, "parent", "zone", "pieces", "bytes", "rate", "not given");
    for (ParentRecord parent : record.parents()) {
      line(
          row.stripTrailing(),
          name(parent.parent()),
          parent.parent().zone().isEmpty() ? "-" : parent.parent().zone(),
          parent.pieces(),
          Units.size(parent.bytes()),
          parent.pieces() == 0 ? "-" : Units.rate(parent.bytes(), parent.busy()),
          notGiven(parent));
    }
  }

  private static String notGiven(ParentRecord parent) {
    List<String> words = new ArrayList<>();
    for (ParentRecord.Failures failure : parent.failures()) {
      words.add("%d %s".formatted(failure.count(), word(failure.outcome())));
    }
    return words.isEmpty() ? "-" : String.join(", ", words);
  }

  static String word(Outcome outcome) {
    return switch (outcome) {
      case DONE -> "taken";
      case NOT_YET -> "not yet";
      case UNREACHABLE -> "unreachable";
      case REFUSED -> "refused";
      case STALLED -> "stalled";
      case DIGEST_MISMATCH -> "wrong bytes";
      case DROPPED -> "dropped here";
    };
  }

  private void failures() {
    boolean first = true;
    for (ParentRecord parent : record.parents()) {
      for (ParentRecord.Failures failure : parent.failures()) {
        if (first) {
          line("%nwhy pieces were not given (the last reason of each kind)");
          first = false;
        }
        line("  %s, %s: %s", name(parent.parent()), word(failure.outcome()), failure.reason());
      }
    }
  }

  private void steps() {
    if (record.steps().isEmpty()) {
      return;
    }
    line("%nwhat happened meanwhile");
    for (FetchStep step : record.steps()) {
      line("  %s  %s: %s", when(step), what(step), step.reason());
    }
    if (record.stepsLeftOut() > 0) {
      line("  and %d more", record.stepsLeftOut());
    }
  }

  private static String when(FetchStep step) {
    boolean once = step.last().minus(step.first()).toMillis() < 100;
    return once
        ? "at " + seconds(step.first())
        : "from " + seconds(step.first()) + " to " + seconds(step.last());
  }

  private String what(FetchStep step) {
    String times = step.times() == 1 ? "" : " %d times".formatted(step.times());
    return switch (step.kind()) {
      case PARENT_CHANGED ->
          "%d %s from %s %s %s"
              .formatted(
                  step.times(),
                  step.times() == 1 ? "piece" : "pieces",
                  step.from().map(ExplainText::name).orElse("?"),
                  glyphs.arrow(),
                  step.to().map(ExplainText::name).orElse("?"));
      case STALLED -> "stalled" + times;
      case QUEUED -> "queued" + times;
      case SOURCE_RETRIED -> "the source was asked again" + times;
      case BACK_TO_SOURCE -> "the source was read" + times;
      case SUPERNODE_LOST -> "the supernode was lost" + times;
    };
  }

  private static String name(Provider provider) {
    return provider.kind().name().toLowerCase(Locale.ROOT) + " " + provider.address();
  }

  private static String seconds(Duration time) {
    return String.format(Locale.ROOT, "%.2f s", time.toMillis() / 1e3);
  }
}

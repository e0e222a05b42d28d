package io.dragonfly.examples.dfget;

import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.command.Units;
import io.dragonfly.examples.terminal.Words;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchProgress;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine;

/** What {@code dfget} tells: progress and the end on stderr for people, or JSON for programs. */
final class DfgetReport {
  private final CommandLine line;
  private final Call call;
  private final Style style;
  private final ProgressView view;

  /**
   * How a fetch is told.
   *
   * @param json as an object for programs, once it has ended
   * @param progress while it runs
   * @param stdoutTaken the object goes to stderr
   */
  record Style(boolean json, boolean progress, boolean stdoutTaken) {}

  DfgetReport(CommandLine line, Call call, Style style) {
    this.line = line;
    this.call = call;
    this.style = style;
    this.view = new ProgressView(call, System::nanoTime);
  }

  /** Whoever says so should know what it means, each time. */
  void warnOfInsecure() {
    PrintWriter err = line.getErr();
    err.println(
        "dfget: warning: --insecure checks no certificate of the source: whoever is on the way can"
            + " read your credentials and change the file");
    err.flush();
  }

  void progress(Fetch fetch) {
    if (style.progress()) {
      view.show(fetch.progress(), fetch.sourceTrouble());
    }
  }

  void succeeded(
      FetchRequest request,
      Optional<String> callSystem,
      FetchResult result,
      FetchProgress progress) {
    if (style.progress()) {
      view.finish(progress);
    }
    if (style.json()) {
      PrintWriter out = style.stdoutTaken() ? line.getErr() : line.getOut();
      out.println(DfgetJson.of(request, callSystem, result));
      out.flush();
    } else {
      sayEnd(result);
    }
  }

  private void sayEnd(FetchResult result) {
    String text =
        "dfget: %s in %.2f s, %s: %s from peers, %s from the supernode, %s from the source%s%s"
            .formatted(
                Units.size(result.length()),
                result.time().toNanos() / 1e9,
                Units.rate(result.length(), result.time()),
                Units.size(result.bytesFromPeers()),
                Units.size(result.bytesFromSupernode()),
                Units.size(result.bytesFromSource()),
                result.bytesFromStore() == 0
                    ? ""
                    : ", " + Units.size(result.bytesFromStore()) + " were here",
                result.queuedTime().toSeconds() == 0
                    ? ""
                    : ", queued for %d s".formatted(result.queuedTime().toSeconds()));
    OptionalInt columns = call.columns();
    PrintWriter err = line.getErr();
    err.println(columns.isPresent() ? Words.wrap(text, columns.getAsInt()) : text);
    err.flush();
  }

  /** Makes place for the failure's line. */
  void failed() {
    if (style.progress()) {
      view.erase();
    }
  }
}

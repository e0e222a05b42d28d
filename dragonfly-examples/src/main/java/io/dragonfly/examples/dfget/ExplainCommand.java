package io.dragonfly.examples.dfget;

import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.command.ExitCode;
import io.dragonfly.examples.terminal.Glyphs;
import io.dragonfly.home.FetchRecord;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The {@code dfget explain} command: where a download's bytes came from, and why. */
@Command(
    name = "explain",
    description = "Tells where the bytes of a file came from, how fast, and what went wrong.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class ExplainCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(
      paramLabel = "TASK|FILE",
      description = "The path that a file was fetched to, or the beginning of a task's id.")
  private String what = "";

  /** Read where the peer of the home is looked for. */
  @SuppressWarnings("UnusedVariable")
  @Option(
      names = "--home",
      paramLabel = "D",
      description = "The peer's home. Default: dragonfly/peer in the user's cache directory.")
  private @Nullable String homeName;

  @Option(names = "--all", description = "All fetches that are known, not the last one alone.")
  private boolean all;

  @Option(names = "--json", description = "Write one JSON object to stdout instead of text.")
  private boolean json;

  private final Call call;
  private final HomeLease home;

  /** The command for a call, by a peer of this host. */
  ExplainCommand(Call call, PeerHost host) {
    this.call = call;
    this.home = new HomeLease(call, host);
  }

  @Override
  public Integer call() {
    return home.use(
        content -> {
          List<FetchRecord> found = find(content.history());
          List<FetchRecord> shown = all ? found : found.subList(0, 1);
          PrintWriter out = spec.commandLine().getOut();
          if (json) {
            out.println(ExplainJson.of(shown));
          } else {
            Glyphs glyphs = Glyphs.of(call.environment());
            shown.forEach(record -> out.print(new ExplainText(record, glyphs)));
          }
          out.flush();
          return ExitCode.OK;
        });
  }

  private List<FetchRecord> find(List<FetchRecord> history) {
    Path file = call.directory().resolve(what).normalize();
    List<FetchRecord> toFile =
        history.stream()
            .filter(record -> record.output().filter(o -> o.path().equals(file)).isPresent())
            .toList();
    if (!toFile.isEmpty()) {
      return toFile;
    }
    List<FetchRecord> ofTask =
        TaskNames.isName(what)
            ? history.stream().filter(record -> record.task().hex().startsWith(what)).toList()
            : List.of();
    if (ofTask.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(),
          "no fetch of '%s' is known here: give its path, or a task of 'dfget cache ls'"
              .formatted(what));
    }
    if (ofTask.stream().map(FetchRecord::task).distinct().count() > 1) {
      throw new ParameterException(
          spec.commandLine(), "several tasks begin with %s: give more digits".formatted(what));
    }
    return ofTask;
  }
}

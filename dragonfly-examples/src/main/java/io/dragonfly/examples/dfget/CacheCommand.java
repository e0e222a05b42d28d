package io.dragonfly.examples.dfget;

import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.command.Commands;
import io.dragonfly.examples.command.ExitCode;
import io.dragonfly.home.CachedTask;
import io.dragonfly.home.Removal;
import io.dragonfly.home.Verification;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The {@code dfget cache} command: what a home holds, to be listed, removed and verified. */
@Command(
    name = "cache",
    description = "Lists, removes and verifies what the home of a peer holds.",
    mixinStandardHelpOptions = true)
final class CacheCommand implements Callable<Integer> {
  private static final String HOME = "--home";
  private static final String JSON = "--json";
  private static final String ABOUT_HOME =
      "The peer's home. Default: dragonfly/peer in the user's cache directory.";
  private static final String ABOUT_JSON = "Write one JSON object to stdout instead of text.";

  @Spec private CommandSpec spec = CommandSpec.create();

  private final HomeLease home;

  /** The command for a call, by a peer of this host. */
  CacheCommand(Call call, PeerHost host) {
    this.home = new HomeLease(call, host);
  }

  @Override
  public Integer call() {
    throw new ParameterException(spec.commandLine(), "say ls, rm or verify");
  }

  @Command(
      name = "ls",
      description = "Lists the tasks, those that were fetched last first.",
      mixinStandardHelpOptions = true)
  int ls(
      @Option(names = HOME, paramLabel = "D", description = ABOUT_HOME) @Nullable String unused,
      @Option(names = JSON, description = ABOUT_JSON) boolean json) {
    return home.use(
        content -> {
          List<CachedTask> tasks =
              content.tasks().stream()
                  .sorted(
                      Comparator.comparing(
                          (CachedTask task) -> task.lastFetch().orElse(Instant.MIN),
                          Comparator.reverseOrder()))
                  .toList();
          print(json ? CacheReport.json(tasks) : CacheReport.text(tasks));
          return ExitCode.OK;
        });
  }

  @Command(
      name = "rm",
      description = "Removes tasks and frees their room; never one in use. Outputs stay.",
      mixinStandardHelpOptions = true)
  int rm(
      @Option(names = HOME, paramLabel = "D", description = ABOUT_HOME) @Nullable String unused,
      @Option(names = JSON, description = ABOUT_JSON) boolean json,
      @Option(names = "--all", description = "All tasks that are not in use.") boolean all,
      @Parameters(arity = "0..*", paramLabel = "TASK", description = "The beginnings of their ids.")
          @Nullable List<String> names) {
    List<String> given = Optional.ofNullable(names).orElse(List.of());
    if (all == !given.isEmpty()) {
      throw new ParameterException(spec.subcommands().get("rm"), "give either TASK or --all");
    }
    return home.use(content -> remove(content, chosen("rm", content, given), json));
  }

  private int remove(HomeContent content, List<CachedTask> tasks, boolean json) {
    CacheReport.Removals removals = new CacheReport.Removals();
    for (CachedTask task : tasks) {
      Removal removal = content.remove(task.task().id());
      removals.add(task, removal);
      if (removal == Removal.IN_USE) {
        say("task %s is in use and stays: try again when nobody fetches or reads it", task);
      }
    }
    print(json ? removals.json() : removals.text());
    return removals.isAnyInUse() ? ExitCode.TASK_IN_USE : ExitCode.OK;
  }

  @Command(
      name = "verify",
      description = "Reads each piece and compares its digest; bad ones are given up.",
      mixinStandardHelpOptions = true)
  int verify(
      @Option(names = HOME, paramLabel = "D", description = ABOUT_HOME) @Nullable String unused,
      @Option(names = JSON, description = ABOUT_JSON) boolean json,
      @Parameters(arity = "0..*", paramLabel = "TASK", description = "The beginnings of their ids.")
          @Nullable List<String> names) {
    List<String> given = Optional.ofNullable(names).orElse(List.of());
    return home.use(content -> verify(content, chosen("verify", content, given), json));
  }

  private int verify(HomeContent content, List<CachedTask> tasks, boolean json) {
    CacheReport.Verifications report = new CacheReport.Verifications();
    for (CachedTask task : tasks) {
      Optional<Verification> verification = content.verify(task.task().id());
      verification.ifPresent(report::add); // it may have been removed meanwhile
      if (!json) {
        verification.map(CacheReport::text).ifPresent(this::print);
      }
    }
    if (json) {
      print(report.json());
    }
    return report.isAnyBad() ? ExitCode.BAD_PIECES : ExitCode.OK;
  }

  private List<CachedTask> chosen(String command, HomeContent content, List<String> names) {
    List<CachedTask> tasks = content.tasks();
    if (names.isEmpty()) {
      return tasks;
    }
    try {
      return names.stream()
          .map(name -> TaskNames.find(name, tasks, task -> task.task().id()))
          .distinct()
          .toList();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.subcommands().get(command), e.getMessage(), e);
    }
  }

  private void say(String message, CachedTask task) {
    PrintWriter err = spec.commandLine().getErr();
    err.println("dfget: " + Commands.oneLine(message.formatted(task.task().id().brief())));
    err.flush();
  }

  private void print(String text) {
    PrintWriter out = spec.commandLine().getOut();
    out.print(text.isEmpty() || text.endsWith("\n") ? text : text + System.lineSeparator());
    out.flush();
  }
}

package io.dragonfly.examples.supernode;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dragonfly.examples.command.ExitCode;
import io.dragonfly.examples.command.OperatorCalls;
import io.dragonfly.examples.command.OperatorOptions;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The {@code supernode admin} command: shows and changes what a running supernode keeps. */
@Command(
    name = "admin",
    description =
        "Shows what a running supernode keeps and whom it knows, and changes what it keeps.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class AdminCommand implements Callable<Integer> {
  private static final String ROOT = "/api/v2/admin/";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int LEAST_DIGITS = 4;

  @Spec private CommandSpec spec = CommandSpec.create();

  /** What can be asked for. */
  enum What {
    STATUS,
    TASKS,
    TASK,
    DELETE,
    PIN,
    UNPIN,
    VERIFY,
    PEERS,
    VERSIONS;

    boolean isAboutATask() {
      return this == TASK || this == DELETE || this == PIN || this == UNPIN || this == VERIFY;
    }
  }

  @Mixin private OperatorOptions operator = new OperatorOptions();

  @Option(names = "--json", description = "Write the supernode's answer, a JSON object.")
  private boolean json;

  @Parameters(
      index = "0",
      paramLabel = "WHAT",
      description = "status, tasks, peers, versions; task, delete, pin, unpin, verify with TASK.")
  private @Nullable String what;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "TASK",
      description = "The beginning of a task's id, four digits or more.")
  private @Nullable String task;

  @Override
  public Integer call() {
    What wanted = wanted();
    if (wanted.isAboutATask() != (task != null)) {
      throw usage(wanted.isAboutATask() ? "which TASK?" : "'%s' takes no TASK".formatted(what));
    }
    OperatorCalls calls = operator.calls(spec, Path.of(""));
    try {
      return wanted.isAboutATask() ? about(calls, wanted) : list(calls, wanted);
    } catch (OperatorCalls.InUseException e) {
      PrintWriter err = spec.commandLine().getErr();
      err.println("supernode: a peer wants the task, it stays: try again when it has it");
      err.flush();
      return ExitCode.TASK_IN_USE;
    }
  }

  private What wanted() {
    try {
      return What.valueOf(String.valueOf(what).toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(
          spec.commandLine(),
          "'%s' is none of status, tasks, task, delete, pin, unpin, verify, peers, versions"
              .formatted(what),
          e);
    }
  }

  private static Optional<JsonNode> call(OperatorCalls calls, String method, String path)
      throws OperatorCalls.InUseException {
    return calls.call(method, path).map(AdminCommand::parse);
  }

  private static JsonNode parse(String json) {
    try {
      return JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("what was read before cannot be read again", e);
    }
  }

  private int list(OperatorCalls calls, What wanted) throws OperatorCalls.InUseException {
    JsonNode answer =
        call(calls, "GET", ROOT + wanted.name().toLowerCase(Locale.ROOT))
            .orElseThrow(() -> usage("the program at --node is no supernode of this version"));
    print(json ? answer.toString() : text(wanted, answer));
    return ExitCode.OK;
  }

  private int about(OperatorCalls calls, What wanted) throws OperatorCalls.InUseException {
    String path = ROOT + "tasks/" + find(calls);
    String verb = wanted.name().toLowerCase(Locale.ROOT);
    Optional<JsonNode> answer =
        switch (wanted) {
          case TASK -> call(calls, "GET", path);
          case DELETE -> call(calls, "DELETE", path);
          default -> call(calls, "POST", path + "/" + verb);
        };
    JsonNode found = answer.orElseThrow(this::noSuchTask);
    print(json || wanted == What.TASK ? found.toPrettyString() : AdminText.done(found));
    return wanted == What.VERIFY && !found.path("bad").isEmpty()
        ? ExitCode.BAD_PIECES
        : ExitCode.OK;
  }

  /** Returns the whole id. */
  private String find(OperatorCalls calls) throws OperatorCalls.InUseException {
    String start = String.valueOf(task).toLowerCase(Locale.ROOT);
    if (start.matches("[0-9a-f]{64}")) {
      return start;
    }
    if (!start.matches("[0-9a-f]{" + LEAST_DIGITS + ",}")) {
      throw usage("'%s' is not the beginning of a task's id".formatted(task));
    }
    List<String> found = new ArrayList<>();
    JsonNode tasks = call(calls, "GET", ROOT + "tasks").orElseThrow(this::noSuchTask);
    for (JsonNode one : tasks.path("tasks")) {
      if (one.path("task").asText().startsWith(start)) {
        found.add(one.path("task").asText());
      }
    }
    if (found.size() > 1) {
      throw usage("'%s' is the beginning of %d ids".formatted(task, found.size()));
    }
    return found.stream().findFirst().orElseThrow(this::noSuchTask);
  }

  private ParameterException noSuchTask() {
    return usage("the supernode has no task '%s'".formatted(task));
  }

  private static String text(What wanted, JsonNode answer) {
    return switch (wanted) {
      case STATUS -> AdminText.status(answer);
      case TASKS -> AdminText.tasks(answer);
      case VERSIONS -> AdminText.versions(answer);
      case PEERS -> AdminText.peers(answer);
      default -> answer.toPrettyString();
    };
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private void print(String text) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(text);
    out.flush();
  }
}
